/** DNs that this node would own but for an owner in another data centre, who is asked to let them go (docs/specs/ownership.md, "Moves"). */
import type { OwnershipKind } from '../messages/index.js';
import { ASK_AGAIN_MS, ASK_SILENT_MS } from './ownership.types.js';

export interface Wish {
  readonly ownership: OwnershipKind;
  readonly lastSeq: number;
  readonly untilMs: number;
  /** When the phone was seen here last. */
  readonly sinceMs: number;
  askAtMs: number;
  /** The last question found nobody. */
  unheard: boolean;
}

export class Wishes {
  readonly #wishes = new Map<string, Wish>();

  get(dn: string): Wish | undefined {
    return this.#wishes.get(dn);
  }

  /** The owner is asked now, so the next time is later. */
  put(dn: string, ownership: OwnershipKind, untilMs: number, lastSeq: number, nowMs: number): Wish {
    const wish: Wish = { ownership, untilMs, lastSeq, sinceMs: nowMs, askAtMs: nowMs + ASK_AGAIN_MS, unheard: false };
    this.#wishes.set(dn, wish);
    return wish;
  }

  /** Answers what was wished, unless its reason has run out. */
  take(dn: string, nowMs: number): Wish | undefined {
    const wish = this.#wishes.get(dn);
    this.#wishes.delete(dn);
    return wish !== undefined && wish.untilMs > nowMs ? wish : undefined;
  }

  delete(dn: string): void {
    this.#wishes.delete(dn);
  }

  later(dn: string, nowMs: number): void {
    const wish = this.#wishes.get(dn);
    if (wish === undefined) return;
    wish.askAtMs = nowMs + ASK_AGAIN_MS;
    wish.unheard = false;
  }

  silent(dn: string, nowMs: number): void {
    const wish = this.#wishes.get(dn);
    if (wish !== undefined) wish.askAtMs = nowMs + ASK_SILENT_MS;
  }

  /** Whether nobody was there twice: one miss may be a connection of the bus that comes back. */
  unheard(dn: string, nowMs: number): boolean {
    const wish = this.#wishes.get(dn);
    if (wish === undefined || wish.unheard) return wish !== undefined;
    wish.unheard = true;
    wish.askAtMs = nowMs + ASK_SILENT_MS;
    return false;
  }

  /** Those to be asked for again; forgets what has run out. */
  due(nowMs: number): [dn: string, wish: Wish][] {
    const due: [string, Wish][] = [];
    for (const [dn, wish] of this.#wishes) {
      if (wish.untilMs <= nowMs) this.#wishes.delete(dn);
      else if (wish.askAtMs <= nowMs) {
        wish.askAtMs = nowMs + ASK_AGAIN_MS;
        due.push([dn, wish]);
      }
    }
    return due;
  }
}
