import { RULES_PER_DNIS_MAX } from './rule.js';
import { ruleOf } from './rule.fixture.js';
import { conflictsIn, QUEUE_SETS_MAX, RuleSet } from './rule-set.js';
import type { Schedule } from './schedule.js';

const NOW = Date.parse('2026-11-26T00:00Z');
const weekly = (from: string, to: string): Schedule => ({ timeZone: 'UTC', weekly: [{ days: ['fri'], from, to }] });

it('finds rules by number, and forgets those that are replaced', () => {
  const set = new RuleSet([ruleOf({ id: 'a' }), ruleOf({ id: 'b', dnis: '5001' })]);
  set.put(ruleOf({ id: 'a', dnis: '5002' }));
  expect([set.size, set.ofDnis('5000'), set.ofDnis('5002').map(({ id }) => id), set.remove('b'), set.remove('b'), set.size]).toEqual([2, [], ['a'], true, false, 1]);
});

it('names the rule that always holds already', () => {
  const set = new RuleSet([ruleOf({ id: 'a' })]);
  const conflict = { kind: 'overlap', field: 'schedule', message: '5000 has rule a, which always holds; change that one, or give it a schedule', rule: 'a' };
  expect(set.conflictsOf(ruleOf({ id: 'b' }), NOW)).toEqual([conflict]);
  expect(set.conflictsOf(ruleOf({ id: 'b', enabled: false, schedule: weekly('09:00', '10:00') }), NOW)).toEqual([conflict]);
  expect(set.conflictsOf(ruleOf({ id: 'a', limit: 9 }), NOW)).toEqual([]);
  expect(set.conflictsOf(ruleOf({ id: 'b', dnis: '5001' }), NOW)).toEqual([]);
});

it('names the rule and the moment of an overlap', () => {
  const set = new RuleSet([ruleOf({ id: 'a', schedule: weekly('09:00', '18:00') })]);
  expect(set.conflictsOf(ruleOf({ id: 'b', schedule: weekly('17:00', '19:00') }), NOW)).toEqual([{
    kind: 'overlap', field: 'schedule', message: 'is in force together with rule a of 5000 at 2026-11-27T17:00:00.000Z; let them not overlap', rule: 'a',
  }]);
  expect(set.conflictsOf(ruleOf({ id: 'b', schedule: weekly('18:00', '09:00') }), NOW)).toEqual([]);
  expect(set.conflictsOf(ruleOf({ id: 'b' }), NOW)).toMatchObject([{ kind: 'overlap', rule: 'a' }]);
});

it('lets a shadow stand beside the rule that refuses, one of each at a time', () => {
  const set = new RuleSet([ruleOf({ id: 'a' })]);
  const shadow = ruleOf({ id: 'b', limit: 9, shadow: true });
  expect(set.conflictsOf(shadow, NOW)).toEqual([]);
  set.put(shadow);
  expect(set.conflictsOf(ruleOf({ id: 'c', shadow: true }), NOW)).toMatchObject([{ kind: 'overlap', rule: 'b' }]);
  expect(set.conflictsOf({ ...shadow, shadow: false }, NOW)).toMatchObject([{ kind: 'overlap', rule: 'a' }]);
});

it('leaves a number to one division', () => {
  const set = new RuleSet([ruleOf({ id: 'a', division: 'sales', schedule: weekly('09:00', '10:00') })]);
  expect(set.conflictsOf(ruleOf({ id: 'b', division: 'service', schedule: weekly('10:00', '11:00') }), NOW)).toEqual([{
    kind: 'division', field: 'division', message: '5000 belongs to division "sales" by rule a; choose that division, or another number', rule: 'a',
  }]);
});

it('is bounded', () => {
  const inYear = (year: number): Schedule => ({ timeZone: 'UTC', start: `${year}-01-01T00:00`, end: `${year}-02-01T00:00` });
  const ofOne = Array.from({ length: RULES_PER_DNIS_MAX }, (_, index) => ruleOf({ id: `r${index}`, schedule: inYear(2030 + index) }));
  expect(new RuleSet(ofOne).conflictsOf(ruleOf({ id: 'x', schedule: weekly('09:00', '10:00') }), NOW)).toMatchObject([{ kind: 'too-many', field: 'dnis' }]);
  const sharing = Array.from({ length: QUEUE_SETS_MAX }, (_, index) => ruleOf({ id: `q${index}`, dnis: String(index), type: 'waiting', queues: ['q', `q${index}`] }));
  const set = new RuleSet(sharing);
  expect(set.conflictsOf(ruleOf({ dnis: '5000', type: 'waiting', queues: ['p', 'q'] }), NOW)).toMatchObject([{ kind: 'too-many', field: 'queues.1' }]);
  expect(set.conflictsOf(ruleOf({ dnis: '5000', type: 'waiting', queues: ['q', 'q7'] }), NOW)).toEqual([]);
});

it('finds what two data centres made apart', () => {
  const set = new RuleSet([ruleOf({ id: 'a' }), ruleOf({ id: 'b' }), ruleOf({ id: 'c', dnis: '1' })]);
  expect(conflictsIn(set, NOW).map(({ of, rule }) => [of, rule])).toEqual([['a', 'b'], ['b', 'a']]);
});
