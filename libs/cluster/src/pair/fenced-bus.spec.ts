import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import { MemoryBus } from '../bus/memory.js';
import type { BusReply } from '../bus/port.js';
import { FencedBus } from './fenced-bus.js';
import { Withheld } from './withheld.js';

function stand() {
  const clock = new VirtualClock();
  const meter = new CountingMeter();
  const inner = new MemoryBus({ clock, meter, log: silentLog });
  const gate = { open: true, doubtful: false };
  const withheld = new Withheld(() => gate.open, () => {});
  const bus = new FencedBus(inner, { isOpen: () => gate.open, hold: (way, work) => gate.doubtful && withheld.hold(way, work) }, meter);
  return { clock, inner, gate, bus, meter, withheld };
}

describe('FencedBus', () => {
  it('lets everything through while the fence is open, and nothing while it is closed', async () => {
    const { clock, inner, gate, bus, meter } = stand();
    const out: object[] = [];
    const into: object[] = [];
    inner.subscribe('out', (message) => void out.push(message));
    bus.subscribe('in', (message) => void into.push(message));
    const round = async (n: number) => {
      bus.publish('out', { n });
      inner.publish('in', { n });
      await clock.advance(1);
    };
    await round(1);
    gate.open = false;
    await round(2);
    gate.open = true;
    await round(3);
    expect([out, into]).toEqual([[{ n: 1 }, { n: 3 }], [{ n: 1 }, { n: 3 }]]);
    expect(meter.count('pair_fenced_total')).toBe(2);
  });

  it('ends requests of a closed fence in a time-out, also when it closes before the answer', async () => {
    const { clock, inner, gate, bus } = stand();
    const replies: BusReply['kind'][] = [];
    inner.subscribe('ask', (_message, { respond }) => {
      gate.open = false;
      respond?.({});
    });
    bus.request('ask', {}, 1_000, (reply) => void replies.push(reply.kind));
    await clock.advance(1);
    bus.request('ask', {}, 1_000, (reply) => void replies.push(reply.kind));
    await clock.advance(1);
    expect(replies).toEqual(['timeout', 'timeout']);
  });

  it('does not answer what was asked before it closed', async () => {
    const { clock, inner, gate, bus } = stand();
    const replies: BusReply['kind'][] = [];
    bus.subscribe('ask', (_message, { respond }) => {
      gate.open = false;
      respond?.({});
    });
    inner.request('ask', {}, 1_000, (reply) => void replies.push(reply.kind));
    await clock.advance(1_001);
    expect(replies).toEqual(['timeout']);
  });

  it('ends its subscriptions, and leaves the bus to others', async () => {
    const { clock, inner, bus } = stand();
    const into: object[] = [];
    bus.subscribe('in', (message) => void into.push(message));
    await bus.close();
    inner.publish('in', {});
    await clock.advance(1);
    expect([into, inner.connected]).toEqual([[], true]);
  });

  it('withholds what finds the fence closed in doubt, and lets it through in its order', async () => {
    const { clock, inner, gate, bus, meter, withheld } = stand();
    const heard: object[] = [];
    inner.subscribe('out', (message) => void heard.push(message));
    inner.subscribe('ask', (_message, { respond }) => respond?.({ answer: 1 }));
    bus.subscribe('in', (message) => bus.publish('out', { echo: message }));
    Object.assign(gate, { open: false, doubtful: true });
    inner.publish('in', { n: 1 });
    await clock.advance(1);
    bus.publish('out', { n: 2 });
    bus.request('ask', {}, 1_000, (reply) => void heard.push(reply));
    await clock.advance(1);
    expect(heard).toEqual([]);
    gate.open = true;
    withheld.release();
    await clock.advance(1);
    expect(heard).toEqual([{ n: 2 }, { echo: { n: 1 } }, { kind: 'reply', message: { answer: 1 } }]);
    expect(meter.count('pair_fenced_total')).toBe(0);
  });

  it('gives up what it withheld when the term is over', async () => {
    const { clock, inner, gate, bus, meter, withheld } = stand();
    const heard: object[] = [];
    inner.subscribe('out', (message) => void heard.push(message));
    Object.assign(gate, { open: false, doubtful: true });
    bus.publish('out', { n: 1 });
    bus.request('ask', {}, 1_000, (reply) => void heard.push(reply));
    withheld.drop();
    await clock.advance(1);
    expect([heard, meter.count('pair_fenced_total')]).toEqual([[{ kind: 'timeout' }], 2]);
  });
});
