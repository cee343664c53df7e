/** Whether two schedules are ever in force together. */
import { type Schedule, ScheduleClock, type Window } from './schedule.js';

const DAY_MS = 86_400_000;
/** Weekly windows repeat, and a year has every change of the clock. */
export const OVERLAP_DAYS = 400;

/**
 * A moment (epoch ms) from `fromMs` on at which both are in force, the first one; undefined when there is none within 400 days of when both may be. No
 * schedule: always in force.
 */
export function overlapOf(a: Schedule | undefined, b: Schedule | undefined, fromMs: number): number | undefined {
  const clocks = [a, b].map((schedule) => (schedule === undefined ? undefined : new ScheduleClock(schedule)));
  let at = fromMs;
  let untilMs = Infinity;
  while (at < untilMs) {
    const [one, other] = [stateOf(clocks[0], at), stateOf(clocks[1], at)];
    if (one.active && other.active) return at;
    // The year begins when neither waits for its start any more.
    if (untilMs === Infinity && !waits(one) && !waits(other)) untilMs = at + OVERLAP_DAYS * DAY_MS;
    at = Math.max(one.active ? at : one.untilMs, other.active ? at : other.untilMs);
  }
  return undefined;
}

const ALWAYS: Window = { active: true, fromMs: -Infinity, untilMs: Infinity };

const stateOf = (clock: ScheduleClock | undefined, atMs: number): Window => clock?.windowAt(atMs) ?? ALWAYS;

const waits = (window: Window): boolean => !window.active && window.fromMs === -Infinity;
