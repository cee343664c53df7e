import { type CassandraCluster, type CassandraAddress, joinSharedCassandra, type SharedCassandra, startCassandra } from '#servers';
import { CountingMeter } from '#kernel';
import { jest } from '@jest/globals';
import cassandra from 'cassandra-driver';
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { CASSANDRA_START_MS, cassandraSuite } from '../../../../test/support/servers.js';
import { call, type HistoryStand, historyStoreContract, type Retention } from './contract.js';
import { CassandraHistoryStore } from './drivers/cassandra.js';
import type { HistoryPage, HistoryQuery, HistoryStore } from './port.js';
import type { AnyHistoryRecord, HistoryKind, HistoryRecord } from './records.js';

const DAY = Date.UTC(2026, 0, 1);
const day = { kind: 'call', fromMs: DAY, toMs: DAY + 86_400_000, limit: 1_000 } as const;

function storeAt(node: CassandraAddress, keyspace: string, replicas: Readonly<Record<string, number>>, meter = new CountingMeter(), retention: Partial<Retention> = {}): CassandraHistoryStore {
  return new CassandraHistoryStore({
    contactPoints: [node.address], dataCentre: node.dataCentre, keyspace, replicas: new Map(Object.entries(replicas)), meter, nowMs: () => DAY, ...retention,
  });
}

const newKeyspace = (): string => `test_${randomBytes(6).toString('hex')}`;

/** Tests share a keyspace, since making one takes seconds: each has kinds of its own in it. */
class Apart implements HistoryStore {
  constructor(private readonly store: HistoryStore, private readonly name: string) {}

  append(records: readonly HistoryRecord[]): Promise<void> {
    return this.store.append(records.map((record) => ({ ...record, kind: `${this.name}.${record.kind}` as HistoryKind })));
  }

  async query<K extends HistoryKind>(query: HistoryQuery<K>): Promise<HistoryPage<K>> {
    const page = await this.store.query({ ...query, kind: `${this.name}.${query.kind}` as HistoryKind });
    const records = page.records.map((record) => ({ ...record, kind: query.kind }) as AnyHistoryRecord);
    return { ...page, records: records as unknown as HistoryPage<K>['records'] };
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

cassandraSuite('CassandraHistoryStore', () => {
  // A batch of a thousand records takes its time where the machine has other work.
  jest.setTimeout(60_000);

  describe('in two data centres', () => {
    const keyspace = newKeyspace();
    const replicas = { dc1: 1, dc2: 1 };
    let shared: SharedCassandra;
    let direct: cassandra.Client;
    let tests = 0;

    beforeAll(async () => {
      shared = await joinSharedCassandra();
      direct = new cassandra.Client({ contactPoints: [shared.nodes[0]!.address], localDataCenter: 'dc1' });
      await direct.connect();
      // A node that listens may not have heard of the other data centre yet, and refuses a keyspace for it.
      while ((await direct.execute('SELECT data_center FROM system.peers_v2')).rowLength < shared.nodes.length - 1) await wait(100);
      const first = storeAt(shared.nodes[0]!, keyspace, replicas);
      await first.query(day);
      await first.close();
    }, CASSANDRA_START_MS);
    afterAll(async () => {
      await direct.shutdown();
      shared.release();
    });

    const open = async (retention?: Retention): Promise<HistoryStand> => {
      tests += 1;
      const store = storeAt(shared.nodes[tests % 2]!, keyspace, replicas, new CountingMeter(), retention);
      return { store: new Apart(store, `t${tests}`), close: () => store.close() };
    };
    historyStoreContract('CassandraHistoryStore', () => open(), open);

    it('makes its keyspace once, also when two recorders begin at once, and puts copies in each data centre', async () => {
      const name = newKeyspace();
      const stores = shared.nodes.map((node) => storeAt(node, name, replicas));
      await Promise.all(stores.map((store, index) => store.append([call(`k${index}`, DAY)])));
      for (const store of stores) {
        const found = new Set<string>();
        // The other data centre follows when it can.
        while (found.size < 2) for (const { key } of (await store.query(day)).records) found.add(key);
        await store.close();
      }
      const { rows } = await direct.execute('SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?', [name], { prepare: true });
      expect(rows[0]?.['replication']).toMatchObject({ class: expect.stringContaining('NetworkTopologyStrategy'), dc1: '1', dc2: '1' });
    }, CASSANDRA_START_MS);

    it('refuses a keyspace of a newer version', async () => {
      const name = newKeyspace();
      await direct.execute(`CREATE KEYSPACE ${name} WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 1}`, [], { readTimeout: 30_000 });
      await direct.execute(`CREATE TABLE ${name}.schema_version (what text PRIMARY KEY, version int)`, [], { readTimeout: 30_000 });
      await direct.execute(`INSERT INTO ${name}.schema_version (what, version) VALUES ('history', 99)`);
      const late = storeAt(shared.nodes[0]!, name, replicas);
      await expect(late.query(day)).rejects.toThrow(`keyspace ${name} was written by a newer version (its schema is 99, known are 1)`);
      await late.close();
    });

    it('says so when the data centre has no copies', async () => {
      const name = newKeyspace();
      const store = storeAt(shared.nodes[0]!, name, { dc2: 1 });
      await expect(store.append([call('a', DAY)])).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
      await store.close();
    });
  });

  describe('of one node', () => {
    let cluster: CassandraCluster;
    const keyspace = newKeyspace();
    const node = () => cluster.nodes[0]!;
    beforeAll(async () => {
      cluster = await startCassandra({ nodes: [{ dataCentre: 'dc1' }] });
    }, CASSANDRA_START_MS);
    afterAll(() => cluster.close());

    it.each(['killed', 'frozen'])('says that it is unavailable while the node is %s, and goes on by itself', async (how) => {
      const meter = new CountingMeter();
      const store = storeAt(node(), keyspace, { dc1: 1 }, meter);
      const up = (): number | undefined => meter.value('store_up', { store: 'history' });
      const kind = { ...day, dn: how };
      const record = (key: string) => call(`${how}-${key}`, DAY, { dns: [how] });
      await store.append([record('a')]);
      expect(up()).toBe(1);
      await (how === 'killed' ? node().kill() : node().pause());
      await expect(store.append([record('b')])).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE', retryable: true });
      await expect(store.query(kind)).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
      expect(up()).toBe(0);
      expect(meter.count('store_changes_total', { store: 'history', outcome: 'failed' })).toBe(1);
      if (how === 'killed') await node().restart(); else node().resume();
      let isBack = false;
      while (!isBack) isBack = await store.append([record('b')]).then(() => true, () => new Promise((resolve) => setImmediate(resolve, false)));
      // The first connection after a start may be lost once more.
      let found: readonly string[] = [];
      const keysFound = async (): Promise<string[]> => (await store.query(kind)).records.map(({ key }) => key);
      while (found.length === 0) found = await keysFound().catch(() => new Promise<string[]>((resolve) => setImmediate(resolve, [])));
      expect(found).toEqual([`${how}-b`, `${how}-a`]);
      expect(up()).toBe(1);
      await store.close();
    }, CASSANDRA_START_MS);

    it('begins without the server', async () => {
      await node().kill();
      const store = storeAt(node(), keyspace, { dc1: 1 });
      await expect(store.append([call('late', DAY)])).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
      await node().restart();
      let isBack = false;
      while (!isBack) isBack = await store.append([call('late', DAY)]).then(() => true, () => false);
      expect((await store.query({ ...day, connID: 'conn-late' })).records).toHaveLength(1);
      await store.close();
    }, CASSANDRA_START_MS);
  });
});
