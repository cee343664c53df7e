/**
 * Between primary and backup: the state of the tiers, entry by entry (docs/specs/pairs.md, "Replication"). Frames go to `pairFrames(pair)`,
 * the rest to `pairSync(pair)`.
 */

export interface ReplicaEntry {
  readonly tier: string;
  readonly key: string;
  /** JSON; absent: removed. */
  readonly value?: string;
}

export type ReplicaMessage =
  /** Numbered from 1 within a term. `first` begins a copy of everything, `last` completes it. */
  | {
    readonly kind: 'frame'; readonly from: string; readonly epoch: number; readonly seq: number; readonly entries: readonly ReplicaEntry[];
    readonly first?: true; readonly last?: true;
  }
  /** The last number, with each heartbeat: shows what was lost at the end. */
  | { readonly kind: 'at'; readonly from: string; readonly epoch: number; readonly seq: number }
  | { readonly kind: 'got'; readonly from: string; readonly epoch: number; readonly seq: number }
  /** Everything from the beginning, please. */
  | { readonly kind: 'want'; readonly from: string; readonly epoch: number };

/** Values by key, by tier. */
export type ReplicaState = ReadonlyMap<string, ReadonlyMap<string, string>>;
