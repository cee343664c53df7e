/** What the limiter store knows of a call from a trunk, from its verdict until nothing is left of it. */
import { formatSlots, wayTake } from '#limits';
import type { HeaderLine } from '#sip';
import { Bench } from '../fixtures/core.fixture.js';
import { Device, sdp } from '../fixtures/far-end.fixture.js';

const SBC = { host: '192.0.2.9', port: 5090 };
const COUNTERS = ['dnis:5000', 'way:5000', 'way:VQ_Support', 'waiting:5000', 'talking:5000'];
const LEASE_MS = 30_000;

/** Names of the counters that have a call. */
async function counted(bench: Bench): Promise<string[]> {
  await bench.settle();
  const figures = await bench.limiter.usage(COUNTERS);
  expect(Math.max(...figures)).toBeLessThan(2);
  return COUNTERS.filter((_, i) => figures[i] === 1);
}

async function acquired(bench: Bench, queues: readonly string[]): Promise<HeaderLine> {
  const slot = { id: 'call-1@192.0.2.9', takes: [{ counter: 'dnis:5000' }, wayTake(queues)] };
  await bench.limiter.acquire(slot.id, { checks: [], takes: slot.takes }, LEASE_MS);
  return ['X-Cordboard-Slots', formatSlots(slot)];
}

async function queued(queues: readonly string[] = ['5000'], bench = Bench.paired()) {
  await bench.start();
  const router = bench.client('r1', '5000');
  const caller = new Device(bench.far, '8880001', SBC);
  const header = await acquired(bench, queues);
  const before = await counted(bench);
  const invite = caller.invite('5000', { sdp: sdp('caller'), headers: [header] });
  const after = await counted(bench);
  const connID = String(router.events.find((event) => event.msg === 'EventRouteRequest')?.ConnID);
  return { bench, router, caller, invite, connID, before, after };
}

async function ringing(queues?: readonly string[]) {
  const it = await queued(queues);
  it.bench.ask(it.router, { msg: 'RequestRouteCall', ReferenceID: 3, ThisDN: '5000', ConnID: it.connID, OtherDN: '7001' });
  await it.bench.settle();
  const agent = new Device(it.bench.far, '7001');
  const toAgent = it.bench.far.takeRequest('INVITE');
  agent.answer(toAgent, 180);
  return { ...it, agent, toAgent };
}

async function talking() {
  const it = await ringing();
  it.agent.answer(it.toAgent, 200, { sdp: sdp('agent') });
  it.agent.joins(it.toAgent);
  await it.bench.settle();
  it.caller.joins(it.bench.far.takeResponse(200, 'INVITE'));
  it.caller.ack(it.invite);
  await it.bench.settle();
  return it;
}

describe('a call from a trunk that has slots', () => {
  it('is on the way until it waits, waits until it is routed, and talks from then on', async () => {
    const { before, after, bench } = await talking();
    expect(before).toEqual(['dnis:5000', 'way:5000']);
    expect(after).toEqual(['dnis:5000', 'waiting:5000']);
    expect(await counted(bench)).toEqual(['dnis:5000', 'talking:5000']);
    await bench.clock.advance(3 * LEASE_MS);
    expect(await counted(bench)).toEqual(['dnis:5000', 'talking:5000']);
  });

  it('is on the way to another queue while it waits at the Routing Point before that, and not after a device had it', async () => {
    const { after, bench, agent, toAgent } = await ringing(['VQ_Support']);
    expect(after).toEqual(['dnis:5000', 'way:VQ_Support', 'waiting:5000']);
    expect(await counted(bench)).toEqual(['dnis:5000', 'talking:5000']);
    agent.answer(toAgent, 486);
    expect(await counted(bench)).toEqual(['dnis:5000', 'waiting:5000']);
  });

  it('is not counted for a header that nobody can read', async () => {
    const bench = Bench.paired();
    await bench.start();
    bench.client('r1', '5000');
    new Device(bench.far, '8880001', SBC).invite('5000', { sdp: sdp('x'), headers: [['X-Cordboard-Slots', 'slot dnis:\u00fc']] });
    expect(await counted(bench)).toEqual(['waiting:5000']);
  });

  it('does not wait for the store', async () => {
    const bench = Bench.paired();
    bench.limiter.away = true;
    const { router } = await queued(['5000'], bench);
    expect(router.take()).toEqual(['EventRegistered', 'EventQueued', 'EventRouteRequest']);
    expect(bench.meter.count('limits_tell_failures_total', { tier: 'session-controller' })).toBeGreaterThan(0);
  });
});

describe('nothing is left in the store', () => {
  it('after the BYE of the caller', async () => {
    const { bench, caller } = await talking();
    caller.request('BYE');
    expect(await counted(bench)).toEqual([]);
  });

  it('after the BYE of the agent', async () => {
    const { bench, agent } = await talking();
    agent.request('BYE');
    expect(await counted(bench)).toEqual([]);
  });

  it('after a CANCEL, while it waits or while a phone rings that does not answer it', async () => {
    const waits = await queued();
    waits.caller.cancel(waits.invite);
    expect(await counted(waits.bench)).toEqual([]);
    const rings = await ringing();
    rings.caller.cancel(rings.invite);
    expect(await counted(rings.bench)).toEqual([]);
  });

  it('after a number that leads nowhere, in one turn', async () => {
    const bench = Bench.paired();
    await bench.start();
    const header = await acquired(bench, ['5000']);
    new Device(bench.far, '8880001', SBC).invite('9999', { sdp: sdp('x'), headers: [header] });
    bench.far.takeResponse(404);
    expect(await counted(bench)).toEqual([]);
  });

  it('after a call that ended while the store was away', async () => {
    const { bench, caller } = await talking();
    bench.limiter.away = true;
    caller.request('BYE');
    await bench.settle();
    bench.limiter.back();
    expect(await counted(bench)).toEqual([]);
  });
});

describe('a store that comes back empty', () => {
  it('is told all again', async () => {
    const { bench } = await talking();
    bench.limiter.away = true;
    await bench.clock.advance(LEASE_MS);
    bench.limiter.back();
    expect(await counted(bench)).toEqual(['dnis:5000', 'talking:5000']);
  });
});

describe('the other half of a pair', () => {
  it('tells what its calls have, and releases it', async () => {
    const { bench, caller } = await talking();
    const next = await bench.otherHalf();
    bench.limiter.back();
    expect(await counted(next)).toEqual([]);
    next.core.start();
    expect(await counted(next)).toEqual(['dnis:5000', 'talking:5000']);
    caller.request('BYE');
    expect(await counted(next)).toEqual([]);
  });

  it('knows of a call that waits on the way to another queue', async () => {
    const { bench } = await queued(['VQ_Support']);
    const next = await bench.otherHalf();
    next.core.start();
    bench.limiter.back();
    next.client('r1', '5000');
    expect(await counted(next)).toEqual(['dnis:5000', 'way:VQ_Support', 'waiting:5000']);
  });
});
