/** What a tier lets the other half of its pair know (docs/specs/pairs.md). */

/**
 * The state of one tier, entry by entry. A value is plain data that JSON carries, and stands for itself: whoever has all entries
 * can go on. Entries reach the backup in the order in which they were put; of one key the last counts.
 */
export interface Replica {
  /**
   * What the half before this one had put when it was primary. Empty when nobody was. To be taken over before the tier listens.
   * It stays put: remove what you give up. The values are the tier's own, to go on with as they are.
   */
  readonly restored: ReadonlyMap<string, object>;
  /** Serialised at the next flush; put again what changed since. */
  put(key: string, value: object): void;
  remove(key: string): void;
  /** Hands what was put since to the bus, before the message leaves that reveals it. Cheap when there is nothing. */
  flush(): void;
}

/** Entries whose keys begin with that, by what follows it. */
export function* entriesUnder<T>(entries: ReadonlyMap<string, object>, prefix: string): Iterable<readonly [string, T]> {
  for (const [key, value] of entries) if (key.startsWith(prefix)) yield [key.slice(prefix.length), value as T];
}

/** What a tier of a paired node is told when it starts. Tiers run only where their node is primary. */
export interface PairTerm {
  /** Of this term; every term of the pair has a higher one. */
  readonly epoch: number;
  /** The node went on from its other half: its calls, DNs and agents are still there. */
  readonly continues: boolean;
  /** Application name of the half that is primary. */
  readonly process?: string;
}

/** What a tier says of its pair in its heartbeats. */
export function lifeOf(pair: PairTerm | undefined): { readonly term?: number; readonly continues?: boolean; readonly half?: string } {
  if (pair === undefined) return {};
  return { term: pair.epoch, continues: pair.continues, ...(pair.process === undefined ? {} : { half: pair.process }) };
}
