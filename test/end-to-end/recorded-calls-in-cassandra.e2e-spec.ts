import { joinSharedCassandra, type SharedCassandra } from '#servers';
import { CountingMeter } from '#kernel';
import { CassandraHistoryStore } from '#store/cassandra';
import { randomBytes } from 'node:crypto';
import { peerSuite } from '../support/peers.js';
import { cassandraSuite } from '../support/servers.js';
import { recordedCalls } from './suites/recorded-calls.suite.js';

cassandraSuite('history in Cassandra', () => peerSuite('recorded calls', ['sipp'], () => {
  let shared: SharedCassandra;
  recordedCalls('one process', async () => {
    shared = await joinSharedCassandra();
    const { address: node, dataCentre } = shared.nodes[0]!;
    const keyspace = `calls_${randomBytes(6).toString('hex')}`;
    // Made beforehand, since that takes seconds.
    const store = new CassandraHistoryStore({ contactPoints: [node], dataCentre, keyspace, replicas: new Map([[dataCentre, 1]]), meter: new CountingMeter(), nowMs: () => 0 });
    await store.query({ kind: 'call', fromMs: 0, toMs: 1, limit: 1 });
    await store.close();
    return { node, keyspace };
  });
  afterAll(() => shared.release());
}));
