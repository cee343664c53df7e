import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { CountingMeter, silentLog } from '#kernel';
import { natsSuite, type NatsServer, startNats } from '../../../test/support/nats.js';
import { busContract } from './bus/contract.js';
import { connectNats, JetStreamKeyValueStore, JetStreamQueue, NatsBus, openNats } from './nats.js';
import { durableQueueContract } from './queue/contract.js';
import { QueueUnavailable } from './queue/port.js';
import { keyValueContract } from './key-value/contract.js';
import { clock, keyValueStands } from './nats.fixture.js';

// Expiries of a real server are whole seconds.
jest.setTimeout(20_000);

natsSuite('NATS', (file) => {
  let server: NatsServer;
  beforeAll(async () => { server = await startNats(file); });
  afterAll(() => server.close());

  const connect = () => connectNats({ servers: [server.address], name: 'test' });

  async function makeBus() {
    const connection = await connect();
    const meter = new CountingMeter();
    return { connection, meter, bus: new NatsBus(connection, { clock, log: silentLog, meter }) };
  }

  /** What was sent before a round trip of its sender has been delivered after a round trip of its receiver. */
  async function roundTrips(...buses: NatsBus[]): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) for (const bus of buses) if (bus.connected) await bus.flush();
  }

  busContract('NatsBus', async () => {
    const [{ bus: a }, { bus: b }] = [await makeBus(), await makeBus()];
    return {
      a, b,
      settle: () => roundTrips(a, b),
      advance: (ms) => wait(ms + 20),
      close: async () => void await Promise.all([a.close(), b.close()]),
    };
  });

  const stand = keyValueStands({ replicas: 1 }, 50);
  keyValueContract('JetStreamKeyValueStore', async () => stand([await connect(), await connect()]));

  let queues = 0;
  durableQueueContract('JetStreamQueue', async (bytes) => {
    queues += 1;
    const connection = await connect();
    const options = { stream: `q${queues}`, queue: 'Recorder.dc1 1', replicas: 1, bytes };
    let queue: JetStreamQueue | undefined;
    return {
      open: async () => {
        await queue?.close();
        // Acknowledgements of the process before have arrived: the server reads one connection in order.
        await connection.flush();
        queue = await JetStreamQueue.open(connection, options);
        return queue;
      },
      close: async () => {
        await queue?.close();
        await connection.close();
      },
    };
  });

  describe('JetStreamQueue', () => {
    it('takes a double of what it holds for the same, and says when its server is away', async () => {
      const connection = await connect();
      const queue = await JetStreamQueue.open(connection, { stream: 'doubles', queue: 'a', replicas: 1 });
      await queue.append([{ id: 'x', body: { n: 1 } }]);
      await queue.append([{ id: 'x', body: { n: 1 } }, { id: 'y', body: { n: 2 } }]);
      await queue.append([{ id: 'y', body: { n: 2 } }, { id: 'v', body: { n: 3 } }, { id: 'w', body: { n: 4 } }]);
      expect((await queue.take(10)).map(({ body }) => body)).toEqual([1, 2, 3, 4].map((n) => ({ n })));
      await server.pause();
      await expect(queue.append([{ id: 'z', body: { n: 3 } }])).rejects.toBeInstanceOf(QueueUnavailable);
      server.resume();
      await until(() => queue.append([{ id: 'z', body: { n: 3 } }]).then(() => true, () => false));
      await queue.close();
      await connection.close();
    });
  });

  it('a durable queue is as large as its server has room for', async () => {
    const small = await startNats(file, { maxFileBytes: 100 * 1_048_576 });
    const connection = await connectNats({ servers: [small.address], name: 'test' });
    const queue = await JetStreamQueue.open(connection, { stream: 'history-dc1', queue: 'a', replicas: 1 });
    await queue.append([{ id: 'x', body: { n: 1 } }]);
    expect((await queue.take(1)).map(({ body }) => body)).toEqual([{ n: 1 }]);
    await queue.close();
    await connection.close();
    await small.close();
  });

  describe('NatsBus', () => {
    it('says how much waits to leave the process', async () => {
      const { bus } = await makeBus();
      expect(bus.queuedBytes).toBe(0);
      bus.publish('cb.test', { text: 'x'.repeat(10_000) });
      expect(bus.queuedBytes).toBeGreaterThan(10_000);
      await bus.flush();
      expect(bus.queuedBytes).toBe(0);
      await bus.close();
    });

    it('counts and drops what is not a JSON object', async () => {
      const { bus, connection, meter } = await makeBus();
      const received: object[] = [];
      bus.subscribe('x', (message) => received.push(message));
      connection.publish('x', 'no json');
      connection.publish('x', '7');
      connection.publish('x', '{"n":1}');
      await roundTrips(bus);
      expect(received).toEqual([{ n: 1 }]);
      expect(meter.count('bus_malformed_total', { bus: 'nats' })).toBe(2);
      await bus.close();
    });

    it('says that it is not connected while there is no server, and goes on when there is one', async () => {
      const { bus, meter } = await makeBus();
      const received: object[] = [];
      bus.subscribe('x', (message) => received.push(message));
      await bus.flush();
      await server.kill();
      await until(() => !bus.connected);
      bus.publish('x', { n: 1 });
      const replies: string[] = [];
      bus.request('x', {}, 1_000, ({ kind }) => replies.push(kind));
      await Promise.resolve();
      expect(replies).toEqual(['timeout']);
      expect(meter.count('bus_dropped_total', { bus: 'nats' })).toBe(2);
      await server.restart();
      await until(() => bus.connected);
      bus.publish('x', { n: 2 });
      await roundTrips(bus);
      expect(received).toEqual([{ n: 2 }]);
      await bus.close();
    });
  });

  describe('JetStreamKeyValueStore', () => {
    it('says that it is unavailable when the server does not answer, and answers again later', async () => {
      const connection = await connect();
      const bucket = await JetStreamKeyValueStore.open(connection, { replicas: 1 }).bucket('frozen');
      const revision = await bucket.create('k', { n: 1 });
      await server.pause();
      await expect(bucket.update('k', { n: 2 }, revision)).rejects.toMatchObject({ code: 'KV_UNAVAILABLE' });
      server.resume();
      await until(async () => (await bucket.get('k').catch(() => undefined)) !== undefined);
      await connection.close();
    });

    it('refuses a server that would never end a lease', async () => {
      const connection = { info: { version: '2.10.27' } } as Parameters<typeof JetStreamKeyValueStore.open>[0];
      expect(() => JetStreamKeyValueStore.open(connection, { replicas: 1 })).toThrow('install 2.11 or newer');
    });
  });

  it('opens both drivers over one connection', async () => {
    const { bus, keyValues } = await openNats({ servers: [server.address], clock, log: silentLog, meter: new CountingMeter() });
    const bucket = await keyValues.bucket('opened');
    await bucket.create('k', { n: 1 });
    expect(bus.connected).toBe(true);
    await keyValues.close();
    await bus.close();
    await expect(bucket.get('k')).rejects.toMatchObject({ code: 'KV_UNAVAILABLE' });
  });

  async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
    while (!await condition()) await wait(20);
  }
});
