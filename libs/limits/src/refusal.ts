/** The final response of a refused call, and why it was refused. */
import { type Answer, RETRY_AFTER_S, type Rule, type RuleType } from './rule.js';

export type RefusalCause = 'ani-blocked' | 'all-busy' | 'rule';

export interface Refusal {
  readonly kind: 'refuse';
  readonly cause: RefusalCause;
  readonly rule?: string;
  /** Entry of the block list. */
  readonly ani?: string;
  readonly answer: FinalAnswer;
}

/** `reason` is the reason phrase; `retryAfterS` is there with 503, `to` with 302. */
export interface FinalAnswer extends Answer {
  readonly reason: string;
}

const ANI_BLOCKED = 'CLM:ANI Blocked';
const ALL_BUSY = 'CLM:All Busy';
const LIMIT_EXCEEDED = 'CLM:Calls limit exceeded';
const PHRASES: Partial<Record<RuleType, string>> = { 'all-busy': 'CLM:DNIS All Busy', 'concurrent-sum': 'CLM:ConcurrentCallsSUM limit exceeded' };

export const blockedAni = (ani: string): Refusal => ({ kind: 'refuse', cause: 'ani-blocked', ani, answer: { status: 486, reason: ANI_BLOCKED } });

export const allBusy = (): Refusal => ({ kind: 'refuse', cause: 'all-busy', answer: { status: 486, reason: ALL_BUSY } });

export function refusedBy({ id, type, answer }: Rule): Refusal {
  const reason = answer.reason ?? PHRASES[type] ?? LIMIT_EXCEEDED;
  const retryAfter = answer.status === 503 ? { retryAfterS: answer.retryAfterS ?? RETRY_AFTER_S } : {};
  return { kind: 'refuse', cause: 'rule', rule: id, answer: { ...answer, ...retryAfter, reason } };
}
