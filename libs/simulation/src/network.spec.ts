import { SimulatedNetwork } from './network.js';
import { SimNode } from './node.js';
import { SeededEntropy } from './seeded-entropy.js';
import { Trace } from './trace.js';
import { VirtualClock } from './virtual-clock.js';

function stand(seed = 1) {
  const clock = new VirtualClock(0);
  const trace = new Trace(() => clock.nowMs(), 0);
  const network = new SimulatedNetwork(clock, new SeededEntropy(seed), trace);
  const [a, b] = ['a', 'b'].map((name) => {
    const node = new SimNode(name, clock);
    network.add(node);
    return node;
  }) as [SimNode, SimNode];
  const arrived: number[] = [];
  const send = (carriage: 'datagram' | 'message' | 'stream', count: number): void => {
    for (let n = 0; n < count; n += 1) network.send(a, b, carriage, `${carriage} ${n}`, () => arrived.push(n));
  };
  return { clock, trace, network, a, b, arrived, send };
}

const ascending = (list: readonly number[]): boolean => list.every((n, i) => i === 0 || n > (list[i - 1] as number));

describe('SimulatedNetwork', () => {
  it('takes time, also on a perfect link', () => {
    const { clock, arrived, send } = stand();
    send('message', 1);
    expect(arrived).toEqual([]);
    clock.skip(1);
    expect(arrived).toEqual([0]);
  });

  it('loses, doubles and reorders datagrams', () => {
    const { clock, network, arrived, send } = stand();
    network.setQuality({ delayMsMin: 0, delayMsMax: 50, loss: 0.3, duplication: 0.3 });
    send('datagram', 200);
    clock.skip(100);
    const distinct = new Set(arrived).size;
    expect(distinct).toBeGreaterThan(100);
    expect(distinct).toBeLessThan(180);
    expect(arrived.length).toBeGreaterThan(distinct);
    expect(ascending(arrived)).toBe(false);
  });

  it('loses messages, but neither doubles nor reorders them', () => {
    const { clock, network, arrived, send } = stand();
    network.setQuality({ delayMsMin: 0, delayMsMax: 50, loss: 0.3, duplication: 0.3 });
    send('message', 200);
    clock.skip(100);
    expect(arrived.length).toBeLessThan(180);
    expect(ascending(arrived)).toBe(true);
  });

  it('brings streams over in order and whole, later when segments are lost or the link is cut', () => {
    const { clock, network, arrived, send } = stand();
    network.setQuality({ delayMsMin: 0, delayMsMax: 50, loss: 0.3 });
    network.partition(['a'], ['b']);
    send('stream', 50);
    clock.skip(10_000);
    expect(arrived).toEqual([]);
    network.heal();
    clock.skip(1_000);
    expect(arrived).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it('loses everything else on a cut link, and nothing on others', () => {
    const { clock, network, a, arrived, send } = stand();
    network.partition(['a'], ['b']);
    send('message', 3);
    send('datagram', 3);
    network.send(a, a, 'message', 'to itself', () => arrived.push(99));
    clock.skip(100);
    expect(arrived).toEqual([99]);
    network.heal();
    send('message', 1);
    clock.skip(100);
    expect(arrived).toEqual([99, 0]);
  });

  it('gives a link a quality of its own', () => {
    const { clock, network, arrived, send } = stand();
    network.setLink('b', 'a', { delayMsMin: 40, delayMsMax: 40 });
    send('message', 1);
    clock.skip(39);
    expect(arrived).toEqual([]);
    clock.skip(1);
    expect(arrived).toEqual([0]);
  });

  it('lets deliveries wait while a node stands still, and drops them when it dies', () => {
    const { clock, b, arrived, send } = stand();
    b.pause();
    send('message', 2);
    clock.skip(100);
    expect(arrived).toEqual([]);
    b.resume();
    expect(arrived).toEqual([0, 1]);
    send('message', 1);
    b.crash();
    b.revive();
    clock.skip(100);
    expect(arrived).toEqual([0, 1]);
  });

  it('leaves the same trace for the same seed', () => {
    const hashes = [5, 5, 6].map((seed) => {
      const { clock, network, trace, send } = stand(seed);
      network.setQuality({ delayMsMax: 50, loss: 0.3, duplication: 0.3 });
      send('datagram', 100);
      clock.skip(1_000);
      return trace.hash;
    });
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });
});

describe('SimNode', () => {
  it('holds timers back while it stands still, and forgets them when it dies', () => {
    const { clock, b } = stand();
    const fired: string[] = [];
    b.clock.setTimer(10, () => fired.push('first'));
    const cancelled = b.clock.setTimer(10, () => fired.push('cancelled'));
    b.pause();
    clock.skip(100);
    expect(fired).toEqual([]);
    cancelled.cancel();
    b.resume();
    expect(fired).toEqual(['first']);
    b.clock.setTimer(10, () => fired.push('of a life before'));
    b.crash();
    b.revive();
    clock.skip(100);
    expect(fired).toEqual(['first']);
  });

  it('stays paused when what it does first pauses it again', () => {
    const { clock, b } = stand();
    const fired: string[] = [];
    b.clock.setTimer(1, () => {
      fired.push('first');
      b.pause();
    });
    b.clock.setTimer(2, () => fired.push('second'));
    b.pause();
    clock.skip(10);
    b.resume();
    expect(fired).toEqual(['first']);
    b.resume();
    expect(fired).toEqual(['first', 'second']);
  });
});
