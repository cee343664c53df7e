/** How long rows of a record live in Cassandra (`history-retention`). */

/** The longest that Cassandra takes: 20 years. */
const TTL_MAX_S = 630_720_000;

/**
 * In seconds; 0: for ever, as records without a time of their own do. What is older than the retention already ends at once.
 *
 * @param sinceMs from when the retention counts: when the record began
 */
export function ttlSeconds(sinceMs: number, retentionMs: number | undefined, nowMs: number): number {
  if (retentionMs === undefined || sinceMs <= 0) return 0;
  return Math.min(TTL_MAX_S, Math.max(1, Math.ceil((sinceMs + retentionMs - nowMs) / 1_000)));
}
