import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import { takesOf } from './contract.js';
import { FailingLimiterStore } from './failing.fixture.js';
import { LimitsTeller, type LimitsTellerOptions } from './teller.js';

const LEASE_MS = 30_000;

function stage(more: Partial<LimitsTellerOptions> = {}) {
  const clock = new VirtualClock();
  const store = new FailingLimiterStore(clock);
  const meter = new CountingMeter();
  const teller = new LimitsTeller({ store, clock, meter, log: silentLog }, { by: 'sc/N1', tier: 'sc', leaseMs: LEASE_MS, ...more });
  const figures = async (...counters: string[]) => [...await store.figures(counters)];
  return { clock, store, meter, teller, figures };
}

describe('a teller of slots', () => {
  it('gathers what one turn changes, and says the last of it', async () => {
    const { clock, store, teller, figures } = stage();
    teller.hold('c1', takesOf('waiting'));
    teller.hold('c2', takesOf('waiting'));
    teller.hold('c1', takesOf('talking'));
    teller.hold('c3', []);
    await clock.advance(1);
    expect(await figures('waiting', 'talking')).toEqual([1, 1]);
    expect(store.asked).toEqual(['hold c1 c2']);
  });

  it('releases a call under both of its names, also before it was told', async () => {
    const { clock, store, teller, figures } = stage();
    await store.acquire('slot1', { checks: [], takes: takesOf('dnis') }, LEASE_MS);
    teller.hold('c1', takesOf('dnis'), 'slot1');
    teller.release('c1', 'slot1');
    await clock.advance(1);
    expect(await figures('dnis')).toEqual([0]);
    expect(store.asked).toEqual(['release c1 slot1']);
  });

  it('tells of an end in the same turn: who hears of it may bring the next call at once', async () => {
    const { store, teller } = stage();
    await store.acquire('slot1', { checks: [], takes: takesOf('dnis') }, LEASE_MS);
    teller.release('c1', 'slot1');
    expect(store.asked).toEqual(['release c1 slot1']);
  });

  it('says each call again within a third of the lease, for as long as it lives', async () => {
    const { clock, teller, figures, meter } = stage();
    for (let i = 0; i < 60; i += 1) teller.hold(`c${i}`, takesOf('x'));
    await clock.advance(5 * LEASE_MS);
    expect(await figures('x')).toEqual([60]);
    expect(meter.count('limits_told_total', { tier: 'sc' })).toBeLessThan(60 * 20);
    expect(meter.value('limits_held', { tier: 'sc' })).toBe(60);
    teller.close();
    await clock.advance(LEASE_MS);
    expect(await figures('x')).toEqual([0]);
  });

  it('says all that is true when the store is back, and nothing of what was', async () => {
    const { clock, store, teller, figures, meter } = stage();
    teller.hold('c1', takesOf('x'));
    teller.hold('c2', takesOf('x'));
    await clock.advance(1);
    store.away = true;
    teller.release('c1');
    teller.hold('c3', takesOf('waiting'));
    await clock.advance(500);
    teller.hold('c3', takesOf('talking'));
    await clock.advance(LEASE_MS * 2);
    expect(meter.count('limits_tell_failures_total', { tier: 'sc' })).toBeGreaterThan(10);
    store.asked.length = 0;
    store.back();
    await clock.advance(1);
    expect(await figures('x', 'waiting', 'talking')).toEqual([1, 0, 1]);
    expect(store.asked.join()).not.toMatch(/release/);
  });

  it('forgets a call that has no slot any more', async () => {
    const { clock, store, teller, meter } = stage();
    teller.hold('c1', takesOf('x'));
    await clock.advance(1);
    teller.hold('c1', []);
    await clock.advance(1);
    expect(meter.value('limits_held', { tier: 'sc' })).toBe(0);
    store.asked.length = 0;
    await clock.advance(LEASE_MS);
    expect(store.asked).toEqual([]);
  });

  it('that amends says it again soon where the record is not there yet, and gives up where it is not any more', async () => {
    const gone: string[] = [];
    const { clock, store, teller, figures } = stage({ by: 'vq', gone: (id) => void gone.push(id) });
    teller.hold('c1', takesOf('waiting'));
    await clock.advance(1);
    await store.hold([{ id: 'c1', by: 'sc', takes: takesOf('dnis') }], LEASE_MS);
    await clock.advance(250);
    expect(await figures('waiting')).toEqual([1]);
    await store.release(['c1']);
    await clock.advance(LEASE_MS / 3 + 2_000);
    expect(gone).toEqual(['c1']);
  });
});
