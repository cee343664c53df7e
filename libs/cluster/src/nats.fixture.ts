/** For specs with real NATS servers: time, and stands for the contract of KeyValue. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '#kernel';
import type { keyValueContract } from './key-value/contract.js';
import { type connectNats, JetStreamKeyValueStore } from './nats.js';

type Connection = Awaited<ReturnType<typeof connectNats>>;
type Stand = Awaited<ReturnType<Parameters<typeof keyValueContract>[1]>>;

/** Cancelled timers must not keep the test process. */
export const clock: Clock = {
  nowMs: () => performance.now(),
  setTimer: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/**
 * Makes stands whose buckets no other stand has.
 *
 * @param settleMs a watcher hears of a write when the server has sent it: so long after the acknowledgement, at the latest
 */
export function keyValueStands(options: Parameters<typeof JetStreamKeyValueStore.open>[1], settleMs: number) {
  let stands = 0;
  return (connections: readonly [Connection, Connection]): Stand => {
    stands += 1;
    const prefix = `s${stands}-`;
    const [a, b] = connections.map((connection) => {
      const store = JetStreamKeyValueStore.open(connection, options);
      return { bucket: (name: string) => store.bucket(prefix + name), close: () => store.close() };
    }) as [JetStreamKeyValueStore, JetStreamKeyValueStore];
    return {
      a, b,
      settle: async () => {
        for (const connection of connections) await connection.flush();
        await wait(settleMs);
      },
      advance: (ms) => wait(ms),
      close: async () => {
        await a.close();
        await b.close();
        await Promise.all(connections.map((connection) => connection.close()));
      },
    };
  };
}
