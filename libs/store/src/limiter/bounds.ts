/** How much one call of a limiter store may ask for. More is a mistake of the caller. */
import { assert } from '#kernel';
import { CHECKS_MAX, HOLDINGS_MAX, type LimiterClaim, type LimiterHolding, TAKES_MAX } from './port.js';

export function checkClaim({ checks, takes }: LimiterClaim): void {
  assert(checks.length <= CHECKS_MAX, `at most ${CHECKS_MAX} checks`);
  assert(takes.length <= TAKES_MAX, `at most ${TAKES_MAX} takes of a call`);
}

export function checkHoldings(holdings: readonly LimiterHolding[]): void {
  assert(holdings.length <= HOLDINGS_MAX, `at most ${HOLDINGS_MAX} calls at once`);
  for (const { takes } of holdings) assert(takes.length <= TAKES_MAX, `at most ${TAKES_MAX} takes of a call`);
}

export function checkIds(ids: readonly string[]): void {
  assert(ids.length <= HOLDINGS_MAX, `at most ${HOLDINGS_MAX} calls at once`);
}
