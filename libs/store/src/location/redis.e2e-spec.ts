import { type RedisServer, startRedis } from '#servers';
import { type Clock, CountingMeter, type Log, type LogFields, silentLog, SystemClock } from '#kernel';
import { VirtualClock } from '#simulation';
import { Redis } from 'ioredis';
import { redisSuite } from '../../../../test/support/servers.js';
import { locationStoreContract } from './contract.js';
import { type LocationKeeper, RedisLocationStore } from './drivers/redis.js';
import type { LocationBinding, LocationDelta } from './port.js';

redisSuite('RedisLocationStore', (binary) => {
  let server: RedisServer;
  let probe: Redis;
  let meter: CountingMeter;
  let warnings: string[];
  const open: RedisLocationStore[] = [];
  const clock = new SystemClock();
  const log: Log = { ...silentLog, warn: (text) => void warnings.push(text) };

  beforeAll(async () => {
    server = await startRedis({ server: binary, fsync: 'always' });
    probe = new Redis(server.url);
    probe.on('error', () => {});
  });
  beforeEach(async () => {
    meter = new CountingMeter();
    warnings = [];
    await probe.flushall();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((store) => store.close()));
  });
  afterAll(async () => {
    probe.disconnect();
    await server.close();
  });

  async function opened(name: string, more: { keeper?: LocationKeeper; queueMax?: number; clock?: Clock } = {}): Promise<RedisLocationStore> {
    const { clock: time = clock, ...options } = more;
    const store = await RedisLocationStore.open({ url: server.url, name, ...options }, { clock: time, log, meter });
    open.push(store);
    return store;
  }

  function binding(contact: string, more: Partial<LocationBinding> = {}): LocationBinding {
    const nowMs = clock.nowMs();
    return {
      contact, expiresAtMs: nowMs + 60_000, updatedAtMs: nowMs, callId: 'c@phone', cseq: 1, q: 1, path: [], flow: 'udp:192.0.2.1:5060', node: 'a',
      ...more,
    };
  }

  const contacts = (store: RedisLocationStore, aor: string): string[] => store.list(aor).map(({ contact }) => contact);

  /** Resolves with the first delta of `store` that fits. */
  function heard(store: RedisLocationStore, fits: (delta: LocationDelta) => boolean): Promise<LocationDelta> {
    return new Promise((resolve) => {
      const stop = store.watch((delta) => {
        if (!fits(delta)) return;
        stop();
        resolve(delta);
      });
    });
  }

  /** Resolves when it is so; asked again after each answer of the server. */
  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!await isSo()) await new Promise(setImmediate);
  }

  locationStoreContract('RedisLocationStore', async () => {
    const virtual = new VirtualClock();
    const store = await opened('a', { clock: virtual });
    return {
      store, clock: virtual,
      advance: async (ms) => {
        await virtual.advance(ms);
        await new Promise(setImmediate);
      },
    };
  });

  it('tells what another one wrote and removed', async () => {
    const [a, b] = [await opened('a'), await opened('b')];
    const put = heard(b, ({ kind }) => kind === 'put');
    a.put('7001', binding('sip:7001@a', { path: ['<sip:p1;lr>'], userAgent: 'Phone "1"' }));
    expect(await put).toEqual({ kind: 'put', aor: '7001', binding: a.list('7001')[0] });
    const gone = heard(b, ({ kind }) => kind === 'gone');
    a.remove({ aor: '7001', contact: 'sip:7001@a', atMs: clock.nowMs() });
    expect(await gone).toMatchObject({ aor: '7001', contact: 'sip:7001@a', reason: 'removed' });
  });

  it('does not tell its own changes twice', async () => {
    const [a, b] = [await opened('a'), await opened('b')];
    const deltas: LocationDelta[] = [];
    a.watch((delta) => deltas.push(delta));
    a.put('7001', binding('sip:7001@a'));
    const last = heard(a, (delta) => delta.aor === '7002');
    await a.flushed();
    b.put('7002', binding('sip:7002@b'));
    await last;
    expect(deltas.map(({ aor }) => aor)).toEqual(['7001', '7002']);
  });

  it('begins with everything that the others wrote, without what they removed', async () => {
    const a = await opened('a');
    for (let dn = 0; dn < 2_500; dn += 1) a.put(`${dn}`, binding(`sip:${dn}@a`));
    a.put('7', binding('sip:second'));
    a.remove({ aor: '8', contact: 'sip:8@a', atMs: clock.nowMs() });
    await a.flushed();
    const cold = await opened('cold');
    expect(cold.isComplete).toBe(true);
    expect(cold.size).toBe(2_499);
    expect(contacts(cold, '7').sort()).toEqual(['sip:7@a', 'sip:second']);
    expect(contacts(cold, '8')).toEqual([]);
    expect(cold.list('9')).toEqual(a.list('9'));
  });

  it('lets the later report stand, whichever is written first', async () => {
    const now = clock.nowMs();
    const [a, b] = [await opened('a'), await opened('b')];
    const told = heard(b, ({ kind }) => kind === 'put');
    a.put('7001', binding('sip:x', { updatedAtMs: now, cseq: 5 }));
    await told;
    b.put('7002', binding('sip:y', { updatedAtMs: now, cseq: 5 }));
    await b.flushed();
    const late = await opened('late');
    expect(late.put('7001', binding('sip:x', { updatedAtMs: now - 1, cseq: 4 }))).toBe(false);
    expect(b.remove({ aor: '7001', contact: 'sip:x', atMs: now + 5 })).toBe(true);
    await b.flushed();
    // It has not heard of the removal yet, or has; at the server the removal stands either way.
    a.put('7001', binding('sip:x', { updatedAtMs: now + 1, cseq: 6 }));
    await a.flushed();
    expect(contacts(await opened('cold'), '7001')).toEqual([]);
  });

  it('leaves nothing at the server that has no end, and nothing that has ended', async () => {
    const a = await opened('a');
    a.put('7001', binding('sip:a', { expiresAtMs: clock.nowMs() + 3_600_000 }));
    a.put('7002', binding('sip:b', { expiresAtMs: clock.nowMs() + 100 }));
    a.put('7003', binding('sip:c'));
    a.remove({ aor: '7003', contact: 'sip:c', atMs: clock.nowMs() });
    await a.flushed();
    expect(await probe.pttl('cb:loc:7001 sip:a')).toBeGreaterThan(3_500_000);
    const removedFor = await probe.pttl('cb:loc:7003 sip:c');
    expect(removedFor).toBeGreaterThan(0);
    expect(removedFor).toBeLessThanOrEqual(32_000);
    await until(async () => await probe.exists('cb:loc:7002 sip:b') === 0);
    for (const key of await probe.keys('*')) expect(await probe.pttl(key)).toBeGreaterThan(0);
  });

  it('writes only what it keeps, and what a lost one was to write lately', async () => {
    let lost: (tookOver: (node: string) => boolean) => void = () => {};
    const keeper: LocationKeeper = { keeps: (node) => node === 'a', onLost: (listener) => { lost = listener; } };
    const a = await opened('a', { keeper });
    a.put('7001', binding('sip:mine'));
    a.put('7002', binding('sip:theirs', { node: 'b' }));
    a.put('7003', binding('sip:old', { node: 'b', updatedAtMs: clock.nowMs() - 61_000 }));
    await a.flushed();
    expect(await probe.keys('*')).toEqual(['cb:loc:7001 sip:mine']);
    lost((node) => node === 'b');
    await until(async () => await probe.exists('cb:loc:7002 sip:theirs') === 1);
    expect(await probe.exists('cb:loc:7003 sip:old')).toBe(0);
  });

  it('counts what it cannot read, and goes on', async () => {
    await probe.set('cb:loc:7001 sip:a', 'nonsense', 'PX', 60_000);
    const a = await opened('a');
    const b = await opened('b');
    const put = heard(a, ({ kind }) => kind === 'put');
    for (const text of ['nonsense', '{}', '["x","cb:loc:7002 sip:a","1"]']) await probe.publish('cb:loc', text);
    b.put('7003', binding('sip:7003@b'));
    await put;
    expect(a.size).toBe(1);
    // Both read the first; both heard the other three.
    expect(meter.count('store_changes_total', { store: 'location', outcome: 'broken' })).toBe(8);
  });

  describe.each(['killed', 'frozen'] as const)('while its server is %s', (how) => {
    const begin = (): Promise<void> => (how === 'killed' ? server.kill() : server.pause());
    const end = async (): Promise<void> => (how === 'killed' ? server.restart() : server.resume());
    const up = (): number | undefined => meter.value('store_up', { store: 'location' });

    it('answers, takes registrations, and writes them when it is back', async () => {
      const a = await opened('a');
      a.put('7001', binding('sip:before'));
      await a.flushed();
      await begin();
      a.put('7002', binding('sip:meanwhile'));
      a.remove({ aor: '7001', contact: 'sip:before', atMs: clock.nowMs() });
      await until(() => up() === 0);
      expect(contacts(a, '7002')).toEqual(['sip:meanwhile']);
      expect(warnings).toEqual(['a store does not answer']);
      await end();
      await until(() => up() === 1);
      await until(() => meter.value('store_queue', { store: 'location' }) === 0);
      const cold = await opened('cold');
      expect(contacts(cold, '7002')).toEqual(['sip:meanwhile']);
      expect(contacts(cold, '7001')).toEqual([]);
    }, 20_000);

    it('starts without it, and reads it when it is back', async () => {
      const a = await opened('a');
      a.put('7001', binding('sip:a'));
      await a.flushed();
      await a.close();
      await begin();
      const cold = await opened('cold');
      expect(cold.isComplete).toBe(false);
      const told = heard(cold, ({ aor }) => aor === '7001');
      await end();
      await told;
      await until(() => cold.isComplete);
    }, 20_000);

    it('does not bring back what was removed so long ago that the removal is forgotten', async () => {
      let skippedMs = 0;
      const ahead: Clock = { nowMs: () => clock.nowMs() + skippedMs, setTimer: (delayMs, fire) => clock.setTimer(delayMs, fire) };
      const a = await opened('a', { clock: ahead });
      a.put('7001', binding('sip:a', { expiresAtMs: clock.nowMs() + 3_600_000 }));
      await a.flushed();
      await begin();
      a.remove({ aor: '7001', contact: 'sip:a', atMs: ahead.nowMs() });
      await until(() => up() === 0);
      skippedMs = 40_000;
      await end();
      await until(() => up() === 1 && meter.value('store_queue', { store: 'location' }) === 0);
      await a.flushed();
      expect(contacts(await opened('cold'), '7001')).toEqual([]);
      expect(contacts(a, '7001')).toEqual([]);
    }, 20_000);

    it('holds a bounded queue, and writes in full when that was too small', async () => {
      const a = await opened('a', { queueMax: 10 });
      await begin();
      for (let dn = 0; dn < 500; dn += 1) a.put(`${dn}`, binding(`sip:${dn}@a`));
      await until(() => up() === 0);
      expect(meter.value('store_queue', { store: 'location' })).toBe(10);
      expect(meter.count('store_changes_total', { store: 'location', outcome: 'dropped' })).toBe(490);
      await end();
      await until(async () => up() === 1 && await probe.dbsize().catch(() => 0) === 500);
    }, 20_000);
  });

  it('writes everything again to a server that lost it', async () => {
    const forgetful = await startRedis({ server: binary, appendOnly: false });
    const a = await RedisLocationStore.open({ url: forgetful.url, name: 'a' }, { clock, log, meter });
    for (let dn = 0; dn < 300; dn += 1) a.put(`${dn}`, binding(`sip:${dn}@a`));
    await a.flushed();
    await forgetful.kill();
    await forgetful.restart();
    const eye = new Redis(forgetful.url);
    await until(async () => await eye.dbsize() === 300);
    eye.disconnect();
    await a.close();
    await forgetful.close();
  }, 20_000);

  it('shows no password', async () => {
    const guarded = await startRedis({ server: binary, password: 'top-secret' });
    const said: string[] = [];
    const tell = (text: string, fields?: LogFields): void => void said.push(text + JSON.stringify(fields));
    const telling: Log = { ...silentLog, info: tell, warn: tell };
    const store = await RedisLocationStore.open({ url: guarded.url, name: 'a' }, { clock, meter, log: telling });
    store.put('7001', binding('sip:a'));
    await store.flushed();
    await guarded.kill();
    await until(() => said.some((text) => text.startsWith('a store does not answer')));
    expect(said.join('\n')).not.toContain('top-secret');
    await store.close();
    await guarded.close();
  });
});
