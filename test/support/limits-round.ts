/** What operators of the system that came before tried its limits with: a hundred numbers, each with a queue in which one call may wait. */
import { becomes } from './becomes.js';
import { hangUpAll, paced, type Placed } from './carrier.js';
import type { LimitsApi } from './limits-api.js';

export const QUEUES = '5100-5199';
export const NUMBERS: readonly string[] = Array.from({ length: 100 }, (_, n) => String(5100 + n));
/** Numbers whose queue has a caller already. */
export const BUSY: readonly string[] = NUMBERS.slice(0, 50);
export const REFUSED = '486 CLM:Calls limit exceeded';

/** Places the n-th call of a round. */
export type Place = (called: string, n: number) => Promise<Placed>;

/** Each number maps to one queue, and refuses while a call waits there. */
export async function oneMayWait(api: LimitsApi): Promise<void> {
  for (const dnis of NUMBERS) await api.rule(`w${dnis}`, { dnis, type: 'waiting', limit: 1, queues: [dnis] });
  await api.mode('dnis');
}

export interface Round {
  /** What became of the fifty that came first. */
  readonly first: readonly string[];
  /** Numbers of the hundred that followed. */
  readonly refused: readonly string[];
  readonly queued: readonly string[];
  /** Anything else that became of one of them. */
  readonly other: readonly string[];
  /** Counted by all rules: while all wait, and when all have hung up. */
  readonly waiting: number;
  readonly left: number;
}

/** One round: fifty come and wait, a hundred more come to all numbers, everybody hangs up. */
export async function seedRound(api: LimitsApi, place: Place, perSecond: number): Promise<Round> {
  const come = (numbers: readonly string[]): Promise<Placed[]> => paced(perSecond, numbers.map((called, n) => () => place(called, n)));
  const first = await come(BUSY);
  const more = await come(NUMBERS);
  const numbers = (fits: (outcome: string) => boolean): string[] => more.filter(({ outcome }) => fits(outcome)).map(({ called }) => called);
  const waiting = await becomes(() => api.used(), (used) => used === NUMBERS.length);
  await hangUpAll([...first, ...more]);
  return {
    first: first.map(({ outcome }) => outcome), refused: numbers((outcome) => outcome === REFUSED), queued: numbers((outcome) => outcome === 'queued'),
    other: more.map(({ outcome }) => outcome).filter((outcome) => outcome !== REFUSED && outcome !== 'queued'),
    waiting, left: await becomes(() => api.used(), (used) => used === 0),
  };
}

/** What each round must come to. */
export const RIGHT: Round = { first: BUSY.map(() => 'queued'), refused: BUSY, queued: NUMBERS.slice(BUSY.length), other: [], waiting: NUMBERS.length, left: 0 };

export interface Race {
  /** Numbers to which not exactly one call was let in, with what became of each. */
  readonly wrong: readonly string[];
  readonly left: number;
}

/** To each number as many calls at once as there are ways to place one. */
export async function race(api: LimitsApi, places: readonly ((called: string) => Promise<Placed>)[], numbers: readonly string[]): Promise<Race> {
  const wrong: string[] = [];
  const placed: Placed[] = [];
  for (const called of numbers) {
    const calls = await Promise.all(places.map((place) => place(called)));
    placed.push(...calls);
    const outcomes = calls.map(({ outcome }) => outcome).sort();
    if (outcomes.join() !== [...Array.from(places, () => REFUSED).slice(1), 'queued'].join()) wrong.push(`${called}: ${outcomes.join(', ')}`);
  }
  await hangUpAll(placed);
  return { wrong, left: await becomes(() => api.used(), (used) => used === 0) };
}
