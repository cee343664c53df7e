/** Which of several final responses goes upstream: RFC 3261 §16.7 step 6. */

interface Final {
  readonly status: number;
}

/** Within 4xx: what tells the caller how to change its request (§16.7 step 6). */
const HELPFUL = new Set([401, 407, 415, 420, 484]);

/**
 * The best of the final responses: a 6xx if there is one, else the lowest class; within 4xx the helpful ones, and a
 * time-out last, since it says nothing about the others; within 5xx a 503 last. The earlier wins among equals.
 */
export function bestResponse<R extends Final>(responses: readonly R[]): R | undefined {
  let best: R | undefined;
  for (const response of responses) {
    if (best === undefined || rank(response.status) < rank(best.status)) best = response;
  }
  return best;
}

function rank(status: number): number {
  const statusClass = Math.trunc(status / 100);
  if (statusClass === 6) return 0;
  if (HELPFUL.has(status)) return 410;
  if (status === 408) return 490;
  if (status === 503) return 590;
  return statusClass * 100 + 20;
}
