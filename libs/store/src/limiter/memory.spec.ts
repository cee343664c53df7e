import { VirtualClock } from '#simulation';
import fc from 'fast-check';
import { check, limiterStoreContract, takesOf } from './contract.js';
import { CounterTable } from './counter-table.js';
import { MemoryLimiterStore } from './memory.js';
import { ALL_COUNTERS, answerOf, histories, LimiterOracle } from './oracle.fixture.js';

limiterStoreContract('MemoryLimiterStore', async () => {
  const clock = new VirtualClock();
  const store = new MemoryLimiterStore(clock);
  return { a: store, b: store, advance: (ms) => clock.advance(ms), close: () => store.close() };
});

describe('MemoryLimiterStore', () => {
  it.each([0, 65_536])('answers as the page says, whatever happened before; it keeps %i empty counters', async (keptMax) => {
    await fc.assert(fc.asyncProperty(histories([40, 100, 60_000], [30, 60, 1_100, 30_000]), async (history) => {
      const clock = new VirtualClock();
      const store = new MemoryLimiterStore(clock, new CounterTable(keptMax));
      const oracle = new LimiterOracle();
      oracle.nowMs = clock.nowMs();
      for (const step of history) {
        if (step.kind === 'pass') await clock.advance(step.ms);
        oracle.nowMs = clock.nowMs();
        if (step.kind !== 'pass') expect(await answerOf(store, step)).toEqual(oracle.answer(step));
        expect(await store.usage(ALL_COUNTERS)).toEqual(oracle.usage(ALL_COUNTERS));
      }
    }), { numRuns: 400 });
  }, 60_000);

  it('is the same for all tiers of a process: one that closes takes nothing from the others', async () => {
    const store = new MemoryLimiterStore(new VirtualClock());
    await store.hold([{ id: 'c1', by: 'sc', takes: takesOf('x') }], 1_000);
    await store.close();
    expect(await store.usage(['x'])).toEqual([1]);
  });

  it('gives a verdict at once, which counts as one that is waited for', async () => {
    const store = new MemoryLimiterStore(new VirtualClock());
    const claim = { checks: [check('x', 2)], takes: takesOf('x') };
    expect(store.acquireNow?.('c1', claim, 1_000)).toEqual({ admitted: true, full: [] });
    expect(await store.acquire('c2', claim, 1_000)).toEqual({ admitted: true, full: [] });
    expect(store.acquireNow?.('c3', claim, 1_000)).toEqual({ admitted: false, full: ['x'] });
    expect(await store.usage(['x'])).toEqual([2]);
  });

  it('refuses a mistake of its caller', async () => {
    const store = new MemoryLimiterStore(new VirtualClock());
    const takes = takesOf(...Array.from({ length: 301 }, (_, i) => `x${i}`));
    await expect(store.acquire('c1', { checks: [], takes }, 1_000)).rejects.toThrow(/at most 300 takes/);
    await expect(store.hold([{ id: 'c1', by: 'sc', takes }], 1_000)).rejects.toThrow(/at most 300 takes/);
    await expect(store.release(Array.from({ length: 101 }, (_, i) => `c${i}`))).rejects.toThrow(/at most 100 calls/);
  });
});
