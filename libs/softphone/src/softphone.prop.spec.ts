import fc from 'fast-check';
import type { CallPlan } from './machines/phone-call.js';
import { ALICE, BOB, makeWire } from './phones.fixture.js';

const ms = fc.integer({ min: 0, max: 4_000 });
const plans: fc.Arbitrary<CallPlan> = fc.record({
  ringMs: fc.option(ms, { nil: undefined }),
  answerMs: fc.option(ms, { nil: undefined }),
  reject: fc.option(fc.record({ afterMs: ms, status: fc.constantFrom(480, 486, 603) }), { nil: undefined }),
});
const acts = fc.record({
  who: fc.constantFrom('alice', 'bob'),
  act: fc.constantFrom('call', 'answer', 'reject', 'hangUp', 'hold', 'retrieve', 'wait'),
  thenMs: ms,
});

it('whatever is done, in whatever order, over a bad network: no call and no transaction is left', async () => {
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 1_000_000 }), plans, fc.array(acts, { maxLength: 25 }), fc.constantFrom(0, 0.1, 0.3),
    async (seed, plan, steps, loss) => {
      const { world, alice, bob } = await makeWire(seed, { quality: { loss, duplication: loss, delayMsMin: 1, delayMsMax: 300 } });
      const phones = { alice: alice.add({ ...ALICE, plan: () => plan }), bob: bob.add({ ...BOB, plan: () => plan }) };
      for (const { who, act, thenMs } of steps) {
        const [call] = phones[who as 'alice'].calls;
        if (act === 'call') phones[who as 'alice'].call(who === 'alice' ? 'bob' : 'alice');
        else if (act !== 'wait') call?.[act as 'hold']();
        await world.advance(thenMs);
      }
      // Without media nobody notices that the other end is gone; its user hangs up.
      for (let round = 0; round < 3; round += 1) {
        for (const call of [...phones.alice.calls, ...phones.bob.calls]) call.hangUp();
        await world.advance(400_000);
      }
      expect([alice.size, bob.size]).toEqual([{ calls: 0, transactions: 0 }, { calls: 0, transactions: 0 }]);
    },
  ), { numRuns: 60 });
}, 60_000);
