/** The slots of a call on their way from its proxy to a session controller, as the header says them (docs/specs/limits.md). */
import type { LimiterTake } from '#store';
import { talkingCounter, unescapeName, waitingCounter, wayCounter } from './counters.js';

/** Proxies strip it from whatever comes from outside. */
export const SLOTS_HEADER = 'X-Cordboard-Slots';

/** What a proxy acquired for a call. */
export interface CallSlot {
  /** As it was passed to `acquire`. */
  readonly id: string;
  readonly takes: readonly LimiterTake[];
}

const WAY = 'way:';
const HASHED = 'way:~';
const TAKES_MAX = 300;
const ID = /^[\w.@+/:-]{1,128}$/;
const TOKEN = /^(?:(?:dnis|ghosts):[A-Za-z0-9+._*#@%-]{1,600}|way:[A-Za-z0-9+._*#@%~,=-]{1,60000})$/;

/** On the way to any of these queues, until the call waits or talks in one. */
export function wayTake(queues: readonly string[]): LimiterTake {
  const each = [...new Set(queues)].sort();
  return { counter: wayCounter(each), until: each.flatMap((queue) => [waitingCounter(queue), talkingCounter(queue)]) };
}

export const isWay = ({ counter }: LimiterTake): boolean => counter.startsWith(WAY);

/**
 * The value of the header: the id, then the counters, by blanks. A way whose name is a hash says its queues behind `=`.
 *
 * @param id letters, digits and `. @ + / : - _`, 128 at most
 */
export function formatSlots({ id, takes }: CallSlot): string {
  let text = id;
  for (const { counter, until = [] } of takes) text += counter.startsWith(HASHED) ? ` ${counter}=${queuesOf(until)}` : ` ${counter}`;
  return text;
}

/** Undefined when it is none: no proxy of this version wrote it. */
export function parseSlots(value: string): CallSlot | undefined {
  const [id = '', ...tokens] = value.trim().split(/ +/, TAKES_MAX + 2);
  if (!ID.test(id) || tokens.length > TAKES_MAX || !tokens.every((token) => TOKEN.test(token))) return undefined;
  try {
    return { id, takes: tokens.map(takeOf) };
  } catch {
    // A name that cannot be read.
    return undefined;
  }
}

function queuesOf(until: readonly string[]): string {
  const prefix = waitingCounter('');
  return until.filter((counter) => counter.startsWith(prefix)).map((counter) => counter.slice(prefix.length)).join(',');
}

function takeOf(token: string): LimiterTake {
  if (!token.startsWith(WAY)) return { counter: token };
  const [counter = '', hashed] = token.split('=');
  const names = hashed ?? counter.slice(WAY.length);
  return { counter, until: wayTake(names.split(',').map(unescapeName)).until ?? [] };
}
