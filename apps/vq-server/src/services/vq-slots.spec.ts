import { OptionLookup, parseConfig } from '#config';
import { CountingMeter, silentLog } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import { LimitsTeller, MemoryLimiterStore } from '#store';
import type { TRequest } from '#tlib';
import { VqServerCore, type VqClient } from '../vq-core.js';
import { VqSlots } from './vq-slots.js';

const LEASE_MS = 30_000;
const COUNTERS = ['waiting:VQ_Support', 'talking:VQ_Support', 'waiting:VQ_2'];

const { config } = parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  VQ: { type: vq-server, ports: { default: 0 } }
dns:
  - { numbers: 7001-7009, type: Extension }
  - { number: VQ_Support, type: VirtualQueue }
  - { number: VQ_2, type: VirtualQueue }
`, 'vq.yaml');

function stage() {
  const clock = new VirtualClock();
  const store = new MemoryLimiterStore(clock);
  const meter = new CountingMeter();
  const slots = new VqSlots((gone) => new LimitsTeller({ store, clock, meter, log: silentLog }, { by: 'vq-server/VQ', tier: 'vq-server', leaseMs: LEASE_MS, gone }));
  const core = new VqServerCore(config, new OptionLookup(config, config.applications[0]!), { clock, entropy: new SeededEntropy(1), meter, slots },
    { switchName: 'Test', geoLocation: 'dc1' });
  const router: VqClient = { id: 'r1', applicationName: 'router', send: () => undefined, error: () => undefined };
  core.opened(router);
  const say = async (UserEvent: string, more: Partial<TRequest> = {}): Promise<readonly number[]> => {
    const refuse = (): never => { throw new Error('refused'); };
    core.sendEvent(router, { msg: 'RequestSendEvent', UserEvent, ThisDN: 'VQ_Support', ConnID: 'c1', ...more }, refuse);
    await clock.advance(1);
    return store.usage(COUNTERS);
  };
  const controller = (): Promise<unknown> => store.hold([{ id: 'c1', by: 'sc', takes: [{ counter: 'dnis:5000' }] }], LEASE_MS);
  return { clock, store, meter, core, router, say, controller };
}

describe('a call in a virtual queue', () => {
  it('waits there, then talks for it when an agent has it, as long as its session controller knows it', async () => {
    const { clock, store, meter, say, controller } = stage();
    await controller();
    expect(await say('EventQueued')).toEqual([1, 0, 0]);
    expect(await say('EventQueued', { ThisDN: 'VQ_2' })).toEqual([1, 0, 1]);
    expect(await say('EventDiverted', { ThirdPartyDN: '7001' })).toEqual([0, 1, 1]);
    expect(await say('EventDiverted', { ThisDN: 'VQ_2' })).toEqual([0, 1, 0]);
    await store.release(['c1']);
    await clock.advance(LEASE_MS);
    expect(await store.usage(COUNTERS)).toEqual([0, 0, 0]);
    expect(meter.value('limits_held', { tier: 'vq-server' })).toBe(0);
  });

  it.each(['EventAbandoned', 'EventDiverted'])('has nothing there after %s without an agent', async (name) => {
    const { say, controller } = stage();
    await controller();
    await say('EventQueued');
    expect(await say(name)).toEqual([0, 0, 0]);
  });

  it('counts as soon as its session controller has told of it', async () => {
    const { clock, store, say, controller } = stage();
    expect(await say('EventQueued')).toEqual([0, 0, 0]);
    await controller();
    await clock.advance(250);
    expect(await store.usage(COUNTERS)).toEqual([1, 0, 0]);
  });

  it('waits no more when its router is gone for good', async () => {
    const { clock, store, core, router, say, controller } = stage();
    await controller();
    await say('EventQueued');
    core.closed(router);
    await clock.advance(1);
    expect(await store.usage(COUNTERS)).toEqual([0, 0, 0]);
  });
});
