import { type RedisServer, startRedis } from '#servers';
import { CountingMeter, silentLog, SystemClock } from '#kernel';
import { VirtualClock } from '#simulation';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { redisSuite } from '../../../../test/support/servers.js';
import { StoreUnavailable } from '../unavailable.js';
import { check, limiterStoreContract, takesOf } from './contract.js';
import { RedisLimiterStore } from './drivers/redis.js';
import { MemoryLimiterStore } from './memory.js';
import { ALL_COUNTERS, answerOf, histories } from './oracle.fixture.js';

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

  it('answers as the store of one process does, whatever happened before', async () => {
    const store = await opened();
    await fc.assert(fc.asyncProperty(histories([60_000], []), async (history) => {
      await probe.flushall();
      const memory = new MemoryLimiterStore(new VirtualClock());
      for (const step of history) {
        if (step.kind !== 'pass') expect(await answerOf(store, step)).toEqual(await answerOf(memory, step));
        expect(await store.usage(ALL_COUNTERS)).toEqual(await memory.usage(ALL_COUNTERS));
      }
    }), { numRuns: 200 });
    await store.close();
  }, 60_000);

  it('leaves nothing at the server that has no end', async () => {
    const store = await opened();
    const checks = [check('x', 0, { shadow: true, ghosts: 'ghosts:x' })];
    await store.acquire('slot1', { checks, takes: takesOf('x', 'y') }, 60_000);
    await store.hold([{ id: 'c1', by: 'sc', takes: takesOf('x', 'z'), was: 'slot1' }, { id: 'c2', by: 'sc', takes: takesOf('x') }], 30_000);
    await store.hold([{ id: 'c1', by: 'vq', takes: takesOf('q'), amends: true }], 60_000);
    const keys = await probe.keys('*');
    expect(keys.sort()).toEqual(['c:q', 'c:x', 'c:z', 'r:c1', 'r:c2', 'w:slot1'].map((key) => `cb:lim:${key}`));
    for (const key of keys) expect(await probe.pttl(key)).toBeGreaterThan(10_000);
    expect(await store.release(['c1', 'c2', 'slot1'])).toEqual([true, true, false]);
    const left = await probe.keys('*');
    expect(left.sort()).toEqual(['l:c1', 'l:c2', 'l:slot1', 'w:slot1'].map((key) => `cb:lim:${key}`));
    for (const key of left) expect(await probe.pttl(key)).toBeGreaterThan(10_000);
    await store.close();
  });

  it.each(['killed', 'frozen'])('says that it is unavailable while the server is %s, and goes on by itself', async (how) => {
    const store = await opened();
    let ups = 0;
    store.onUp(() => { ups += 1; });
    await store.hold([{ id: 'c1', by: 'sc', takes: takesOf('x') }], 600_000);
    await (how === 'killed' ? server.kill() : server.pause());
    await expect(store.acquire('c2', { checks: [check('x', 5)], takes: takesOf('x') }, 60_000)).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.usage(['x'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true, store: 'limiter' });
    expect(ports.meter.value('store_up', { store: 'limiter' })).toBe(0);
    if (how === 'killed') await server.restart(); else server.resume();
    await store.connected();
    expect(ups).toBe(1);
    expect(await store.usage(['x'])).toEqual([1]);
    await store.close();
  }, 20_000);
});
