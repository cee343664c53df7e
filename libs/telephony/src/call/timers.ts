/** Timers of a call. Kept as absolute deadlines, so that a restored call goes on where it was. */
import type { CallTimer } from './call.state.js';
import type { Step } from './step.js';

/** RFC 3725 §4.1: the originator's 2xx is repeated for 32 s; half of that, and it gets a held answer. */
export const ACKNOWLEDGE_MS = 16_000;
/** How long a phone may take to do what NOTIFY asked before we do it ourselves. */
export const PHONE_MS = 2_000;
/** RFC 3261 §14.1 lets the side that did not make the Call-ID retry a glare within 2 s, the other after 2.1 s. */
export const GLARE_MS = 2_200;
export const GLARES_MAX = 3;
/** Longest wait for the final answer of a cancelled leg: 64*T1 of its transaction, and something for the way. */
export const CLOSING_MS = 40_000;
/** Longest ringing of the phone of somebody who asked for a call. */
export const ORIGINATOR_MS = 60_000;

export function setTimer(step: Step, timer: CallTimer, ms: number): void {
  disarm(step, timer);
  step.call.timers.push({ timer, atMs: step.nowMs + ms });
  step.push({ kind: 'setTimer', timer, ms });
}

export function clearTimer(step: Step, timer: CallTimer): void {
  if (disarm(step, timer)) step.push({ kind: 'clearTimer', timer });
}

export function clearAllTimers(step: Step): void {
  for (const { timer } of step.call.timers) step.push({ kind: 'clearTimer', timer });
  step.call.timers.length = 0;
}

/** A timer came due. False for one that was cleared while its message was on the way. */
export function timerFired(step: Step, timer: string): boolean {
  return disarm(step, timer);
}

export function isArmed(step: Step, timer: CallTimer): boolean {
  return step.call.timers.some((armed) => armed.timer === timer);
}

function disarm(step: Step, timer: string): boolean {
  const { timers } = step.call;
  const at = timers.findIndex((armed) => armed.timer === timer);
  if (at < 0) return false;
  timers.splice(at, 1);
  return true;
}
