import { joinSharedCassandra, startCassandra, startRedis } from '#servers';
import cassandra from 'cassandra-driver';
import { Redis } from 'ioredis';
import { CASSANDRA_START_MS, cassandraSuite, redisSuite } from './servers.js';

redisSuite('a real Redis', (server) => {
  it('keeps what it holds through a kill', async () => {
    const running = await startRedis({ server, password: 'p/w d', fsync: 'always' });
    const client = new Redis(running.url);
    await client.set('a', '1');
    await running.kill();
    await running.restart();
    expect(await client.get('a')).toBe('1');
    client.disconnect();
    await running.close();
  });
});

cassandraSuite('a real Cassandra', () => {
  it('is one cluster of two data centres, shared by who joins it', async () => {
    const [a, b] = await Promise.all([joinSharedCassandra(), joinSharedCassandra()]);
    expect(a.nodes.map(({ dataCentre }) => dataCentre)).toEqual(['dc1', 'dc2']);
    expect(b.nodes).toEqual(a.nodes);
    const client = new cassandra.Client({ contactPoints: [a.nodes[1]!.address], localDataCenter: 'dc2' });
    const { rows } = await client.execute('SELECT data_center FROM system.peers');
    expect(rows.map((row) => row['data_center'])).toEqual(['dc1']);
    await client.shutdown();
    a.release();
    b.release();
  }, CASSANDRA_START_MS);

  it('starts again at its address', async () => {
    const cluster = await startCassandra({ nodes: [{ dataCentre: 'dc1' }] });
    await cluster.nodes[0]!.kill();
    await cluster.nodes[0]!.restart();
    const client = new cassandra.Client({ contactPoints: [cluster.nodes[0]!.address], localDataCenter: 'dc1' });
    const { rows } = await client.execute('SELECT data_center FROM system.local');
    expect(rows.map((row) => row['data_center'])).toEqual(['dc1']);
    await client.shutdown();
    await cluster.close();
  }, CASSANDRA_START_MS);
});
