/**
 * Session controllers that are not heard any more: dead, or behind a cut between data centres. A dead one's calls are over for the
 * owners of DNs; those behind a cut go on, only nothing is heard of them (docs/specs/ownership.md, "A cut between data centres").
 */
import type { Machine, Out } from '#kernel';

export type FarInput =
  | { readonly kind: 'down'; readonly node: string; readonly dataCentre: string; readonly nowMs: number }
  | { readonly kind: 'up'; readonly node: string }
  /** Time has passed. `heard`: whether anybody of that data centre, but of that node, is heard. */
  | { readonly kind: 'tick'; readonly heard: (dataCentre: string, but: string) => boolean; readonly nowMs: number };

export type FarEffect =
  /** Nothing can be asked of it for now. */
  | { readonly kind: 'silent'; readonly node: string }
  /** Its data centre is cut off: calls there go on. */
  | { readonly kind: 'cutOff'; readonly node: string; readonly dataCentre: string }
  | { readonly kind: 'dead'; readonly node: string }
  | { readonly kind: 'back'; readonly node: string };

/** Heartbeats of one data centre end within this of each other when it is cut off: they come each second. */
export const TELL_APART_MS = 1_500;
/** A node that stays silent while others of its data centre speak again has died meanwhile. */
export const RETURN_MS = 5_000;
/** A data centre that is away for so long is taken for lost. */
export const LOST_MS = 3_600_000;

interface Silent {
  readonly dataCentre: string;
  readonly sinceMs: number;
  told: boolean;
  /** Since when others of its data centre are heard again. */
  othersSinceMs: number | undefined;
}

export class FarControllers implements Machine<FarInput, FarEffect> {
  readonly #silent = new Map<string, Silent>();

  constructor(private readonly dataCentre: string) {}

  get waiting(): boolean {
    return this.#silent.size > 0;
  }

  on(input: FarInput, out: Out<FarEffect>): void {
    switch (input.kind) {
      case 'down': return this.#down(input.node, input.dataCentre, input.nowMs, out);
      case 'up': return this.#up(input.node, out);
      case 'tick': return this.#tick(input.heard, input.nowMs, out);
    }
  }

  #down(node: string, dataCentre: string, nowMs: number, out: Out<FarEffect>): void {
    if (dataCentre === this.dataCentre) return void out.push({ kind: 'dead', node });
    this.#silent.set(node, { dataCentre, sinceMs: nowMs, told: false, othersSinceMs: undefined });
    out.push({ kind: 'silent', node });
  }

  #up(node: string, out: Out<FarEffect>): void {
    this.#silent.delete(node);
    out.push({ kind: 'back', node });
  }

  #tick(heard: (dataCentre: string, but: string) => boolean, nowMs: number, out: Out<FarEffect>): void {
    for (const [node, silent] of this.#silent) {
      if (nowMs - silent.sinceMs >= TELL_APART_MS) this.#judge(node, silent, heard(silent.dataCentre, node), nowMs, out);
    }
  }

  #judge(node: string, silent: Silent, othersHeard: boolean, nowMs: number, out: Out<FarEffect>): void {
    silent.othersSinceMs = othersHeard ? silent.othersSinceMs ?? nowMs : undefined;
    const wasCutOff = silent.told;
    const returnMs = wasCutOff ? RETURN_MS : 0;
    const isDead = silent.othersSinceMs !== undefined && nowMs - silent.othersSinceMs >= returnMs;
    if (isDead || nowMs - silent.sinceMs >= LOST_MS) {
      this.#silent.delete(node);
      return void out.push({ kind: 'dead', node });
    }
    if (wasCutOff || othersHeard) return;
    silent.told = true;
    out.push({ kind: 'cutOff', node, dataCentre: silent.dataCentre });
  }
}
