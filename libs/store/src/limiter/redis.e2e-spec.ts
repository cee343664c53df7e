import { type RedisServer, startRedis } from '#servers';
import { CountingMeter, silentLog, SystemClock } from '#kernel';
import { Redis } from 'ioredis';
import { redisSuite } from '../../../../test/support/servers.js';
import { StoreUnavailable } from '../unavailable.js';
import { limiterStoreContract } from './contract.js';
import { RedisLimiterStore } from './drivers/redis.js';

redisSuite('RedisLimiterStore', (binary) => {
  let server: RedisServer;
  let probe: Redis;
  const ports = { clock: new SystemClock(), log: silentLog, meter: new CountingMeter() };

  beforeAll(async () => {
    server = await startRedis({ server: binary, fsync: 'always' });
    probe = new Redis(server.url);
    probe.on('error', () => {});
  });
  beforeEach(() => probe.flushall());
  afterAll(async () => {
    probe.disconnect();
    await server.close();
  });

  async function opened(): Promise<RedisLimiterStore> {
    const store = new RedisLimiterStore({ url: server.url }, ports);
    await store.connected();
    return store;
  }

  const nowMs = async (): Promise<number> => {
    const [seconds, micros] = await probe.time();
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  };

  limiterStoreContract('RedisLimiterStore', async () => {
    const [a, b] = await Promise.all([opened(), opened()]);
    return {
      a, b,
      advance: async (ms) => {
        const untilMs = await nowMs() + ms;
        while (await nowMs() < untilMs);
      },
      close: async () => {
        await a.close();
        await b.close();
      },
    };
  });

  it('leaves nothing at the server that has no end', async () => {
    const store = await opened();
    await store.acquire('c1', [{ counter: 'x', limit: 5 }, { counter: 'y', limit: 5 }], 60_000);
    await store.acquire('c1', [{ counter: 'z', limit: 5 }], 1_000);
    await store.acquire('c2', [{ counter: 'x', limit: 5 }], 30_000);
    const keys = await probe.keys('*');
    expect(keys).toHaveLength(5);
    for (const key of keys) expect(await probe.pttl(key)).toBeGreaterThan(10_000);
    await store.release('c1');
    await store.release('c2');
    expect(await probe.keys('*')).toEqual([]);
    await store.close();
  });

  it.each(['killed', 'frozen'])('says that it is unavailable while the server is %s, and goes on by itself', async (how) => {
    const store = await opened();
    await store.acquire('c1', [{ counter: 'x', limit: 5 }], 600_000);
    await (how === 'killed' ? server.kill() : server.pause());
    const claims = [{ counter: 'x', limit: 5 }];
    await expect(store.acquire('c2', claims, 60_000)).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.usage(['x'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true, store: 'limiter' });
    expect(ports.meter.value('store_up', { store: 'limiter' })).toBe(0);
    if (how === 'killed') await server.restart(); else server.resume();
    await store.connected();
    expect(await store.renew(['c1'], 60_000)).toEqual([]);
    await store.close();
  }, 20_000);
});
