/** Two data centres over real servers: what flows between them, and what goes on while the line between them is cut. */
import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { CountingMeter, silentLog } from '#kernel';
import { becomes } from '../../../test/support/becomes.js';
import { natsSuite } from '../../../test/support/nats.js';
import { type NatsSites, startNatsSites } from '../../../test/support/nats-sites.js';
import { connectNats, JetStreamKeyValueStore, JetStreamQueue, NatsBus, type NatsDrivers, openNats } from './nats.js';
import { keyValueContract } from './key-value/contract.js';
import { clock, keyValueStands } from './nats.fixture.js';
import type { KeyValueChange } from './key-value/port.js';
import type { QueueEntry } from './queue/port.js';

type Opened = Pick<NatsDrivers, 'bus' | 'keyValues'>;
const OTHER = { dc1: 'dc2', dc2: 'dc1' } as const;

jest.setTimeout(60_000);

natsSuite('NATS in two data centres', (file) => {
  let sites: NatsSites;
  const opened: Opened[] = [];
  beforeAll(async () => { sites = await startNatsSites(file); });
  afterEach(async () => {
    await sites.relay.change({ cut: false, delayMs: 0 });
    for (const { bus, keyValues } of opened.splice(0)) {
      await keyValues.close();
      await bus.close();
    }
  });
  afterAll(() => sites.close());

  async function open(dataCentre: 'dc1' | 'dc2', servers = sites.addresses(dataCentre)): Promise<NatsDrivers> {
    const other = OTHER[dataCentre];
    const drivers = await openNats({
      servers, domain: dataCentre, remotes: new Map([[other, { servers: sites.addresses(other), domain: other }]]), clock, log: silentLog, meter: new CountingMeter(),
    });
    opened.push(drivers);
    return drivers;
  }

  const request = (bus: NatsBus, subject: string, timeoutMs = 1_000): Promise<string> => new Promise((resolve) => {
    bus.request(subject, {}, timeoutMs, (reply) => resolve(reply.kind));
  });
  const settled = async (bus: NatsBus, subject: string, kind: string): Promise<void> => {
    while (await request(bus, subject, 500) !== kind) await wait(20);
  };
  const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
    while (!await condition()) await wait(20);
  };

  const stand = keyValueStands({ replicas: 3, domain: 'dc2' }, 250);
  keyValueContract('JetStreamKeyValueStore in a domain of three', async () => {
    const [first, second] = sites.addresses('dc2');
    return stand([await connectNats({ servers: [first!], name: 'a' }), await connectNats({ servers: [second!], name: 'b' })]);
  });

  it('carry subjects, requests and replies both ways, each message once', async () => {
    const [{ bus: one }, { bus: two }] = [await open('dc1'), await open('dc2')];
    for (const [here, there, name] of [[one, two, 'a'], [two, one, 'b']] as const) {
      const received: object[] = [];
      there.subscribe(`cb.count.${name}`, (message) => received.push(message));
      there.subscribe(`cb.ask.${name}`, (_message, { respond }) => respond?.({ yes: true }));
      await settled(here, `cb.ask.${name}`, 'reply');
      for (let n = 0; n < 50; n += 1) here.publish(`cb.count.${name}`, { n });
      await settled(here, `cb.ask.${name}`, 'reply');
      await until(() => received.length >= 50);
      await wait(50);
      expect(received).toEqual(Array.from({ length: 50 }, (_, n) => ({ n })));
    }
  });

  it('know at once that nobody answers, in either data centre', async () => {
    const [{ bus: one }, { bus: two }] = [await open('dc1'), await open('dc2')];
    expect(await request(one, 'cb.nobody', 5_000)).toBe('no-responders');
    expect(await request(two, 'cb.nobody', 5_000)).toBe('no-responders');
  });

  it('mirror each other\'s buckets, and leave the writing to their own', async () => {
    const [{ keyValues: one }, { keyValues: two }] = [await open('dc1'), await open('dc2')];
    const mirror = await two.bucket('owners-dc1');
    const changes: KeyValueChange[] = [];
    await mirror.watch('>', (change) => changes.push(change));
    const bucket = await one.bucket('owners-dc1');
    const revision = await bucket.create('7001', { node: 'SIPS_dc1_1' });
    await until(() => changes.length === 1);
    expect(await mirror.get('7001')).toEqual({ key: '7001', value: { node: 'SIPS_dc1_1' }, revision });
    await bucket.delete('7001', revision);
    await until(() => changes.length === 2);
    expect(changes.map(({ kind }) => kind)).toEqual(['put', 'gone']);
    expect(await mirror.list()).toEqual([]);
    await expect(mirror.create('7001', {})).rejects.toThrow('only dc1 writes it');
  });

  it('read and write their own buckets while the line is cut, and a starting process reads the other\'s mirror', async () => {
    const [{ bus: busOne, keyValues: one }, { bus: busTwo, keyValues: two }] = [await open('dc1'), await open('dc2')];
    const [ownOne, ownTwo] = [await one.bucket('cut-dc1'), await two.bucket('cut-dc2')];
    const mirror = await two.bucket('cut-dc1');
    await ownOne.create('before', { n: 1 });
    await until(async () => await mirror.get('before') !== undefined);
    busOne.subscribe('cb.far', (_message, { respond }) => respond?.({}));
    await settled(busTwo, 'cb.far', 'reply');

    await sites.relay.change({ cut: true });
    await settled(busTwo, 'cb.far', 'no-responders');
    // Long enough for a leafnode that knows another way to take it.
    for (let asked = 0; asked < 10; asked += 1) {
      await wait(300);
      expect(await request(busTwo, 'cb.far')).toBe('no-responders');
    }
    await ownOne.create('during', { n: 2 });
    await ownTwo.create('during', { n: 2 });
    const { keyValues: late, bus: lateBus } = await open('dc2');
    expect((await (await late.bucket('cut-dc1')).list()).map(({ key }) => key)).toEqual(['before']);
    expect((await (await late.bucket('cut-dc2')).list()).map(({ key }) => key)).toEqual(['during']);
    expect(lateBus.connected).toBe(true);

    await sites.relay.change({ cut: false });
    await settled(busTwo, 'cb.far', 'reply');
    await until(async () => await mirror.get('during') !== undefined);
    expect((await mirror.get('during'))?.value).toEqual({ n: 2 });
  });

  it('a watch goes on within seconds when the server that feeds it is gone, and misses nothing', async () => {
    const { keyValues, connection } = await watcher();
    const bucket = await keyValues.bucket('fed-dc2');
    const changes: string[] = [];
    await bucket.watch('>', (change) => changes.push(change.kind === 'put' ? change.entry.key : `-${change.key}`));
    await bucket.create('k0', {});
    await until(() => changes.length === 1);
    const manager = await jetstreamManager(connection, { domain: 'dc2' });
    const [feeding] = await manager.consumers.list('KV_fed-dc2').next();
    const index = Number(feeding!.cluster!.leader!.at(-1)) - 1;
    const { keyValues: others } = await open('dc2', sites.addresses('dc2').filter((_, i) => i !== index));
    const writer = await others.bucket('fed-dc2');
    await sites.kill('dc2', index);
    for (const key of ['k1', 'k2']) await written(() => writer.create(key, {}));
    await until(() => changes.length >= 3);
    expect(changes).toEqual(['k0', 'k1', 'k2']);
    await sites.start('dc2', index);
  }, 30_000);

  it('one server of three may go at any time: who was connected there goes on at another', async () => {
    const [{ bus: asker }, { bus: near }, { bus: far }] = [await open('dc2'), await open('dc2'), await open('dc1')];
    near.subscribe('cb.near', (_message, { respond }) => respond?.({}));
    far.subscribe('cb.far', (_message, { respond }) => respond?.({}));
    await settled(asker, 'cb.near', 'reply');
    await settled(asker, 'cb.far', 'reply');
    for (const index of [0, 1, 2]) {
      await sites.kill('dc2', index);
      await settled(asker, 'cb.near', 'reply');
      await settled(asker, 'cb.far', 'reply');
      await sites.start('dc2', index);
    }
    expect([asker.connected, near.connected]).toEqual([true, true]);
  });

  it('all servers of a data centre may go: its processes wait for them, and go on with what they had, watches too', async () => {
    const [{ bus: one, keyValues }, { bus: two }] = [await open('dc2'), await open('dc2')];
    two.subscribe('cb.back', (_message, { respond }) => respond?.({}));
    const bucket = await keyValues.bucket('back-dc2');
    const changes: KeyValueChange[] = [];
    await bucket.watch('>', (change) => changes.push(change));
    await bucket.create('before', {});
    await until(() => changes.length === 1);
    await Promise.all([0, 1, 2].map((index) => sites.kill('dc2', index)));
    await until(() => !one.connected && !two.connected);
    expect(await request(one, 'cb.back', 5_000)).toBe('timeout');
    await Promise.all([0, 1, 2].map((index) => sites.start('dc2', index)));
    await settled(one, 'cb.back', 'reply');
    await until(async () => (await bucket.get('before').catch(() => undefined)) !== undefined);
    await written(() => bucket.create('after', {}));
    await until(() => changes.some((change) => change.kind === 'put' && change.entry.key === 'after'));
  });

  it('a durable queue keeps its order, each message once, while its servers die and come back', async () => {
    const connection = await connectNats({ servers: sites.addresses('dc2'), name: 'queue' });
    const queue = await JetStreamQueue.open(connection, { stream: 'history-dc2', queue: 'a', domain: 'dc2', replicas: 3 });
    const taken: number[] = [];
    let appended = 0;
    let over = false;
    let refused = '';
    const reading = (async () => {
      for (let closed = false; !closed; closed = over && taken.length >= appended) {
        const messages = await queue.take(500).catch((error: Error) => {
          refused = error.message;
          return [];
        });
        taken.push(...messages.map(({ body }) => (body as { n: number }).n));
        await queue.ack(messages.map(({ seq }) => seq)).catch(() => {});
      }
    })();
    const writing = (async () => {
      // As a recorder, which has heard more with each time that it could not append.
      const pending: QueueEntry[] = [];
      let made = 0;
      while (!over || pending.length > 0) {
        if (!over) for (let i = 0; i < 30; i += 1, made += 1) pending.push({ id: `n-${made}`, body: { n: made } });
        const batch = pending.slice(0, 500);
        await queue.append(batch).then(() => {
          pending.splice(0, batch.length);
          appended += batch.length;
        }, (error: Error) => { refused = error.message; });
        await wait(20);
      }
    })();
    /** What it waits for is said well before the test is over. */
    const soon = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
      if (await becomes(async () => condition(), (met) => met, 45_000)) return;
      throw new Error(`${what}: not within 45 s; ${appended} appended, ${taken.length} taken, last refusal: ${refused}`);
    };
    const more = async (what: string): Promise<void> => {
      const before = appended;
      await soon(what, () => appended > before + 300);
    };
    const manager = await jetstreamManager(connection, { domain: 'dc2' });
    const replicated = async (): Promise<boolean> => {
      const info = await manager.streams.info('history-dc2').catch(() => undefined);
      return info?.cluster?.leader !== undefined && info.cluster.replicas?.every(({ current }) => current) === true;
    };
    for (const killed of [[0], [1], [0, 1, 2]]) {
      await more(`300 more before servers ${killed.join(', ')} die`);
      await soon(`all replicas current before servers ${killed.join(', ')} die`, replicated);
      await Promise.all(killed.map((index) => sites.kill('dc2', index)));
      await Promise.all(killed.map((index) => sites.start('dc2', index)));
    }
    await more('300 more at the end');
    over = true;
    await writing;
    await soon('all taken', () => taken.length >= appended);
    await queue.close();
    await reading;
    expect(taken).toEqual(Array.from({ length: appended }, (_, n) => n));
    await connection.close();
  }, 150_000);

  async function watcher(): Promise<Opened & { readonly connection: NatsConnection }> {
    const connection = await connectNats({ servers: sites.addresses('dc2'), name: 'watcher' });
    const bus = new NatsBus(connection, { clock, log: silentLog, meter: new CountingMeter() });
    const keyValues = JetStreamKeyValueStore.open(connection, { replicas: 3, domain: 'dc2' });
    opened.push({ bus, keyValues });
    return { bus, keyValues, connection };
  }
  /** Elections take seconds. */
  async function written(write: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        return void await write();
      } catch (error) {
        if ((error as { code?: string }).code === 'KV_REVISION_CONFLICT') return;
        await wait(100);
      }
    }
  }
});
