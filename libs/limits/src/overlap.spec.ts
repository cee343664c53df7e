import fc from 'fast-check';
import { overlapOf } from './overlap.js';
import { type Day, DAYS, isActive, type Schedule } from './schedule.js';

const NOW = Date.parse('2026-11-26T00:00Z');
const weekly = (days: readonly Day[], from: string, to: string, timeZone = 'Asia/Tokyo'): Schedule =>
  ({ timeZone, weekly: [{ days, from, to }] });

it('finds the first moment at which both are in force', () => {
  expect(overlapOf(weekly(['fri'], '09:00', '18:00'), weekly(['fri'], '17:00', '19:00'), NOW)).toBe(Date.parse('2026-11-27T08:00Z'));
  expect(overlapOf(undefined, weekly(['fri'], '17:00', '19:00'), NOW)).toBe(Date.parse('2026-11-27T08:00Z'));
  expect(overlapOf(undefined, undefined, NOW)).toBe(NOW);
});

it('lets windows adjoin', () => {
  expect(overlapOf(weekly(['fri'], '09:00', '18:00'), weekly(['fri'], '18:00', '09:00'), NOW)).toBeUndefined();
  expect(overlapOf({ timeZone: 'UTC', end: '2027-01-01T00:00' }, { timeZone: 'UTC', start: '2027-01-01T00:00' }, NOW)).toBeUndefined();
});

it('finds what happens only while the clocks of two zones differ otherwise', () => {
  // New York changes on 14 March 2027, Berlin two weeks later: 5 hours instead of 6 between them.
  const berlin = weekly(['mon'], '14:00', '15:00', 'Europe/Berlin');
  const newYork = weekly(['mon'], '09:00', '10:00', 'America/New_York');
  expect(overlapOf(berlin, newYork, NOW)).toBe(Date.parse('2027-03-15T13:00Z'));
});

it('passes over what is past, and waits for what begins years later', () => {
  const past: Schedule = { timeZone: 'UTC', end: '2026-01-01T00:00' };
  expect(overlapOf(past, undefined, NOW)).toBeUndefined();
  const later: Schedule = { ...weekly(['sun'], '10:00', '11:00', 'UTC'), start: '2040-01-01T00:00' };
  expect(overlapOf(later, weekly(['sun'], '10:30', '12:00', 'UTC'), NOW)).toBe(Date.parse('2040-01-01T10:30Z'));
});

const hour = fc.integer({ min: 0, max: 23 }).map((value) => `${String(value).padStart(2, '0')}:00`);
const schedule: fc.Arbitrary<Schedule> = fc.record({
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata'),
  weekly: fc.tuple(fc.subarray([...DAYS], { minLength: 1 }), hour, hour).filter(([, from, to]) => from !== to).map(([days, from, to]) => [{ days, from, to }]),
});

it('agrees with a look at every half hour of a fortnight', () => {
  fc.assert(fc.property(schedule, schedule, (a, b) => {
    const moment = overlapOf(a, b, NOW);
    expect(overlapOf(b, a, NOW)).toBe(moment);
    if (moment !== undefined) expect([isActive(a, moment), isActive(b, moment)]).toEqual([true, true]);
    const halfHours = Array.from({ length: 14 * 48 }, (_, index) => NOW + index * 1_800_000);
    const seen = halfHours.find((ms) => isActive(a, ms) && isActive(b, ms));
    if (seen !== undefined) expect(moment).toBe(seen);
  }), { numRuns: 40 });
});
