import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import { MemoryBus } from '../bus/memory.js';
import type { Bus, BusGate, BusReply } from '../bus/port.js';
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

  it('asks the fence again when a message leaves the bus', () => {
    const { inner, gate, withheld, meter } = stand();
    const gates: BusGate[] = [];
    const gathering: Bus = {
      publish: (_subject, _message, leaves) => void gates.push(leaves!),
      request: (_subject, _message, _timeoutMs, _done, leaves) => void gates.push(leaves!),
      subscribe: (_pattern, handler) => {
        handler({}, { subject: 'ask', respond: (_message, leaves) => void gates.push(leaves!) });
        return { unsubscribe() {} };
      },
      connected: true, flush: () => inner.flush(), close: () => inner.close(),
    };
    const bus = new FencedBus(gathering, { isOpen: () => gate.open, hold: (way, work) => gate.doubtful && withheld.hold(way, work) }, meter);
    const left: string[] = [];
    const leave = (when: string): void => gates.forEach((each, n) => each(() => void left.push(`${when} ${n}`)));
    bus.publish('x', {});
    bus.request('x', {}, 1_000, () => {});
    bus.subscribe('ask', (_message, { respond }) => respond?.({}));
    leave('open');
    gate.open = false;
    leave('closed');
    gate.doubtful = true;
    leave('doubtful');
    expect(left).toEqual(['open 0', 'open 1', 'open 2']);
    gate.open = true;
    withheld.release();
    expect(left.slice(3)).toEqual(['doubtful 0', 'doubtful 1', 'doubtful 2']);
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
