import { CHECKS_MAX, MemoryLimiterStore } from '#store';
import { VirtualClock } from '#simulation';
import fc from 'fast-check';
import type { AniEntry } from './ani-entry.js';
import { AniList } from './ani-list.js';
import { wayCounter } from './counters.js';
import { DEFAULT_PLAN } from './numbers.js';
import { anyRule, ruleOf } from './rule.fixture.js';
import type { Rule } from './rule.js';
import { type CallFacts, type Decision, outcomeOf, type Question, RuleTable } from './rule-table.js';

const NOW = Date.parse('2026-11-27T12:00Z');
const plan = { ...DEFAULT_PLAN, countryCode: '81' };
const call = (given: Partial<CallFacts> = {}): CallFacts => ({ dnis: '5000', ani: '0312345678', plan, nowMs: NOW, ...given });
const table = (...rules: Partial<Rule>[]): RuleTable => RuleTable.of('dnis', new AniList(), rules.map(ruleOf));
const asked = (decision: Decision): Question => {
  if (decision.kind !== 'ask') throw new Error(JSON.stringify(decision));
  return decision;
};
const entry: AniEntry = { number: '+81312345678', note: '', addedBy: 'ann', addedAtMs: 0, expiresAtMs: NOW + 1 };

describe('the order of a verdict', () => {
  const ani = new AniList();
  ani.add(entry, 0);

  it('refuses blocked callers in every mode', () => {
    for (const mode of ['unlimited', 'all-busy', 'dnis'] as const) {
      expect(RuleTable.of(mode, ani).decide(call())).toEqual({ kind: 'refuse', cause: 'ani-blocked', ani: '+81312345678', answer: { status: 486, reason: 'CLM:ANI Blocked' } });
    }
    expect(RuleTable.of('unlimited', ani).decide(call({ nowMs: NOW + 1 })).kind).toBe('ask');
  });

  it('then everything when all is busy', () => {
    expect(RuleTable.of('all-busy', ani).decide(call({ ani: 'anonymous' }))).toEqual({ kind: 'refuse', cause: 'all-busy', answer: { status: 486, reason: 'CLM:All Busy' } });
  });

  it('asks no rule without limits, and counts the call all the same', () => {
    expect(RuleTable.of('unlimited', new AniList(), [ruleOf({ type: 'all-busy' })]).decide(call()))
      .toEqual({ kind: 'ask', checks: [], takes: [{ counter: 'dnis:5000' }], rules: [], shadows: [] });
  });
});

describe('rules of a number', () => {
  it('refuse all, those of other numbers nothing', () => {
    const busy = table({ id: 'a', type: 'all-busy' });
    expect(busy.decide(call())).toEqual({ kind: 'refuse', cause: 'rule', rule: 'a', answer: { status: 486, reason: 'CLM:DNIS All Busy' } });
    expect(busy.decide(call({ dnis: '5001' })).kind).toBe('ask');
    expect(table({ type: 'all-busy', enabled: false }).decide(call()).kind).toBe('ask');
  });

  it('with a plus are those of the number however it is written, others as it is written', () => {
    const rules = table({ id: 'e164', dnis: '+81501234567' }, { id: 'local', dnis: '0501234567' });
    const question = asked(rules.decide(call({ dnis: '0501234567' })));
    expect(question.rules.map(({ id }) => id)).toEqual(['e164', 'local']);
    expect(question.takes).toEqual([{ counter: 'dnis:+81501234567' }, { counter: 'dnis:0501234567' }]);
    expect(asked(rules.decide(call({ dnis: '+81501234567' }))).rules.map(({ id }) => id)).toEqual(['e164']);
  });

  it('hold in their schedule alone', () => {
    const weekdays = table({ type: 'all-busy', schedule: { timeZone: 'UTC', weekly: [{ days: ['fri'], from: '12:00', to: '13:00' }] } });
    expect([NOW - 1, NOW, NOW + 3_599_999, NOW + 3_600_000].map((nowMs) => weekdays.decide(call({ nowMs })).kind)).toEqual(['ask', 'refuse', 'refuse', 'ask']);
  });

  it('answer as they say', () => {
    const answerOf = (given: Partial<Rule>) => {
      const decision = table({ id: 'a', type: 'all-busy', ...given }).decide(call());
      return decision.kind === 'refuse' ? decision.answer : undefined;
    };
    expect(answerOf({ answer: { status: 503 } })).toEqual({ status: 503, reason: 'CLM:DNIS All Busy', retryAfterS: 10 });
    expect(answerOf({ answer: { status: 603, reason: 'Closed' } })).toEqual({ status: 603, reason: 'Closed' });
    expect(answerOf({ answer: { status: 302, to: '5009' } })).toEqual({ status: 302, to: '5009', reason: 'CLM:DNIS All Busy' });
  });
});

describe('what the store is asked', () => {
  const queues = ['q 1', 'q2'];
  const way = wayCounter(queues);
  const one = (given: Partial<Rule>) => asked(table({ id: 'a', limit: 5, ...given }).decide(call()));
  const base = { name: 'a', combine: 'sum', refuse: 'at-least', limit: 5, way: [], shadow: false };

  it.each<[Partial<Rule>, unknown[]]>([
    [{ type: 'concurrent' }, [{ ...base, counters: ['dnis:5000'] }]],
    [{ type: 'concurrent', shadow: true }, [{ ...base, counters: ['dnis:5000'], shadow: true, ghosts: 'ghosts:a' }]],
    [{ type: 'concurrent-sum', dnisAlso: ['5001', '+81501234567'] }, [{ ...base, counters: ['dnis:5000', 'dnis:5001', 'dnis:+81501234567'] }]],
    [{ type: 'waiting', queues, combine: 'any' }, [{ ...base, counters: ['waiting:q%201', 'waiting:q2'], combine: 'any', way: [way] }]],
    [{ type: 'interactions', queues }, [{ ...base, counters: ['talking:q%201', 'talking:q2'] }]],
    [{ type: 'waiting-and-interactions', queues }, [{ ...base, counters: ['waiting:q%201', 'talking:q%201', 'waiting:q2', 'talking:q2'], way: [way] }]],
    [{ type: 'waiting-and-interactions', queues, combine: 'any' }, [
      { ...base, name: 'a/0', counters: ['waiting:q%201', 'talking:q%201'], way: [way] }, { ...base, name: 'a/1', counters: ['waiting:q2', 'talking:q2'], way: [way] },
    ]],
    [{ type: 'agents', queues, combine: 'any', limit: 0 }, [{ ...base, counters: ['ready:q%201', 'ready:q2'], combine: 'any', refuse: 'at-most', limit: 0 }]],
  ])('%j', (given, checks) => {
    expect(one(given).checks).toEqual(checks);
  });

  it('takes the way to the queues, which ends in any of them', () => {
    expect(one({ type: 'agents', queues }).takes).toEqual([{ counter: 'dnis:5000' }, { counter: way, until: ['waiting:q%201', 'talking:q%201', 'waiting:q2', 'talking:q2'] }]);
  });

  it('counts the way to every set that shares a queue, of rules that are switched off too', () => {
    const rules = table({ id: 'a', type: 'waiting', queues: ['q1', 'q2'] }, { dnis: '1', type: 'waiting', queues: ['q2', 'q3'], enabled: false },
      { dnis: '2', type: 'agents', queues: ['q2', 'q1'] }, { dnis: '3', type: 'waiting', queues: ['q3'] });
    expect(asked(rules.decide(call())).checks[0]!.way).toEqual([wayCounter(['q1', 'q2']), wayCounter(['q2', 'q3'])]);
  });

  it('is no more than the store takes, if two rules are in force', () => {
    const many = Array.from({ length: 100 }, (_, index) => `q${index}`);
    const rules = table({ id: 'a' }, { id: 'b', type: 'waiting-and-interactions', combine: 'any', queues: many }, { id: 'c' });
    const question = asked(rules.decide(call()));
    expect(question.checks.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(asked(table({ id: 'b', type: 'waiting-and-interactions', combine: 'any', queues: many }).decide(call())).checks).toHaveLength(CHECKS_MAX);
  });

  it('says what holds without the store: the strictest', () => {
    expect(one({}).withoutStore).toBeUndefined();
    expect(asked(table({ withoutStore: 'open' }, { withoutStore: 'closed' }, {}).decide(call())).withoutStore).toBe('closed');
    expect(asked(table({ withoutStore: 'open' }, { withoutStore: 'closed', shadow: true }).decide(call())).withoutStore).toBe('open');
  });
});

describe('what came of it', () => {
  it('is refused by the first full rule that is no shadow', () => {
    const question = asked(table({ id: 'a', shadow: true }, { id: 'b', type: 'concurrent-sum', dnisAlso: ['1'] }, { id: 'c' }, { id: 'd', type: 'all-busy', shadow: true }).decide(call()));
    expect(outcomeOf(question, [])).toEqual({ shadows: ['d'] });
    expect(outcomeOf(question, ['a'])).toEqual({ shadows: ['d', 'a'] });
    expect(outcomeOf(question, ['a', 'b', 'c'])).toEqual({
      shadows: ['d', 'a'], refusal: { kind: 'refuse', cause: 'rule', rule: 'b', answer: { status: 486, reason: 'CLM:ConcurrentCallsSUM limit exceeded' } },
    });
  });

  it('is the rule of a check of one of its queues', () => {
    const question = asked(table({ id: 'a', type: 'waiting-and-interactions', combine: 'any', queues: ['x', 'y'] }).decide(call()));
    expect(outcomeOf(question, ['a/1'])).toEqual({ shadows: [], refusal: { kind: 'refuse', cause: 'rule', rule: 'a', answer: { status: 486, reason: 'CLM:Calls limit exceeded' } } });
  });
});

describe('with a store', () => {
  const callers = async (rules: RuleTable, dnis: readonly string[]) => {
    const store = new MemoryLimiterStore(new VirtualClock());
    const outcomes: string[] = [];
    for (const [index, each] of dnis.entries()) {
      const question = asked(rules.decide(call({ dnis: each })));
      const { full } = await store.acquire(`call${index}`, question, 30_000);
      outcomes.push(outcomeOf(question, full).refusal?.rule ?? 'in');
    }
    return outcomes;
  };

  it('lets as many in as the limit says', async () => {
    expect(await callers(table({ id: 'a', limit: 2 }), ['5000', '5000', '5000', '5001'])).toEqual(['in', 'in', 'a', 'in']);
  });

  it('counts further numbers, and refuses them nothing', async () => {
    expect(await callers(table({ id: 'a', type: 'concurrent-sum', limit: 2, dnisAlso: ['5001'] }), ['5001', '5000', '5000', '5001'])).toEqual(['in', 'in', 'a', 'in']);
  });

  it('counts calls on the way to a queue by another rule', async () => {
    const rules = table({ id: 'a', type: 'waiting', queues: ['q', 'p'] }, { id: 'b', dnis: '5001', type: 'waiting', queues: ['q'] }, { id: 'c', dnis: '5002', type: 'waiting', queues: ['p'] });
    expect(await callers(rules, ['5001', '5000', '5002', '5002'])).toEqual(['in', 'a', 'in', 'c']);
  });

  it('refuses without an agent', async () => {
    expect(await callers(table({ id: 'a', type: 'agents', limit: 0, queues: ['q'] }), ['5000'])).toEqual(['a']);
  });
});

describe('changes', () => {
  it('leave the table they were made from', () => {
    const before = table({ id: 'a' });
    const after = before.with({ put: [ruleOf({ id: 'a', dnis: '5001' }), ruleOf({ id: 'b', type: 'all-busy' })] });
    expect([before.size, asked(before.decide(call())).rules.length, after.size, after.decide(call()).kind, after.rule('a')?.dnis]).toEqual([1, 1, 2, 'refuse', '5001']);
    expect(after.with({ mode: 'unlimited' }).decide(call()).kind).toBe('ask');
    expect(after.with({ remove: ['a', 'b', 'none'] }).size).toBe(0);
  });

  it('come to what a table made afresh says', () => {
    const rule = anyRule.map((given) => ({ ...given, id: given.id[0]!, dnis: '5000', dnisAlso: given.type === 'concurrent-sum' ? ['9'] : [] }));
    const changes = fc.array(fc.record({ put: fc.array(rule, { maxLength: 3 }), remove: fc.array(fc.constantFrom('a', 'b', '1', '_'), { maxLength: 2 }) }), { maxLength: 5 });
    fc.assert(fc.property(changes, (steps) => {
      let changed = RuleTable.of('dnis', new AniList());
      const rules = new Map<string, Rule>();
      for (const { put, remove } of steps) {
        changed = changed.with({ put, remove });
        for (const id of remove) rules.delete(id);
        for (const each of put) rules.set(each.id, each);
      }
      const fresh = RuleTable.of('dnis', new AniList(), rules.values());
      const sorted = (decision: Decision) => (decision.kind === 'refuse' ? decision : {
        ...decision, checks: decision.checks.map((check) => ({ ...check, way: [...check.way].sort() })),
      });
      expect(sorted(changed.decide(call()))).toEqual(sorted(fresh.decide(call())));
      expect(changed.size).toBe(rules.size);
    }));
  });
});

describe('a table that was asked before', () => {
  const DAY_MS = 86_400_000;

  it('says what one made afresh says, whenever and however the number is dialled', () => {
    const rule = anyRule.map((given) => ({ ...given, dnis: given.id < 'a' ? '+81501234567' : '0501234567', dnisAlso: given.type === 'concurrent-sum' ? ['9'] : [] }));
    const asks = fc.array(fc.record({
      dnis: fc.constantFrom('0501234567', '+81501234567', '81501234567'), plan: fc.constantFrom(plan, DEFAULT_PLAN),
      nowMs: fc.integer({ min: NOW - 10 * DAY_MS, max: NOW + 60 * DAY_MS }),
    }), { minLength: 1, maxLength: 12 });
    fc.assert(fc.property(fc.array(rule, { maxLength: 6 }), asks, (rules, calls) => {
      const known = RuleTable.of('dnis', new AniList(), rules);
      for (const each of calls) expect(known.decide(call(each))).toEqual(RuleTable.of('dnis', new AniList(), rules).decide(call(each)));
    }));
  });

  it('says the same object again until a schedule turns', () => {
    const rules = table({ schedule: { timeZone: 'UTC', end: '2026-11-27T12:00:01' } });
    const [first, again, turned] = [NOW, NOW + 999, NOW + 1_000].map((nowMs) => asked(rules.decide(call({ nowMs }))));
    expect(again).toBe(first);
    expect([first?.rules.length, turned?.rules.length]).toEqual([1, 0]);
  });

  it('forgets answers when there are too many, and no long number is kept', () => {
    const rules = table();
    const first = rules.decide(call());
    for (let n = 0; n < 16_384; n += 1) rules.decide(call({ dnis: String(n + 10_000) }));
    expect(rules.decide(call())).not.toBe(first);
    expect(rules.decide(call())).toEqual(first);
    const long = '1'.repeat(65);
    expect(rules.decide(call({ dnis: long }))).not.toBe(rules.decide(call({ dnis: long })));
  });
});
