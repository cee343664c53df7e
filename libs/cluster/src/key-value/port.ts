/** Records that settle disputes and rebuild state after a restart. Beside the path of a call, never on it. */

export interface KeyValueEntry {
  readonly key: string;
  readonly value: object;
  /** Grows with every change of the bucket. */
  readonly revision: number;
}

export type KeyValueChange =
  | { readonly kind: 'put'; readonly entry: KeyValueEntry }
  | { readonly kind: 'gone'; readonly key: string; readonly revision: number };

/** Thrown by `create` and `update` when somebody else was first. Read again and decide again. */
export class RevisionConflict extends Error {
  readonly code = 'KV_REVISION_CONFLICT';
}

/** Thrown when the store cannot answer now. Retryable. */
export class KeyValueUnavailable extends Error {
  readonly code = 'KV_UNAVAILABLE';
}

export interface KeyValue {
  get(key: string): Promise<KeyValueEntry | undefined>;
  /** Every live entry whose key matches (`*` one token, `>` the rest). */
  list(pattern?: string): Promise<KeyValueEntry[]>;
  /** Writes a key that does not exist; with `ttlMs` it expires by itself (drivers may round up to seconds). Answers the revision. */
  create(key: string, value: object, options?: { readonly ttlMs?: number }): Promise<number>;
  /** Writes if the key still has `revision`. The expiry counts from now; without `ttlMs` the key stays. */
  update(key: string, value: object, revision: number, options?: { readonly ttlMs?: number }): Promise<number>;
  /** Removes the key, if `revision` is given only while it has it. */
  delete(key: string, revision?: number): Promise<void>;
  /** Reports what exists, then every change, expiry included; resolves when what existed has been reported. */
  watch(pattern: string, onChange: (change: KeyValueChange) => void): Promise<{ stop(): void }>;
  close(): Promise<void>;
}

/** Buckets by name, such as `owners-dc1`. */
export interface KeyValueStore {
  /** `answerMs`: how long an answer may take until the store counts as unavailable. */
  bucket(name: string, options?: { readonly answerMs?: number }): Promise<KeyValue>;
  close(): Promise<void>;
}
