/** Bindings outlive the proxies in Redis, and the proxies do without it (docs/specs/stores.md). */
import { type RedisServer, startRedis } from '#servers';
import { Redis } from 'ioredis';
import { ForeignAgent, OFFER } from '../support/foreign-agent.js';
import { natsSuite } from '../support/nats.js';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';
import { redisSuite } from '../support/servers.js';

redisSuite('bindings on Redis', (binary) => natsSuite('of two proxies', () => {
  let server: RedisServer;
  let probe: Redis;
  let running: RunningSwitch;
  let carrier: ForeignAgent;
  let phone: ForeignAgent;

  beforeAll(async () => {
    server = await startRedis({ server: binary, password: 'pass' });
    probe = new Redis(server.url, { maxRetriesPerRequest: null });
    probe.on('error', () => {});
    running = await startSwitch('processes over NATS', { redis: server.url });
    carrier = await ForeignAgent.open(running.plan.carrier, 5090);
    phone = await ForeignAgent.open(running.plan.phones);
  }, 120_000);
  afterAll(async () => {
    for (const agent of [carrier, phone]) agent?.close();
    await running?.stop();
    probe.disconnect();
    await server.close();
  }, 60_000);

  const register = async (dn: string, proxy: string): Promise<void> => {
    const { accessPoint } = running.plan;
    const answer = await phone.request(proxy, {
      method: 'REGISTER', uri: `sip:${accessPoint}`, from: `sip:${dn}@${accessPoint}`,
    }, { user: dn, password: `secret-${dn}` });
    expect(answer).toMatchObject({ status: 200 });
  };

  /** A call from outside through `proxy` rings the phone, which is busy. */
  const ring = async (dn: string, proxy: string): Promise<void> => {
    const known = phone.heard.length;
    const answer = carrier.request(proxy, { method: 'INVITE', uri: `sip:${dn}@${proxy}`, from: 'sip:888@carrier.test', body: OFFER });
    const rung = await phone.next((heard) => heard.method === 'INVITE' && phone.heard.indexOf(heard) >= known);
    phone.respond(rung.source, rung, '486 Busy Here');
    expect((await answer).status).toBeGreaterThanOrEqual(400);
  };

  const stored = async (dn: string): Promise<boolean> => (await probe.keys(`cb:loc:${dn} *`)).length === 1;

  it('are there for proxies that all began anew', async () => {
    const [first, second] = running.proxies as [string, string];
    await register('7001', first);
    while (!await stored('7001'));
    const keys = running.plan.proxies.map(({ name }) => `${name}/sip-proxy`);
    await Promise.all(keys.map((key) => running.kill(key)));
    await Promise.all(keys.map((key) => running.begin(key)));
    await ring('7001', second);
  }, 90_000);

  it('are with every proxy while Redis is down, and in it afterwards', async () => {
    const [first, second] = running.proxies as [string, string];
    await server.kill();
    await register('7002', first);
    await ring('7001', second);
    while ((await running.bindings('7002')).length !== 1);
    await ring('7002', second);
    await server.restart();
    for (const dn of ['7001', '7002']) while (!await stored(dn));
  }, 60_000);
}));
