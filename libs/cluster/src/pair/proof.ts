/** Until when a primary may act: what others confirmed, each from the moment at which they were asked. */
import { PAIR, type SeenLease } from './pair-machine.types.js';

export class Proof {
  #ackAskedMs = -Infinity;
  #leaseAskedMs = -Infinity;
  /** Of the latest of the own leases that are known to be written. */
  #revision = 0;
  /** Leases of later revisions cannot be followed by a write under way that is not lone. */
  #notLoneFrom = 0;
  #lone = false;
  readonly #vouched = new Map<string, number>();

  /** @param proxies how many proxies the data centre has */
  constructor(private readonly proxies: number) {}

  /** The lease stands as lone, so that proxies count. */
  get lone(): boolean {
    return this.#lone;
  }

  get leaseAskedMs(): number {
    return this.#leaseAskedMs;
  }

  /** So long the other half does not act, and did not when it answered. */
  get ackUntilMs(): number {
    return this.#ackAskedMs + PAIR.PROOF_MS;
  }

  reset(): void {
    this.#ackAskedMs = -Infinity;
    this.#leaseAskedMs = -Infinity;
    this.#revision = 0;
    this.#notLoneFrom = 0;
    this.#lone = false;
    this.#vouched.clear();
  }

  acked(askedMs: number): void {
    this.#ackAskedMs = Math.max(this.#ackAskedMs, askedMs);
  }

  /** From now on the lease may stand as one that is not lone, whatever is answered. */
  asksNotLone(expected: number | undefined): void {
    this.#notLoneFrom = Math.max(this.#notLoneFrom, expected ?? 0);
    this.#lone = false;
  }

  /** The own lease stands, or stood, at KeyValue. */
  leaseWritten({ askedMs, lone, revision }: SeenLease): void {
    this.#leaseAskedMs = Math.max(this.#leaseAskedMs, askedMs);
    if (revision < this.#revision) return;
    this.#revision = revision;
    this.#lone = lone && revision > this.#notLoneFrom;
  }

  vouched(proxy: string, askedMs: number): void {
    this.#vouched.set(proxy, Math.max(this.#vouched.get(proxy) ?? -Infinity, askedMs));
  }

  refused(proxy: string): void {
    this.#vouched.delete(proxy);
  }

  untilMs(): number {
    return Math.max(this.#ackAskedMs, this.#leaseAskedMs, this.#vouchedMs()) + PAIR.PROOF_MS;
  }

  /** When the last of as many proxies as it takes was asked: at least half of them, so that no majority can let go meanwhile. */
  #vouchedMs(): number {
    const needed = Math.max(1, Math.ceil(this.proxies / 2));
    if (!this.#lone || this.#vouched.size < needed) return -Infinity;
    const askedMs = [...this.#vouched.values()].sort((a, b) => b - a)[needed - 1] as number;
    return Math.min(askedMs, this.#leaseAskedMs + PAIR.PROXIES_MS);
  }
}
