import fc from 'fast-check';
import { isActiveSlowly } from './schedule.fixture.js';
import { DAYS, isActive, type Schedule, ScheduleClock, timeOf, wallOf, windowAt } from './schedule.js';
import { isZone } from './zone.js';

const at = (text: string): number => Date.parse(text);

describe('start and end', () => {
  const schedule: Schedule = { timeZone: 'Asia/Tokyo', start: '2026-12-01T09:00', end: '2026-12-01T18:00:30' };

  it.each([
    ['2026-11-30T23:59:59.999Z', false], ['2026-12-01T00:00:00Z', true], ['2026-12-01T09:00:29.999Z', true], ['2026-12-01T09:00:30Z', false],
  ])('at %s is in force: %s', (time, active) => {
    expect(isActive(schedule, at(time))).toBe(active);
  });

  it('says until when nothing changes', () => {
    expect(windowAt(schedule, 0)).toEqual({ active: false, fromMs: -Infinity, untilMs: at('2026-12-01T00:00Z') });
    expect(windowAt(schedule, at('2026-12-01T05:00Z'))).toEqual({ active: true, fromMs: at('2026-12-01T00:00Z'), untilMs: at('2026-12-01T09:00:30Z') });
    expect(windowAt(schedule, at('2027-01-01T00:00Z'))).toEqual({ active: false, fromMs: at('2026-12-01T09:00:30Z'), untilMs: Infinity });
  });

  it('may lack either', () => {
    expect(isActive({ timeZone: 'UTC', start: '2026-01-01T00:00' }, at('2999-01-01T00:00Z'))).toBe(true);
    expect(isActive({ timeZone: 'UTC', end: '2026-01-01T00:00' }, 0)).toBe(true);
  });
});

// Berlin 2026: 02:00 to 03:00 are skipped on 29 March (01:00 UTC), and come twice on 25 October (00:00 and 01:00 UTC).
describe('a change of the clock', () => {
  const berlin = (start: string, end: string): Schedule => ({ timeZone: 'Europe/Berlin', start, end });

  it.each([
    ['a start that is skipped', berlin('2026-03-29T02:30', '2026-03-29T04:00'), '2026-03-29T01:00Z', '2026-03-29T02:00Z'],
    ['an end that is skipped', berlin('2026-03-29T01:00', '2026-03-29T02:30'), '2026-03-29T00:00Z', '2026-03-29T01:00Z'],
    ['a start that comes twice', berlin('2026-10-25T02:30', '2026-10-25T04:00'), '2026-10-25T00:30Z', '2026-10-25T03:00Z'],
    ['an end that comes twice', berlin('2026-10-25T01:00', '2026-10-25T02:30'), '2026-10-24T23:00Z', '2026-10-25T01:30Z'],
    ['both twice', berlin('2026-10-25T02:15', '2026-10-25T02:30'), '2026-10-25T00:15Z', '2026-10-25T01:30Z'],
    ['a day that is skipped', { timeZone: 'Pacific/Apia', start: '2011-12-30T12:00', end: '2011-12-31T12:00' }, '2011-12-30T10:00Z', '2011-12-30T22:00Z'],
  ])('%s', (_, schedule, begin, end) => {
    for (const [ms, active] of [[at(begin) - 1, false], [at(begin), true], [at(end) - 1, true], [at(end), false]] as const) {
      expect(isActive(schedule, ms)).toBe(active);
    }
  });

  it('leaves nothing of a window that is skipped as a whole', () => {
    const schedule = berlin('2026-03-29T02:10', '2026-03-29T02:50');
    expect(windowAt(schedule, at('2026-03-29T01:00Z'))).toEqual({ active: false, fromMs: -Infinity, untilMs: Infinity });
    const nightly: Schedule = { timeZone: 'Europe/Berlin', weekly: [{ days: ['sun'], from: '02:10', to: '02:50' }] };
    expect(isActive(nightly, at('2026-03-29T01:00Z'))).toBe(false);
    expect(isActive(nightly, at('2026-04-05T00:10Z'))).toBe(true);
  });
});

describe('weekly', () => {
  const shifts: Schedule = { timeZone: 'Asia/Tokyo', weekly: [{ days: ['mon', 'fri'], from: '22:00', to: '06:00' }, { days: ['sat'], from: '06:00', to: '24:00' }] };

  it.each([
    ['2026-11-27T12:59:59Z', false], ['2026-11-27T13:00:00Z', true], ['2026-11-27T21:00:00Z', true], ['2026-11-28T14:59:59Z', true], ['2026-11-28T15:00:00Z', false],
    ['2026-11-30T20:59:59Z', true], ['2026-11-30T21:00:00Z', false],
  ])('at %s is in force: %s', (time, active) => {
    expect(isActive(shifts, at(time))).toBe(active);
  });

  it('makes one of windows that meet', () => {
    expect(windowAt(shifts, at('2026-11-27T14:00Z'))).toEqual({ active: true, fromMs: at('2026-11-27T13:00Z'), untilMs: at('2026-11-28T15:00Z') });
  });

  it('is narrowed by start and end', () => {
    const schedule: Schedule = { ...shifts, start: '2026-11-27T23:00', end: '2026-11-28T05:00' };
    expect(windowAt(schedule, at('2026-11-27T14:30Z'))).toEqual({ active: true, fromMs: at('2026-11-27T14:00Z'), untilMs: at('2026-11-27T20:00Z') });
    expect(isActive(schedule, at('2026-11-27T13:59:59Z'))).toBe(false);
  });

  it('always in force changes nothing for a week at least', () => {
    const always: Schedule = { timeZone: 'Europe/Berlin', weekly: [{ days: DAYS, from: '00:00', to: '24:00' }] };
    const window = windowAt(always, at('2026-10-20T12:00Z'));
    expect(window.active).toBe(true);
    expect(window.untilMs - at('2026-10-20T12:00Z')).toBeGreaterThan(7 * 86_400_000);
  });
});

describe('texts', () => {
  it.each(['2026-02-29T10:00', '2026-13-01T10:00', '2026-01-01T24:00', '2026-01-01T10:60', '2026-01-01', '2026-01-01T10:00Z', '1969-12-31T00:00', ''])('%s is no local time', (text) => {
    expect(wallOf(text)).toBeUndefined();
  });

  it('knows times of day to 24:00', () => {
    expect([timeOf('24:00'), timeOf('24:01'), timeOf('24:00:01'), timeOf('9:00'), timeOf('23:59:59'), timeOf('23:59:60')])
      .toEqual([86_400_000, undefined, undefined, undefined, 86_399_000, undefined]);
  });

  it('knows time zones by their IANA name alone', () => {
    expect([isZone('Asia/Tokyo'), isZone('UTC'), isZone('Asia/Nowhere'), isZone('+09:00'), isZone('')]).toEqual([true, true, false, false, false]);
  });
});

const ZONES = ['UTC', 'Asia/Tokyo', 'Europe/Berlin', 'America/New_York', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Africa/Casablanca'];
const two = (value: number): string => String(value).padStart(2, '0');
const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.constantFrom('', ':00', ':29', ':59'))
  .map(([hours, minutes, seconds]) => `${two(hours)}:${two(minutes)}${seconds}`);
/** Days around the changes of the clock of 2026 in those zones, and others. */
const date = fc.constantFrom('2026-02-15', '2026-03-08', '2026-03-22', '2026-03-29', '2026-04-04', '2026-04-05', '2026-09-05', '2026-09-06', '2026-10-04', '2026-10-25', '2026-11-01', '2026-12-31');
const local = fc.tuple(date, time).map((parts) => parts.join('T'));
const weekly = fc.record({ days: fc.subarray([...DAYS], { minLength: 1 }), from: time, to: fc.oneof(time, fc.constant('24:00')) })
  .filter(({ from, to }) => timeOf(from) !== timeOf(to));
const schedule: fc.Arbitrary<Schedule> = fc.record({
  timeZone: fc.constantFrom(...ZONES), start: local, end: local, weekly: fc.array(weekly, { minLength: 1, maxLength: 3 }),
}, { requiredKeys: ['timeZone'] });

it('is what a second reading says, around every change, by a clock that runs on and by a fresh one', () => {
  fc.assert(fc.property(schedule, local, fc.array(fc.integer({ min: -3 * 86_400, max: 3 * 86_400 }), { maxLength: 4 }), (given, around, seconds) => {
    const clock = new ScheduleClock(given);
    const centre = at(`${around}Z`);
    for (const moment of [centre, ...seconds.map((each) => centre + each * 1_000)]) {
      const window = windowAt(given, moment);
      expect(window.fromMs <= moment && moment < window.untilMs).toBe(true);
      for (const ms of [moment, window.fromMs - 1, window.fromMs, window.untilMs - 1, window.untilMs]) {
        if (!Number.isFinite(ms) || Math.abs(ms - centre) > 30 * 86_400_000) continue;
        expect([ms, clock.windowAt(ms).active]).toEqual([ms, isActiveSlowly(given, ms)]);
        expect(isActive(given, ms)).toBe(clock.windowAt(ms).active);
      }
      expect(isActive(given, window.fromMs === -Infinity ? moment : window.fromMs)).toBe(window.active);
    }
  }), { numRuns: 60 });
}, 60_000);
