/** Which of several final responses reaches the one who asked: RFC 3261 §16.7 steps 6 and 7. */

/** Within 4xx, what tells the caller how to ask again. */
const TELLING = new Set([401, 407, 415, 420, 484]);
const PREFERRED_WITHIN_CLASS = 1;

/**
 * @param statuses at least one final status above 299; a branch without any counts with the status that stands for it
 * @returns the place of the best one
 */
export function bestResponse(statuses: readonly number[]): number {
  let best = 0;
  for (let at = 1; at < statuses.length; at += 1) {
    if (rankOf(statuses[at] as number) < rankOf(statuses[best] as number)) best = at;
  }
  return best;
}

/** Lower is better: 6xx, then the lowest class; 503 last of its class, since it speaks of one server only. */
function rankOf(status: number): number {
  const kind = Math.trunc(status / 100);
  if (kind === 6) return 0;
  if (status === 503) return kind * 10 + 2;
  return kind * 10 + (TELLING.has(status) ? 0 : PREFERRED_WITHIN_CLASS);
}
