/** What every `Bus` promises. Each driver's spec runs it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bus, BusMessage, BusReply } from './port.js';

export interface BusStand {
  /** Two attachments to one bus; the in-process driver may give the same object twice. */
  readonly a: Bus;
  readonly b: Bus;
  /** Resolves when everything that is under way has been delivered. */
  settle(): Promise<void>;
  /** Lets the time of request deadlines pass. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export function busContract(name: string, start: () => Promise<BusStand>): void {
  describe(`${name} keeps the bus contract`, () => {
    let stand: BusStand;
    beforeEach(async () => {
      stand = await start();
    });
    afterEach(() => stand.close());

    /** What arrives at `bus` for `pattern`. */
    async function collect(bus: Bus, pattern: string, queue?: string): Promise<BusMessage[]> {
      const received: BusMessage[] = [];
      bus.subscribe(pattern, (message) => received.push(message), queue === undefined ? {} : { queue });
      await bus.flush();
      return received;
    }

    async function ask(bus: Bus, subject: string, timeoutMs = 1_000): Promise<BusReply[]> {
      const replies: BusReply[] = [];
      bus.request(subject, { q: 1 }, timeoutMs, (reply) => replies.push(reply));
      await bus.flush();
      await stand.settle();
      return replies;
    }

    it('delivers one subject in order', async () => {
      const received = await collect(stand.b, 'cb.dn.7001.evt');
      for (let n = 0; n < 2_000; n += 1) stand.a.publish('cb.dn.7001.evt', { n });
      await stand.settle();
      expect(received).toEqual(Array.from({ length: 2_000 }, (_, n) => ({ n })));
    });

    it('keeps the order of one publisher over several subjects', async () => {
      const received = await collect(stand.b, 'cb.dn.*.evt');
      for (let n = 0; n < 100; n += 1) stand.a.publish(`cb.dn.${n % 7}.evt`, { n });
      await stand.settle();
      expect(received).toEqual(Array.from({ length: 100 }, (_, n) => ({ n })));
    });

    it('never calls back while it is called', async () => {
      let inside = false;
      const seen: boolean[] = [];
      stand.a.subscribe('x', (_message, { respond }) => {
        seen.push(inside);
        respond?.({});
      });
      await stand.a.flush();
      inside = true;
      stand.a.publish('x', {});
      stand.a.request('x', {}, 1_000, () => seen.push(inside));
      stand.a.request('nobody', {}, 1_000, () => seen.push(inside));
      inside = false;
      await stand.settle();
      expect(seen).toEqual([false, false, false, false]);
    });

    it('says on which subject a message came, through wildcards too', async () => {
      const subjects: string[] = [];
      stand.b.subscribe('cb.*.7001.>', (_message, { subject }) => subjects.push(subject));
      await stand.b.flush();
      for (const subject of ['cb.dn.7001.evt', 'cb.dn.7002.evt', 'cb.dn.7001', 'cb.x.7001.a.b']) stand.a.publish(subject, {});
      await stand.settle();
      expect(subjects).toEqual(['cb.dn.7001.evt', 'cb.x.7001.a.b']);
    });

    it('hears its own messages, and each subscription hears each', async () => {
      const first = await collect(stand.a, 'x');
      const second = await collect(stand.a, '>');
      stand.a.publish('x', { n: 1 });
      await stand.settle();
      expect([first, second]).toEqual([[{ n: 1 }], [{ n: 1 }]]);
    });

    it('gives a message to one member of each queue', async () => {
      const members = [await collect(stand.a, 'work', 'q'), await collect(stand.b, 'work', 'q')];
      const other = await collect(stand.b, 'work', 'r');
      const plain = await collect(stand.b, 'work');
      for (let n = 0; n < 50; n += 1) stand.a.publish('work', { n });
      await stand.settle();
      expect(members.flat()).toHaveLength(50);
      expect(new Set(members.flat().map((message) => (message as { n: number }).n)).size).toBe(50);
      expect(other).toHaveLength(50);
      expect(plain).toHaveLength(50);
    });

    it('delivers nothing after unsubscribe', async () => {
      const received: BusMessage[] = [];
      const subscription = stand.b.subscribe('x', (message) => received.push(message));
      await stand.b.flush();
      stand.a.publish('x', { n: 1 });
      await stand.settle();
      subscription.unsubscribe();
      await stand.b.flush();
      stand.a.publish('x', { n: 2 });
      await stand.settle();
      expect(received).toEqual([{ n: 1 }]);
    });

    it('brings a reply to the one who asked', async () => {
      stand.b.subscribe('svc', (message, { respond }) => respond?.({ got: message }));
      await stand.b.flush();
      expect(await ask(stand.a, 'svc')).toEqual([{ kind: 'reply', message: { got: { q: 1 } } }]);
    });

    it('takes the first of several replies', async () => {
      stand.b.subscribe('svc', (_message, { respond }) => {
        respond?.({ n: 1 });
        respond?.({ n: 2 });
      });
      await stand.b.flush();
      expect(await ask(stand.a, 'svc')).toEqual([{ kind: 'reply', message: { n: 1 } }]);
    });

    it('knows at once when nobody answers', async () => {
      expect(await ask(stand.a, 'cb.dn.7009.cmd', 60_000)).toEqual([{ kind: 'no-responders' }]);
    });

    it('ends a request at its deadline, and ignores what comes later', async () => {
      let late: ((message: BusMessage) => void) | undefined;
      stand.b.subscribe('slow', (_message, { respond }) => { late = respond; });
      await stand.b.flush();
      const replies = await ask(stand.a, 'slow', 100);
      expect(replies).toEqual([]);
      await stand.advance(150);
      expect(replies).toEqual([{ kind: 'timeout' }]);
      late?.({ n: 1 });
      await stand.settle();
      expect(replies).toHaveLength(1);
    });

    it('has a way to answer on requests only', async () => {
      const ways: boolean[] = [];
      stand.b.subscribe('x', (_message, { respond }) => ways.push(respond !== undefined));
      await stand.b.flush();
      stand.a.publish('x', {});
      await stand.settle();
      stand.a.request('x', {}, 50, () => {});
      await stand.settle();
      await stand.advance(100);
      expect(ways).toEqual([false, true]);
    });

    it('goes on when a handler throws', async () => {
      stand.b.subscribe('x', () => { throw new Error('a broken handler'); });
      const received = await collect(stand.b, 'x');
      stand.a.publish('x', { n: 1 });
      stand.a.publish('x', { n: 2 });
      await stand.settle();
      expect(received).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('ends every open request when it is closed, and is not connected then', async () => {
      stand.b.subscribe('slow', () => {});
      await stand.b.flush();
      const replies = await ask(stand.a, 'slow', 60_000);
      expect(stand.a.connected).toBe(true);
      await stand.a.close();
      expect(replies).toEqual([{ kind: 'timeout' }]);
      expect(stand.a.connected).toBe(false);
    });

    it.each(['', 'a b', 'a..b', 'a.*', '>'])('refuses to publish to %j', (subject) => {
      expect(() => stand.a.publish(subject, {})).toThrow('is not a bus subject');
    });

    it.each(['', 'a b', 'a..b', '>.a', 'a*'])('refuses to subscribe to %j', (pattern) => {
      expect(() => stand.a.subscribe(pattern, () => {})).toThrow('is not a bus pattern');
    });
  });
}
