/** Names of the counters at the LimiterStore, all made here: without spaces, and no two of them alike for two things. */
import { createHash } from 'node:crypto';

/** No rule has a longer one. */
export const DNIS_MAX = 64;

/** Calls from trunks to a number. What a carrier sends may be of any length: a long one is named by its hash. */
export const dnisCounter = (dnis: string): string => `dnis:${dnis.length > DNIS_MAX ? hashOf(dnis) : escapeName(dnis)}`;

/** Calls that wait in a queue. */
export const waitingCounter = (queue: string): string => `waiting:${escapeName(queue)}`;

/** Calls of a queue that are with an agent, from their routing on. */
export const talkingCounter = (queue: string): string => `talking:${escapeName(queue)}`;

/** Agents who are ready for a queue. */
export const readyCounter = (queue: string): string => `ready:${escapeName(queue)}`;

/** Calls that a shadow rule would have refused. */
export const ghostsCounter = (ruleId: string): string => `ghosts:${escapeName(ruleId)}`;

/** The slots of an agent are held under this id. */
export const agentSlots = (employee: string): string => `agent/${escapeName(employee)}`;

/** Longer sets are named by their hash: the name goes with the INVITE. */
const WAY_NAME_MAX = 100;

/** Calls let in on the way to any of these queues, in whichever order they are given. */
export function wayCounter(queues: readonly string[]): string {
  const names = [...new Set(queues)].sort().map(escapeName).join(',');
  if (names.length <= WAY_NAME_MAX) return `way:${names}`;
  return `way:${hashOf(names)}`;
}

/** '~' is escaped in names, so a hash is nothing's name. */
const hashOf = (text: string): string => `~${createHash('sha256').update(text).digest('base64url')}`;

const UNSAFE = /[^A-Za-z0-9+._*#@-]/gu;

/** The name with every other character as %XX of its UTF-8, so that what is read back is what was written. */
export function escapeName(name: string): string {
  return name.replace(UNSAFE, (char) => [...Buffer.from(char, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''));
}

/** The name that was escaped. */
export function unescapeName(escaped: string): string {
  return decodeURIComponent(escaped);
}
