/**
 * Values of keys in the buckets of several data centres, each with the hybrid logical clock of its change: of two the later stands, in whichever order
 * and however often they come. A removal is a value too, a marker, or an older value of another data centre would come back.
 */
export interface Stamped<T> {
  /** Of the hybrid logical clock (libs/cluster, `Hlc`): of two makers never equal. */
  readonly epoch: number;
  /** Null: removed. */
  readonly value: T | null;
}

/** The one that stands. Of two with one epoch, which no two makers have, the greater text, so that all data centres agree. */
export function later<T>(a: Stamped<T>, b: Stamped<T>): Stamped<T> {
  if (a.epoch !== b.epoch) return a.epoch > b.epoch ? a : b;
  return JSON.stringify(a.value) >= JSON.stringify(b.value) ? a : b;
}

/** What stands for each key of any data centre, markers too. */
export function merge<T>(sites: Iterable<ReadonlyMap<string, Stamped<T>>>): Map<string, Stamped<T>> {
  const merged = new Map<string, Stamped<T>>();
  for (const site of sites) {
    for (const [key, stamped] of site) {
      const there = merged.get(key);
      merged.set(key, there === undefined ? stamped : later(there, stamped));
    }
  }
  return merged;
}

/** What is there, without what was removed. */
export function present<T>(merged: ReadonlyMap<string, Stamped<T>>): Map<string, T> {
  const out = new Map<string, T>();
  for (const [key, { value }] of merged) if (value !== null) out.set(key, value);
  return out;
}

/** Without markers from before that epoch. Only once no data centre can still have what they removed. */
export function withoutMarkers<T>(merged: ReadonlyMap<string, Stamped<T>>, beforeEpoch: number): Map<string, Stamped<T>> {
  return new Map([...merged].filter(([, { epoch, value }]) => value !== null || epoch >= beforeEpoch));
}
