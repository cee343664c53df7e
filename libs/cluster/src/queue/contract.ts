/** What every `DurableQueue` promises. Each driver's spec runs it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DurableQueue, type QueueEntry, QueueFull, QueueUnavailable } from './port.js';

export interface QueueStand {
  /** The queue, as a process finds it that starts: opened anew each time, the one before is closed. */
  open(): Promise<DurableQueue>;
  close(): Promise<void>;
}

const entries = (...numbers: number[]): QueueEntry[] => numbers.map((n) => ({ id: `id-${n}`, body: { n } }));

/** @param start makes a queue that has room for `bytes` */
export function durableQueueContract(name: string, start: (bytes: number) => Promise<QueueStand>): void {
  describe(`${name} keeps the durable queue contract`, () => {
    let stand: QueueStand;
    let queue: DurableQueue;
    const take = async (count: number): Promise<{ seq: number; n: number }[]> => {
      const taken: { seq: number; n: number }[] = [];
      while (taken.length < count) {
        taken.push(...(await queue.take(count - taken.length)).map(({ seq, body }) => ({ seq, n: (body as { n: number }).n })));
      }
      return taken;
    };
    const numbers = async (count: number): Promise<number[]> => (await take(count)).map(({ n }) => n);

    beforeEach(async () => {
      stand = await start(64 * 1_024);
      queue = await stand.open();
    });
    afterEach(() => stand.close());

    it('gives what was appended in its order, each once', async () => {
      await queue.append(entries(1, 2));
      await queue.append(entries(3));
      expect(await numbers(2)).toEqual([1, 2]);
      await queue.append(entries(4));
      expect(await numbers(2)).toEqual([3, 4]);
    });

    it('takes a batch whole or not at all when there is no room', async () => {
      const large = (n: number) => ({ id: `large-${n}`, body: { n, text: 'x'.repeat(24 * 1_024) } });
      await expect(queue.append([large(1), large(2), large(3)])).rejects.toBeInstanceOf(QueueFull);
      await queue.append([large(1), large(2)]);
      expect(await numbers(2)).toEqual([1, 2]);
    });

    it('waits for the first message', async () => {
      const taking = queue.take(10);
      await queue.append(entries(1));
      expect((await taking).map(({ body }) => body)).toEqual([{ n: 1 }]);
    });

    it('gives a process that starts what was never acknowledged, and nothing else', async () => {
      await queue.append(entries(1, 2, 3, 4));
      const [, second] = await take(3);
      await queue.ack([second!.seq]);
      queue = await stand.open();
      expect(await numbers(3)).toEqual([1, 3, 4]);
      await queue.append(entries(5));
      expect(await numbers(1)).toEqual([5]);
    });

    it('forgets what is acknowledged', async () => {
      await queue.append(entries(1, 2));
      await queue.ack((await take(2)).map(({ seq }) => seq));
      queue = await stand.open();
      await queue.append(entries(3));
      expect(await numbers(1)).toEqual([3]);
    });

    it('takes no more than its bound, and goes on once there is room', async () => {
      const large = { id: 'large', body: { n: 0, text: 'x'.repeat(40 * 1_024) } };
      await queue.append([large]);
      await expect(queue.append([{ ...large, id: 'larger' }])).rejects.toBeInstanceOf(QueueFull);
      await queue.ack((await take(1)).map(({ seq }) => seq));
      await untilTaken(() => queue.append([{ ...large, id: 'larger' }]));
      expect(await numbers(1)).toEqual([0]);
    });

    it('keeps marks by name', async () => {
      expect(await queue.marked('source.a')).toBeUndefined();
      await queue.mark('source.a', { n: 1 });
      await queue.mark('source.a', { n: 2 });
      await queue.mark('source b', { n: 3 });
      queue = await stand.open();
      expect([await queue.marked('source.a'), await queue.marked('source b')]).toEqual([{ n: 2 }, { n: 3 }]);
    });

    it('ends a waiting take when it is closed, and takes nothing afterwards', async () => {
      const taking = queue.take(10);
      await queue.close();
      expect(await taking).toEqual([]);
      await expect(queue.append(entries(1))).rejects.toBeInstanceOf(QueueUnavailable);
    });
  });
}

/** An acknowledgement is on its way to a server. */
async function untilTaken(work: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof QueueFull) || tries > 200) throw error;
    }
  }
}
