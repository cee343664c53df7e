/** Where history is kept: calls, parties, CDRs, agent sessions and states, results of virtual queues. */
import type { AnyHistoryRecord, HistoryKind, HistoryRecord } from './records.js';

/** Thrown when the store cannot answer now. Do the same again later: writing twice makes one record. */
export class HistoryUnavailable extends Error {
  readonly code = 'HISTORY_UNAVAILABLE';
  readonly retryable = true;
}

/** Thrown for a query that no store should be asked. The message says what to change. */
export class HistoryQueryError extends Error {
  readonly code = 'HISTORY_QUERY';
  readonly retryable = false;
}

/** Every condition that is given must hold. */
export interface HistoryQuery<K extends HistoryKind = HistoryKind> {
  readonly kind: K;
  /** Began at or after, and before. Without dn, agent, connID or terms at most {@link RANGE_MS_MAX} apart. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly dn?: string;
  readonly agent?: string;
  readonly connID?: string;
  /** Each of the record's `terms`; the first should be the rarest. */
  readonly terms?: readonly string[];
  /** 1 to {@link LIMIT_MAX}. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface HistoryPage<K extends HistoryKind = HistoryKind> {
  /** The latest first; of one moment, the greater key first. */
  readonly records: readonly Extract<AnyHistoryRecord, HistoryRecord<K>>[];
  /** Give it back as `after` for the page that follows; absent on the last one. */
  readonly next?: string;
}

export const RANGE_MS_MAX = 31 * 86_400_000;
export const LIMIT_MAX = 1_000;
/** Records of one `append`. */
export const APPEND_MAX = 1_000;

export interface HistoryStore {
  /**
   * Writes each record unless a version that {@link wins} over it is there. Resolves when they are kept; a reader may see some before.
   * After an error some may be written: repeat the whole batch.
   *
   * @throws HistoryUnavailable
   */
  append(records: readonly HistoryRecord[]): Promise<void>;
  /** @throws HistoryUnavailable, or HistoryQueryError */
  query<K extends HistoryKind>(query: HistoryQuery<K>): Promise<HistoryPage<K>>;
  /** Frees what it holds; later calls throw HistoryUnavailable. */
  close(): Promise<void>;
}
