/** When a rule is in force: a window of dates, weekly windows, or both, which then narrow each other. Local times; the begin is in, the end is out. */
import { type Zone, zoneOf } from './zone.js';

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

export interface WeeklyWindow {
  readonly days: readonly Day[];
  /** `HH:MM` or `HH:MM:SS`. */
  readonly from: string;
  /** As `from`, or `24:00`. Before `from`: on the next day. */
  readonly to: string;
}

export interface Schedule {
  /** IANA name. */
  readonly timeZone: string;
  /** `YYYY-MM-DDTHH:MM` or with seconds. */
  readonly start?: string;
  readonly end?: string;
  readonly weekly?: readonly WeeklyWindow[];
}

/** The state at a moment, and how long it lasts at least: nothing changes from `fromMs` on and before `untilMs` (epoch ms). */
export interface Window {
  readonly active: boolean;
  readonly fromMs: number;
  readonly untilMs: number;
}

const DAY_MS = 86_400_000;
/** Weekly windows are worked out for this many days at a time: a week, and one day for those that run over midnight. */
const AHEAD_DAYS = 9;
/** No zone is further from another than two days, and a window begins on the day before. */
const BEHIND_DAYS = 3;

interface Interval {
  beginMs: number;
  endMs: number;
}

/** The state of the schedule at that moment. Who asks often keeps a `ScheduleClock`. */
export function windowAt(schedule: Schedule, nowMs: number): Window {
  return new ScheduleClock(schedule).windowAt(nowMs);
}

export function isActive(schedule: Schedule, nowMs: number): boolean {
  return windowAt(schedule, nowMs).active;
}

/** A schedule with its present window, so that a verdict costs two comparisons. */
export class ScheduleClock {
  readonly #frame: Interval;
  #weeks: Weeks = { intervals: [], known: { beginMs: Infinity, endMs: -Infinity } };
  #window: Window = { active: false, fromMs: Infinity, untilMs: -Infinity };

  constructor(private readonly schedule: Schedule) {
    this.#frame = frameOf(schedule);
  }

  windowAt(nowMs: number): Window {
    if (nowMs < this.#window.fromMs || nowMs >= this.#window.untilMs) this.#window = this.#work(nowMs);
    return this.#window;
  }

  #work(nowMs: number): Window {
    const { beginMs, endMs } = this.#frame;
    if (endMs <= beginMs) return { active: false, fromMs: -Infinity, untilMs: Infinity };
    if (nowMs < beginMs) return { active: false, fromMs: -Infinity, untilMs: beginMs };
    if (nowMs >= endMs) return { active: false, fromMs: endMs, untilMs: Infinity };
    if (this.schedule.weekly === undefined) return { active: true, fromMs: beginMs, untilMs: endMs };
    const { known } = this.#weeks;
    if (nowMs < known.beginMs || nowMs >= known.endMs) this.#weeks = weeklyIntervals(this.schedule, this.schedule.weekly, nowMs);
    return within(this.#weeks, this.#frame, nowMs);
  }
}

/** Local date and time in ms as if it were UTC; undefined when it is none. */
export function wallOf(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d(?::\d\d)?)$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const time = timeOf(match[4]!);
  const midnight = Date.UTC(year, month - 1, day);
  const date = new Date(midnight);
  if (year < 1970 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return time === undefined || time >= DAY_MS ? undefined : midnight + time;
}

/** Time of day in ms, 24:00 included; undefined when it is none. */
export function timeOf(text: string): number | undefined {
  const match = /^(\d\d):(\d\d)(?::(\d\d))?$/.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  const time = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  return minutes < 60 && seconds < 60 && time <= DAY_MS ? time : undefined;
}

/** `start` and `end` as moments. */
function frameOf(schedule: Schedule): Interval {
  const zone = zoneOf(schedule.timeZone);
  return {
    beginMs: schedule.start === undefined ? -Infinity : zone.momentOf(wallOf(schedule.start)!, 'first'),
    endMs: schedule.end === undefined ? Infinity : zone.momentOf(wallOf(schedule.end)!, 'last'),
  };
}

interface Weeks {
  /** In order, apart from each other. */
  readonly intervals: readonly Interval[];
  /** The intervals are complete from here to there. */
  readonly known: Interval;
}

function weeklyIntervals(schedule: Schedule, weekly: readonly WeeklyWindow[], nowMs: number): Weeks {
  const zone = zoneOf(schedule.timeZone);
  const today = Math.floor(zone.wallAt(nowMs) / DAY_MS) * DAY_MS;
  const intervals: Interval[] = [];
  for (let days = -BEHIND_DAYS; days < AHEAD_DAYS; days += 1) {
    for (const window of weekly) addOccurrence(zone, window, today + days * DAY_MS, intervals);
  }
  const known = { beginMs: zone.momentOf(today - DAY_MS, 'first'), endMs: zone.momentOf(today + (AHEAD_DAYS - 1) * DAY_MS, 'first') };
  return { intervals: united(intervals), known };
}

function addOccurrence(zone: Zone, window: WeeklyWindow, midnight: number, out: Interval[]): void {
  // 1970-01-01 was a Thursday.
  if (!window.days.includes(DAYS[(midnight / DAY_MS + 3) % 7]!)) return;
  const from = timeOf(window.from)!;
  const to = timeOf(window.to)!;
  const beginMs = zone.momentOf(midnight + from, 'first');
  const endMs = zone.momentOf(midnight + to + (to <= from ? DAY_MS : 0), 'last');
  if (beginMs < endMs) out.push({ beginMs, endMs });
}

/** In order, and those that meet made one. */
function united(intervals: readonly Interval[]): Interval[] {
  const out: Interval[] = [];
  for (const { beginMs, endMs } of [...intervals].sort((a, b) => a.beginMs - b.beginMs)) {
    const last = out.at(-1);
    if (last !== undefined && beginMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else out.push({ beginMs, endMs });
  }
  return out;
}

/** The state at `nowMs`, which is within frame and weeks. */
function within({ intervals, known }: Weeks, frame: Interval, nowMs: number): Window {
  const beginMs = Math.max(frame.beginMs, known.beginMs);
  const endMs = Math.min(frame.endMs, known.endMs);
  let fromMs = beginMs;
  for (const interval of intervals) {
    if (nowMs < interval.beginMs) return { active: false, fromMs, untilMs: Math.min(interval.beginMs, endMs) };
    if (nowMs < interval.endMs) return { active: true, fromMs: Math.max(interval.beginMs, beginMs), untilMs: Math.min(interval.endMs, endMs) };
    fromMs = Math.max(beginMs, interval.endMs);
  }
  return { active: false, fromMs, untilMs: endMs };
}
