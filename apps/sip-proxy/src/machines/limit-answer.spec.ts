import type { Question } from '#limits';
import fc from 'fast-check';
import { ruleOf } from '../../../../libs/limits/src/rule.fixture.js';
import { partOf, policyOf, shareOf, takesOf } from './limit-answer.js';

const check = (name: string, more = {}) =>
  ({ name, counters: ['dnis:5000'], combine: 'sum' as const, refuse: 'at-least' as const, limit: 4, way: [], shadow: false, ...more });
const question = (more: Partial<Question> = {}): Question => ({ kind: 'ask', checks: [check('a')], takes: [{ counter: 'dnis:5000' }], rules: [], shadows: [], ...more });

describe('the part of a limit', () => {
  it('is rounded down, and what is over goes to the first: together the limit', () => {
    expect([0, 1, 2].map((index) => partOf(5, index, 3))).toEqual([2, 2, 1]);
    fc.assert(fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 50 }), (limit, proxies) => {
      const parts = Array.from({ length: proxies }, (_, index) => partOf(limit, index, proxies));
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(limit);
      expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(1);
    }));
  });

  it('is asked of calls alone', () => {
    const rules = [ruleOf({ id: 'a' }), ruleOf({ id: 'q', type: 'waiting-and-interactions', queues: ['x'] })];
    const asked = shareOf(question({ rules, checks: [check('a'), check('q/0'), check('q/1')] }), 1, 3);
    expect(asked.checks).toEqual([check('a', { limit: 1 })]);
  });
});

describe('without a store', () => {
  it('a rule says what holds before the option does', () => {
    expect(policyOf(question(), 'closed')).toBe('closed');
    expect(policyOf(question({ withoutStore: 'share' }), 'closed')).toBe('share');
  });

  it('nobody is refused whom only shadows count', () => {
    expect(policyOf(question({ checks: [] }), 'closed')).toBe('open');
    expect(policyOf(question({ checks: [check('a', { shadow: true })], withoutStore: 'closed' }), 'closed')).toBe('open');
  });
});

it('a call takes the ghosts of full shadows, each once', () => {
  const shadow = { shadow: true, ghosts: 'ghosts:s' };
  const asked = question({ checks: [check('a'), check('s/0', shadow), check('s/1', shadow), check('t', { shadow: true, ghosts: 'ghosts:t' })] });
  expect(takesOf(asked, ['s/0', 's/1'])).toEqual([{ counter: 'dnis:5000' }, { counter: 'ghosts:s' }]);
});
