/** WrapUpTime as requests, events and options write it (tlibrary §7.3). */
import type { KVList } from '#tlib';
import type { WrapUp } from './agent.types.js';

const KEY = 'WrapUpTime';
const SECONDS_MAX = 86_400;

/** Undefined when the list does not say, or says nonsense: then the next level decides. */
export function wrapUpOf(list: KVList | undefined): WrapUp | undefined {
  const pair = list?.find(([key]) => key === KEY);
  return pair === undefined || typeof pair[1] === 'object' ? undefined : parseWrapUp(pair[1]);
}

export function parseWrapUp(value: string | number): WrapUp | undefined {
  if (value === 'untimed') return 'untimed';
  const seconds = value === '' ? Number.NaN : Number(value);
  return Number.isInteger(seconds) && seconds >= 0 && seconds <= SECONDS_MAX ? seconds : undefined;
}

/** The list with this WrapUpTime in place of any other; without one when there is none to announce. */
export function withWrapUp(list: KVList, wrapUp: WrapUp | undefined): KVList {
  const others = list.filter(([key]) => key !== KEY);
  return wrapUp === undefined || wrapUp === 0 ? others : [...others, [KEY, wrapUp]];
}
