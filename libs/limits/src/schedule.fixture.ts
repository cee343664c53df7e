/** A second reading of schedules: slow, and by Intl alone. */
import { DAYS, type Schedule } from './schedule.js';

const HOUR_MS = 3_600_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock in the zone shows, as `YYYY-MM-DDTHH:MM:SS`. */
export function shown(timeZone: string, ms: number): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  formats.set(timeZone, format);
  return format.format(Math.floor(ms / 1_000) * 1_000).replace(' ', 'T');
}

/** The moments at which a clock shows `local`, or after a gap the first at which it shows more; looked for at every offset of the days around. */
export function momentsOf(timeZone: string, local: string): number[] {
  const asUtc = Date.parse(`${local}Z`);
  const offsets = new Set<number>();
  for (let hour = -40; hour <= 40; hour += 1) {
    const at = asUtc + hour * HOUR_MS;
    offsets.add(Date.parse(`${shown(timeZone, at)}Z`) - at);
  }
  const moments = [...offsets].map((offset) => asUtc - offset).filter((ms) => shown(timeZone, ms) === local);
  if (moments.length > 0) return moments.sort((a, b) => a - b);
  let at = asUtc - 40 * HOUR_MS;
  for (const step of [HOUR_MS, 60_000, 1_000]) {
    while (shown(timeZone, at + step) < local) at += step;
  }
  return [at + 1_000];
}

/** Whether the schedule is in force, from its text. */
export function isActiveSlowly(schedule: Schedule, nowMs: number): boolean {
  const { timeZone, start, end, weekly } = schedule;
  if (start !== undefined && nowMs < momentsOf(timeZone, full(start))[0]!) return false;
  if (end !== undefined && nowMs >= momentsOf(timeZone, full(end)).at(-1)!) return false;
  if (weekly === undefined) return true;
  const today = Date.parse(`${shown(timeZone, nowMs).slice(0, 10)}T00:00:00Z`);
  return weekly.some(({ days, from, to }) => [-2, -1, 0, 1].some((ahead) => {
    const date = new Date(today + ahead * 24 * HOUR_MS);
    if (!days.includes(DAYS[(date.getUTCDay() + 6) % 7]!)) return false;
    const overnight = full(`x${to}`) <= full(`x${from}`) || to === '24:00';
    const lastDate = new Date(date.getTime() + (overnight ? 24 * HOUR_MS : 0));
    const begin = momentsOf(timeZone, full(`${date.toISOString().slice(0, 10)}T${from}`))[0]!;
    const finish = momentsOf(timeZone, full(`${lastDate.toISOString().slice(0, 10)}T${to === '24:00' ? '00:00' : to}`)).at(-1)!;
    return nowMs >= begin && nowMs < finish;
  }));
}

const full = (text: string): string => (/:\d\d:/.test(text) ? text : `${text}:00`);
