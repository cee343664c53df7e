import fc from 'fast-check';
import { CounterCalls } from './counter.js';

type Step = { readonly kind: 'set'; readonly id: string; readonly leaseMs: number } | { readonly kind: 'delete'; readonly id: string } | { readonly kind: 'pass'; readonly ms: number };

const id = fc.constantFrom('a', 'b', 'c', 'd');
const step = (leaseMs: fc.Arbitrary<number>): fc.Arbitrary<Step> => fc.oneof(
  fc.record({ kind: fc.constant('set' as const), id, leaseMs }),
  fc.record({ kind: fc.constant('delete' as const), id }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20 }) }),
);
/** All leases alike, and of any length. */
const steps = fc.oneof(fc.array(step(fc.constant(30)), { maxLength: 60 }), fc.array(step(fc.integer({ min: 1, max: 60 })), { maxLength: 60 }));

function walk(walked: readonly Step[], check: (calls: CounterCalls, model: Map<string, number>) => void): CounterCalls {
  const [calls, model] = [new CounterCalls(), new Map<string, number>()];
  let nowMs = 0;
  for (const each of walked) {
    if (each.kind === 'pass') {
      nowMs += each.ms;
    } else if (each.kind === 'delete') {
      calls.delete(each.id);
      model.delete(each.id);
    } else {
      calls.set(each.id, nowMs + each.leaseMs);
      model.set(each.id, nowMs + each.leaseMs);
    }
    calls.expire(nowMs);
    for (const [known, untilMs] of model) if (untilMs <= nowMs) model.delete(known);
    check(calls, model);
  }
  return calls;
}

describe('CounterCalls', () => {
  it('has the calls whose lease lasts, one or many, in whichever order leases end', () => {
    fc.assert(fc.property(steps, (walked) => {
      walk(walked, (calls, model) => {
        expect(calls.size).toBe(model.size);
        for (const each of ['a', 'b', 'c', 'd']) expect(calls.has(each)).toBe(model.has(each));
      });
    }));
  });

  it('says how many are in two', () => {
    fc.assert(fc.property(steps, steps, (one, other) => {
      const [ours, theirs] = [walk(one, () => {}), walk(other, () => {})];
      const both = ['a', 'b', 'c', 'd'].filter((each) => ours.has(each) && theirs.has(each)).length;
      expect([ours.sharedWith(theirs), theirs.sharedWith(ours)]).toEqual([both, both]);
    }));
  });
});
