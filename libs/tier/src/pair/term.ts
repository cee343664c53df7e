/** One term of a primary: what its tiers begin with and what they put. */
import { type PairTerm, type Replica, type ReplicaMessage, ReplicaSource, type ReplicaState } from '#cluster';

/** As tiers are given it. */
export interface OpenTerm {
  readonly term: PairTerm;
  replica(tier: string): Replica;
}

export class Term implements OpenTerm {
  readonly source: ReplicaSource;
  readonly #restored: ReplicaState;
  readonly #frames: ReplicaMessage[] = [];
  #ended = false;

  constructor(
    readonly term: PairTerm & { readonly process: string }, restored: ReplicaState,
    private readonly publish: (frames: readonly ReplicaMessage[]) => void,
  ) {
    this.source = new ReplicaSource(term.process, term.epoch, restored);
    this.#restored = new Map([...restored].map(([tier, values]) => [tier, new Map(values)]));
  }

  replica(tier: string): Replica {
    const restored = new Map([...(this.#restored.get(tier) ?? [])].map(([key, value]) => [key, JSON.parse(value) as object]));
    return {
      restored,
      put: (key, value) => { if (!this.#ended) this.source.put(tier, key, value); },
      remove: (key) => { if (!this.#ended) this.source.put(tier, key, undefined); },
      flush: () => this.#flush(),
    };
  }

  /** What the tiers still do while they are closed is nobody's business. */
  end(): void {
    this.#flush();
    this.#ended = true;
  }

  #flush(): void {
    if (this.#ended) return;
    this.source.flush(this.#frames);
    if (this.#frames.length > 0) this.publish(this.#frames.splice(0));
  }
}
