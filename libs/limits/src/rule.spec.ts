import fc from 'fast-check';
import { anyRule } from './rule.fixture.js';
import { parseMode, parseRule, parseRuleInput } from './rule-schema.js';

const errorsOf = (value: unknown): readonly string[] => {
  const parsed = parseRuleInput(value);
  return parsed.ok ? [] : parsed.error.map(({ field, message }) => `${field}: ${message}`);
};
const rule = { dnis: '5000', type: 'concurrent' };

it('fills in what is left out', () => {
  expect(parseRuleInput(rule)).toEqual({ ok: true, value: {
    dnis: '5000', type: 'concurrent', description: '', division: '', enabled: true, shadow: false, limit: 1, queues: [], combine: 'sum', dnisAlso: [], answer: { status: 486 },
  } });
  const agents = parseRuleInput({ dnis: '+81312345678', type: 'agents', queues: ['q'], answer: {} });
  expect(agents.ok && [agents.value.limit, agents.value.answer]).toEqual([0, { status: 486 }]);
});

it.each([
  [undefined, ': must be an object: a rule'],
  [{ ...rule, dnis: undefined }, 'dnis: must be a number such as +81312345678 or 5000, or a name, without spaces, of 1 to 64 characters'],
  [{ ...rule, dnis: '50 00' }, 'dnis: must be a number such as +81312345678 or 5000, or a name, without spaces, of 1 to 64 characters'],
  [{ ...rule, dnis: '+0123' }, 'dnis: begins with + and must then be a country code and a number, 15 digits at most'],
  [{ ...rule, type: 'conc' }, 'type: must be one of: all-busy, concurrent, concurrent-sum, waiting, interactions, waiting-and-interactions, agents'],
  [{ ...rule, limit: -1 }, 'limit: must be a whole number from 0 to 1000000'],
  [{ ...rule, limit: '5' }, 'limit: must be a whole number from 0 to 1000000'],
  [{ ...rule, limit: 1_000_001 }, 'limit: must be a whole number from 0 to 1000000'],
  [{ ...rule, limits: 5 }, 'limits: is not known here; remove it or check its spelling'],
  [{ ...rule, enabled: 'yes' }, 'enabled: must be true or false'],
  [{ ...rule, queues: ['q'] }, 'queues: has no meaning with type concurrent; remove it or choose a type of queues'],
  [{ ...rule, type: 'waiting' }, 'queues: needs a queue at least with type waiting'],
  [{ ...rule, type: 'waiting', queues: ['a', 'b', 'a'] }, 'queues.2: a stands twice; remove one'],
  [{ ...rule, type: 'waiting', queues: Array.from({ length: 101 }, (_, index) => `q${index}`) }, 'queues: has too many queues: at most 100'],
  [{ ...rule, type: 'concurrent-sum' }, 'dnisAlso: needs a number at least with type concurrent-sum'],
  [{ ...rule, type: 'concurrent-sum', dnisAlso: ['5000'] }, 'dnisAlso: names the rule\'s own number 5000, which is counted in any case; remove it'],
  [{ ...rule, dnisAlso: ['5001'] }, 'dnisAlso: is for type concurrent-sum alone; remove it or choose that type'],
  [{ ...rule, answer: { status: 404 } }, 'answer.status: must be one of: 486, 503, 603, 302'],
  [{ ...rule, answer: { status: 302 } }, 'answer.to: is needed with status 302; it must be a number such as +81312345678, or a SIP URI such as sip:desk@example.com'],
  [{ ...rule, answer: { status: 302, to: 'sip:a@b>\r\nX: y' } }, 'answer.to: must be a number such as +81312345678, or a SIP URI such as sip:desk@example.com'],
  [{ ...rule, answer: { to: '5000' } }, 'answer.to: is for status 302 alone; remove it or set status to 302'],
  [{ ...rule, answer: { status: 486, retryAfterS: 5 } }, 'answer.retryAfterS: is for status 503 alone; remove it or set status to 503'],
  [{ ...rule, answer: { status: 603, reason: 'No\r\nVia: x' } }, 'answer.reason: must be a line of text of 1 to 100 characters'],
  [{ ...rule, schedule: { timeZone: 'Mars/Base', start: '2026-02-02T10:00', end: '2026-02-01T10:00' } }, 'schedule.timeZone: must be the name of a time zone such as Asia/Tokyo or UTC'],
  [{ ...rule, schedule: { timeZone: 'UTC' } }, 'schedule.start: is needed, or end, or weekly; leave the schedule out for a rule that always holds'],
  [{ ...rule, schedule: { timeZone: 'UTC', start: '2026-02-30T10:00' } }, 'schedule.start: must be a local date and time such as 2026-12-01T09:00 or 2026-12-01T09:00:30'],
  [{ ...rule, schedule: { timeZone: 'UTC', start: '2026-02-02T10:00', end: '2026-02-02T10:00' } }, 'schedule.end: must be after start'],
  [{ ...rule, schedule: { timeZone: 'UTC', weekly: [] } }, 'schedule.weekly: needs a window at least; leave it out for every day'],
  [{ ...rule, schedule: { timeZone: 'UTC', weekly: [{ days: [], from: '09:00', to: '10:00' }] } }, 'schedule.weekly.0.days: needs a day at least: mon, tue, wed, thu, fri, sat, sun'],
  [{ ...rule, schedule: { timeZone: 'UTC', weekly: [{ days: ['mon'], from: '9:00', to: '10:00' }] } }, 'schedule.weekly.0.from: must be a time of day such as 09:00 or 17:30:15'],
  [{ ...rule, schedule: { timeZone: 'UTC', weekly: [{ days: ['mon'], from: '24:00', to: '10:00' }] } }, 'schedule.weekly.0.from: must be before 24:00; midnight at the begin of a day is 00:00'],
  [{ ...rule, schedule: { timeZone: 'UTC', weekly: [{ days: ['mon'], from: '10:00', to: '10:00' }] } }, 'schedule.weekly.0.to: is the same as from; write 00:00 to 24:00 for the whole day'],
  [{ ...rule, withoutStore: 'maybe' }, 'withoutStore: must be one of: open, share, closed'],
])('%# tells what to change: %j', (value, error) => {
  expect(errorsOf(value)).toEqual([error]);
});

it('tells every mistake', () => {
  expect(errorsOf({ type: 'x', limit: 1.5, enabled: 1 }).map((each) => each.split(':')[0])).toEqual(['dnis', 'enabled', 'type', 'limit']);
});

it('takes every rule that it gave, and what JSON makes of it', () => {
  fc.assert(fc.property(anyRule, (given) => {
    expect(parseRule(given)).toEqual({ ok: true, value: given });
    expect(parseRule(JSON.parse(JSON.stringify(given)))).toEqual({ ok: true, value: given });
  }));
});

it('throws at nothing', () => {
  const schedule = fc.record({
    timeZone: fc.constantFrom('UTC', 'x', 1), start: fc.constantFrom('2026-01-01T00:00', 'x', 2), end: fc.constantFrom('2025-01-01T00:00', 'x'),
    weekly: fc.option(fc.array(fc.record({ days: fc.constantFrom(['mon'], 'mon', []), from: fc.constantFrom('10:00', '', 3), to: fc.anything() })), { nil: undefined }),
  });
  const value = fc.record({ dnis: fc.anything(), type: fc.anything(), schedule: fc.oneof(fc.anything(), schedule), answer: fc.anything(), queues: fc.anything() });
  fc.assert(fc.property(value, (given) => {
    expect(parseRuleInput(given)).toHaveProperty('ok');
  }));
});

it('has the mode unlimited where none is set', () => {
  expect([parseMode(undefined), parseMode(null), parseMode('dnis')].map((mode) => mode.ok && mode.value)).toEqual(['unlimited', 'unlimited', 'dnis']);
  expect(parseMode('busy')).toEqual({ ok: false, error: [{ field: 'mode', message: 'must be one of: unlimited, all-busy, dnis' }] });
});
