import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '#kernel';
import { VirtualClock } from '#simulation';
import { locationStoreContract } from './contract.js';
import { MemoryLocationStore } from './memory.js';

locationStoreContract('MemoryLocationStore', async () => {
  const clock = new VirtualClock();
  return { store: new MemoryLocationStore(clock), clock, advance: (ms) => clock.advance(ms) };
});

describe('MemoryLocationStore', () => {
  it('sets one timer for all bindings that end together', () => {
    const clock = new CountingClock();
    const store = new MemoryLocationStore(clock);
    for (let i = 0; i < 1_000; i += 1) store.put(`${i}`, bindingOf(i, clock.nowMs()));
    expect(store.size).toBe(1_000);
    expect(clock.timers).toBe(1);
  });

  it('holds one record per contact, however often it is renewed', () => {
    const clock = new VirtualClock();
    const store = new MemoryLocationStore(clock);
    const bytes = heapGrowth(() => {
      for (let i = 0; i < 50_000; i += 1) {
        clock.skip(1);
        store.put('7001', bindingOf(7001, clock.nowMs()));
      }
    });
    expect(store.list('7001')).toHaveLength(1);
    expect(bytes).toBeLessThan(1_000_000);
  });

  it('takes at most 4 KB per registration, however large the message was that it came from', () => {
    const clock = new VirtualClock();
    const store = new MemoryLocationStore(clock);
    const count = 5_000;
    const bytes = heapGrowth(() => {
      for (let i = 0; i < count; i += 1) store.put(`${i}`, bindingOf(i, clock.nowMs()));
    });
    expect(store.size).toBe(count);
    expect(bytes / count).toBeLessThan(4_096);
  });
});

class CountingClock implements Clock {
  readonly #clock = new VirtualClock();
  timers = 0;

  nowMs(): number {
    return this.#clock.nowMs();
  }

  setTimer(delayMs: number, fire: () => void) {
    this.timers += 1;
    return this.#clock.setTimer(delayMs, fire);
  }
}

function heapGrowth(work: () => void): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  work();
  collect();
  return process.memoryUsage().heapUsed - before;
}

function bindingOf(i: number, nowMs: number) {
  const message = `${'x'.repeat(8_000)} sip:${i}@192.0.2.1:5060;transport=udp ${i}-call-id-of-some-length@phone`;
  const [, contact, callId] = message.split(' ') as [string, string, string];
  return {
    contact, callId, cseq: 1, q: 1, path: ['<sip:proxy1.example;lr>'], expiresAtMs: nowMs + 3_600_000, updatedAtMs: nowMs,
    flow: `udp:192.0.2.1:${i}`, node: 'proxy1', userAgent: 'Phone/1.0',
  };
}
