/** Both halves of a pair without transport: what one half flushed, the next one starts from. Keeps serialised JSON only. */
import type { PairTerm, Replica } from '#cluster';

/** What a tier gets of its pair. */
export interface SimPairPorts {
  readonly replica: (tier: string) => Replica;
  readonly pair: PairTerm;
}

export class SimPair {
  readonly #tiers = new Map<string, Map<string, string>>();
  #terms = 0;

  /** What the other half has of one tier now. */
  entries(tier: string): Map<string, object> {
    return new Map([...this.#held(tier)].map(([key, json]) => [key, JSON.parse(json) as object]));
  }

  /** The next primary starts: from now on nothing of the one before counts. What it put and did not flush is lost. */
  nextTerm(nowMs: number): SimPairPorts {
    this.#terms += 1;
    const term = this.#terms;
    return {
      pair: { epoch: Math.floor(nowMs) * 1_024 + term, continues: term > 1 },
      replica: (tier) => this.#replica(tier, () => term === this.#terms),
    };
  }

  #held(tier: string): Map<string, string> {
    const held = this.#tiers.get(tier) ?? new Map<string, string>();
    this.#tiers.set(tier, held);
    return held;
  }

  #replica(tier: string, isPrimary: () => boolean): Replica {
    const held = this.#held(tier);
    const waiting = new Map<string, object | undefined>();
    return {
      restored: this.entries(tier),
      put: (key, value) => void waiting.set(key, value),
      remove: (key) => void waiting.set(key, undefined),
      flush: () => {
        for (const [key, value] of waiting) {
          if (!isPrimary()) break;
          if (value === undefined) held.delete(key);
          else held.set(key, JSON.stringify(value));
        }
        waiting.clear();
      },
    };
  }
}
