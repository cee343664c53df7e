/** What a proxy makes of a verdict: the final response of a refused call, what goes along with one that is let in, and what holds without a store. */
import { type FinalAnswer, type Question, RETRY_AFTER_S, ruleOfCheck, type WithoutStore } from '#limits';
import { escapeUser, type HeaderLine } from '#sip';
import type { LimiterTake } from '#store';

export interface SipAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly HeaderLine[];
}

export function sipAnswer({ status, reason, retryAfterS, to }: FinalAnswer, accessPoint: string): SipAnswer {
  const headers: HeaderLine[] = [];
  if (retryAfterS !== undefined) headers.push(['Retry-After', String(retryAfterS)]);
  if (to !== undefined) headers.push(['Contact', octets(/^sips?:/.test(to) ? `<${to}>` : `<sip:${escapeUser(to)}@${accessPoint}>`)]);
  return { status, reason: octets(reason), headers };
}

/** A call whose limits cannot be looked up. */
export const UNCOUNTED: FinalAnswer = { status: 503, reason: 'CLM:Limits unavailable', retryAfterS: RETRY_AFTER_S };

/** A message is text of octets. */
const octets = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** All slots of a call that was let in, those of full shadows too: the store took them with its verdict. */
export function takesOf({ checks, takes }: Question, full: readonly string[]): readonly LimiterTake[] {
  if (full.length === 0) return takes;
  const ghosts = checks.filter(({ name, shadow }) => shadow && full.includes(name)).flatMap(({ ghosts }) => (ghosts === undefined ? [] : [ghosts]));
  return [...takes, ...[...new Set(ghosts)].map((counter) => ({ counter }))];
}

/** Nobody is refused by shadows alone, so nothing need be known for them. */
export function policyOf({ checks, withoutStore }: Question, option: WithoutStore): WithoutStore {
  return checks.some(({ shadow }) => !shadow) ? withoutStore ?? option : 'open';
}

/** A proxy's part of a limit: rounded down, what is over goes to the first proxies, one each. */
export function partOf(limit: number, index: number, proxies: number): number {
  return Math.floor(limit / proxies) + (index < limit % proxies ? 1 : 0);
}

const BY_CALLS: ReadonlySet<string> = new Set(['concurrent', 'concurrent-sum']);

/** The question as one proxy alone can answer it: of calls, with its part of each limit. Figures of queues are known nowhere but in the store. */
export function shareOf(question: Question, index: number, proxies: number): Question {
  const counted = new Set(question.rules.filter(({ type }) => BY_CALLS.has(type)).map(({ id }) => id));
  const checks = question.checks.filter(({ name }) => counted.has(ruleOfCheck(name)));
  return { ...question, checks: checks.map((check) => ({ ...check, limit: partOf(check.limit, index, proxies) })) };
}
