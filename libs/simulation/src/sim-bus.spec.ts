import type { Bus } from '#cluster';
import { busContract } from '../../cluster/src/bus/contract.js';
import { SimBusHub } from './sim-bus.js';
import { World } from './world.js';

busContract('SimBus', async () => {
  const world = new World(1);
  const hub = new SimBusHub(world.network, () => {});
  await world.start('a', () => ({ close() {} }));
  await world.start('b', () => ({ close() {} }));
  const [a, b] = ['a', 'b'].map((name) => hub.attach(world.node(name))) as [Bus, Bus];
  return { a, b, settle: () => world.advance(20), advance: (ms) => world.advance(ms), close: () => world.close() };
});

describe('SimBus', () => {
  async function stand() {
    const world = new World(1);
    const buses: Bus[] = [];
    for (const name of ['a', 'b']) await world.start(name, ({ bus }) => (buses.push(bus), { close() {} }));
    return { world, a: buses[0] as Bus, b: buses[1] as Bus };
  }

  it('loses what is published over a cut link, and lets requests run into their deadline', async () => {
    const { world, a, b } = await stand();
    const received: object[] = [];
    b.subscribe('x', (message) => received.push(message));
    world.partition(['a'], ['b']);
    a.publish('x', { n: 1 });
    const replies: string[] = [];
    a.request('x', {}, 100, ({ kind }) => replies.push(kind));
    await world.advance(200);
    expect(received).toEqual([]);
    expect(replies).toEqual(['timeout']);
    world.heal();
    a.publish('x', { n: 2 });
    await world.advance(10);
    expect(received).toEqual([{ n: 2 }]);
  });

  it('without its servers reaches nobody, not even itself, and says so at once', async () => {
    const { world, a, b } = await stand();
    const received: object[] = [];
    for (const bus of [a, b]) bus.subscribe('x', (message) => received.push(message));
    a.subscribe('y', (_, { respond }) => respond?.({}));
    world.network.loseBus(['a']);
    a.publish('x', { n: 1 });
    b.publish('x', { n: 2 });
    const replies: string[] = [];
    a.request('x', {}, 100, ({ kind }) => replies.push(`a ${kind}`));
    b.request('y', {}, 100, ({ kind }) => replies.push(`b ${kind}`));
    await world.advance(10);
    expect(received).toEqual([{ n: 2 }]);
    expect(replies).toEqual(['a timeout', 'b no-responders']);
    world.heal();
    a.publish('x', { n: 3 });
    await world.advance(10);
    expect(received.slice(1)).toEqual([{ n: 3 }, { n: 3 }]);
  });

  it('knows at once that the only subscriber has crashed', async () => {
    const { world, a, b } = await stand();
    b.subscribe('x', () => {});
    world.crash('b');
    const replies: string[] = [];
    a.request('x', {}, 60_000, ({ kind }) => replies.push(kind));
    await world.advance(10);
    expect(replies).toEqual(['no-responders']);
  });

  it('is silent after its node has crashed: a process of a life before cannot publish', async () => {
    const { world, a, b } = await stand();
    const received: object[] = [];
    b.subscribe('x', (message) => received.push(message));
    world.crash('a');
    await world.restart('a');
    a.publish('x', {});
    await world.advance(10);
    expect(received).toEqual([]);
  });

  it('makes a handler that throws a failure of the history', async () => {
    const { world, a, b } = await stand();
    b.subscribe('x', () => { throw new Error('a broken handler'); });
    a.publish('x', {});
    await expect(world.advance(10)).rejects.toThrow('a bus handler of b threw: Error: a broken handler');
  });
});
