/** What the recorder's machines want done, in this order. */
import type { AnyHistoryRecord } from '#store';

export type HistoryEffect =
  | { readonly kind: 'write'; readonly record: AnyHistoryRecord }
  /** What these lines of the queue said is in records that were given before: they may go once those are kept. */
  | { readonly kind: 'release'; readonly seqs: readonly number[] };

/** Versions of a record that is complete are above all versions of one that is not, whoever wrote it. */
const COMPLETE = 2 ** 40;
export const versionOf = (events: number, complete: boolean): number => (complete ? COMPLETE : 0) + events;
