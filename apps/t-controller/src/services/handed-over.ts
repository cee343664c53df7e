/** DNs that this node handed over just now: the state goes out again when its new owner says that it still waits. */
import { epochAfter } from '#cluster';
import type { Clock, Timer } from '#kernel';
import type { DnSnapshot } from '#telephony';

interface Kept {
  readonly to: string;
  readonly epoch: number;
  readonly snapshot: DnSnapshot;
  readonly timer: Timer;
}

/** Longer than a new owner waits, and than the other half of its pair needs to claim in its place. */
const KEEP_MS = 8_000;
/** A node that drains hands over thousands at once; beyond it the oldest is forgotten, and told once only. */
const KEPT_MAX = 20_000;

export class HandedOver {
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly clock: Clock) {}

  put(dn: string, to: string, epoch: number, snapshot: DnSnapshot): void {
    this.#forget(dn);
    if (this.#kept.size >= KEPT_MAX) this.#forget(this.#kept.keys().next().value as string);
    const timer = this.clock.setTimer(KEEP_MS, () => this.#forget(dn));
    this.#kept.set(dn, { to, epoch, snapshot, timer });
  }

  /** What was handed to that claim, or to the one before it, whose maker's other half claims again (docs/specs/ownership.md). */
  get(dn: string, to: string, epoch: number): DnSnapshot | undefined {
    const kept = this.#kept.get(dn);
    return kept?.to === to && (kept.epoch === epoch || epochAfter(kept.epoch) === epoch) ? kept.snapshot : undefined;
  }

  close(): void {
    for (const dn of [...this.#kept.keys()]) this.#forget(dn);
  }

  #forget(dn: string): void {
    this.#kept.get(dn)?.timer.cancel();
    this.#kept.delete(dn);
  }
}
