import { type Bus, MemoryBus } from '#cluster';
import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import { ProxyReach, type ReachNotice } from './proxy-reach.js';

describe('a primary that no proxy answers (PRX-23)', () => {
  let clock: VirtualClock;
  let bus: Bus;
  let reaches: Record<string, boolean>;
  let primary: string;
  let halves: ProxyReach[];

  beforeEach(() => {
    clock = new VirtualClock();
    bus = new MemoryBus({ clock, log: silentLog, meter: new CountingMeter() });
    reaches = { a: true, b: true };
    primary = 'a';
    halves = ['a', 'b'].map((name) => {
      const half = new ProxyReach(name, 'pair', 5_000, {
        bus, clock, log: silentLog,
        proxies: { ask: (_question, answered) => { if (reaches[name] === true) clock.setTimer(5, () => answered('p1', true)); } },
      }, { isPrimary: () => primary === name, yieldRole: () => { primary = name === 'a' ? 'b' : 'a'; } });
      bus.subscribe('pair', (message) => half.heard(message as ReachNotice));
      half.start();
      return half;
    });
  });
  afterEach(() => { for (const half of halves) half.close(); });

  it('keeps its role while one answers', async () => {
    await clock.advance(60_000);
    expect(primary).toBe('a');
  });

  it('gives its role away after oos-force, not earlier', async () => {
    await clock.advance(10_000);
    reaches['a'] = false;
    await clock.advance(4_500);
    expect(primary).toBe('a');
    await clock.advance(2_000);
    expect(primary).toBe('b');
  });

  it('keeps it when the backup reaches none either, or is not heard', async () => {
    reaches = {};
    await clock.advance(60_000);
    expect(primary).toBe('a');
    halves[1]!.close();
    reaches = { b: true };
    await clock.advance(60_000);
    expect(primary).toBe('a');
  });
});
