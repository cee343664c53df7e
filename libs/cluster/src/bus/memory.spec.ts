import { CountingMeter, silentLog } from '#kernel';
import { settle, VirtualClock } from '#simulation';
import { busContract } from './contract.js';
import { MemoryBus } from './memory.js';

function makeBus(pendingMax?: number) {
  const clock = new VirtualClock();
  const meter = new CountingMeter();
  const bus = new MemoryBus({ clock, meter, log: silentLog }, pendingMax === undefined ? {} : { pendingMax });
  return { clock, meter, bus };
}

busContract('MemoryBus', async () => {
  const { clock, bus } = makeBus();
  return { a: bus, b: bus, settle: settleBatches, advance: (ms) => clock.advance(ms), close: () => bus.close() };
});

describe('MemoryBus', () => {
  it('loses what is published beyond its bound, counts it, and delivers the rest', async () => {
    const { bus, meter } = makeBus(3);
    const received: object[] = [];
    bus.subscribe('x', (message) => received.push(message));
    for (let n = 0; n < 5; n += 1) bus.publish('x', { n });
    await settle();
    expect(received).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect(meter.count('bus_dropped_total', { bus: 'memory' })).toBe(2);
  });

  it('hands out the very object that was published', async () => {
    const { bus } = makeBus();
    const message = { n: 1 };
    let received: object | undefined;
    bus.subscribe('x', (delivered) => { received = delivered; });
    bus.publish('x', message);
    await settle();
    expect(received).toBe(message);
  });

  it('lets sockets and timers in while messages beget messages', async () => {
    const { bus } = makeBus();
    let hops = 0;
    let stopped = false;
    bus.subscribe('ping', () => {
      hops += 1;
      if (!stopped) bus.publish('ping', {});
    });
    bus.publish('ping', {});
    await settle();
    stopped = true;
    expect(hops).toBeGreaterThan(0);
  });

  it('takes turns within a queue', async () => {
    const { bus } = makeBus();
    const turns: string[] = [];
    bus.subscribe('x', () => turns.push('a'), { queue: 'q' });
    bus.subscribe('x', () => turns.push('b'), { queue: 'q' });
    for (let n = 0; n < 4; n += 1) bus.publish('x', {});
    await settle();
    expect(turns).toEqual(['a', 'b', 'a', 'b']);
  });
});

/** A full batch ends with a turn of the event loop; no test here publishes more than a few. */
async function settleBatches(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await settle();
}
