/** Phones register: what DNS tells them, who is let in, what desktops hear of it and when (docs/specs/sip-proxy.md, "Bindings"). */
import { execFileSync } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { createRequire } from 'node:module';
import type { TlibClient } from '#tlib/client';
import { ForeignAgent, type Heard, OFFER } from '../../support/foreign-agent.js';
import { type RunningSwitch, startSwitch, type SwitchShape } from '../../support/running-switch.js';
import { registerPhones, runSipp } from '../../support/sipp.js';
import { soonest } from '../../support/soonest.js';

type Dns2Client = (options: { dns: string; port: number }) => (name: string, type: string) => Promise<{ readonly answers: readonly object[] }>;
/** The package's own types do not say what its clients take. */
const { UDPClient, TCPClient } = createRequire(import.meta.url)('dns2') as { UDPClient: Dns2Client; TCPClient: Dns2Client };

/** Longest time from an event of the phone to the event at a desktop. */
const SOON_MS = 1_000;
/** The time runs from the grant, which is a little older when the phone hears of it. */
const GRANT_UNDERWAY_MS = 200;

export function registration(shape: SwitchShape): void {
  let running: RunningSwitch;
  let desk: TlibClient;
  const agents: ForeignAgent[] = [];

  beforeAll(async () => {
    running = await startSwitch(shape, {
      options: { 'registrar-min-timeout': 1 },
      extensions: {
        7061: { contact: '*', password: '7061', 'sip-enable-strict-auth': true },
        7062: { contact: '*', password: '7062' },
        7063: { contact: '*', 'sip-enable-strict-auth': true },
      },
    });
    desk = await running.client('TCport', 'desk');
  }, 60_000);
  afterEach(() => {
    for (const agent of agents.splice(0)) agent.close();
  });
  afterAll(() => running.stop(), 20_000);

  const agent = async (port = 0): Promise<ForeignAgent> => {
    const made = await ForeignAgent.open(running.plan.phones, port);
    agents.push(made);
    return made;
  };
  const proxy = (): string => running.proxies[0]!;
  const address = (dn: string): string => `sip:${dn}@${running.plan.accessPoint}`;
  const register = (phone: ForeignAgent, dn: string, headers: readonly string[] = [], password = `secret-${dn}`): Promise<Heard> =>
    phone.request(proxy(), { method: 'REGISTER', uri: `sip:${running.plan.accessPoint}`, from: address(dn), headers }, { user: dn, password });
  const moment = async (name: string, dn: string): Promise<number> => {
    await desk.next(name, (event) => event['ThisDN'] === dn, 20_000);
    return performance.now();
  };
  const bindings = (dn: string) => running.bindings(dn);
  const dig = (type: string, name: string): string[] => {
    const { host } = running.plan.dns;
    return execFileSync('dig', [`@${host}`, '-p', '5300', '+short', type, name], { encoding: 'utf8' }).trim().split('\n');
  };

  it('is found by SRV, NAPTR and address in DNS', () => {
    const { accessPoint, proxies } = running.plan;
    const hosts = proxies.map(({ host }) => host);
    const [naptrUdp, naptrTcp] = dig('NAPTR', accessPoint).sort();
    expect(naptrUdp).toBe(`10 10 "s" "SIP+D2U" "" _sip._udp.${accessPoint}.`);
    expect(naptrTcp).toBe(`10 20 "s" "SIP+D2T" "" _sip._tcp.${accessPoint}.`);
    for (const owner of ['_sip._udp', '_sip._tcp']) {
      const records = dig('SRV', `${owner}.${accessPoint}`).map((record) => record.split(' ') as [string, string, string, string]);
      expect(records.map(([priority, weight, port]) => [priority, weight, port])).toEqual(hosts.map(() => ['10', '50', '5060']));
      expect(records.flatMap(([, , , target]) => dig('A', target)).sort()).toEqual(hosts);
    }
    expect(dig('A', accessPoint).sort()).toEqual(hosts);
    expect(dig('A', 'phones.cordboard.test').sort()).toEqual(hosts);
  });

  it('is understood by other DNS clients: the resolver of Node and dns2', async () => {
    const { accessPoint, dns, proxies } = running.plan;
    const resolver = new Resolver();
    resolver.setServers([`${dns.host}:5300`]);
    const srv = await resolver.resolveSrv(`_sip._tcp.${accessPoint}`);
    expect(srv).toMatchObject(proxies.map(() => ({ priority: 10, weight: 50, port: 5060 })));
    expect(await resolver.resolveNaptr(accessPoint)).toHaveLength(2);
    for (const client of [UDPClient, TCPClient]) {
      const resolve = client({ dns: dns.host, port: 5300 });
      const names = srv.map(({ name }) => name).sort();
      expect((await resolve(names[0]!, 'A')).answers).toMatchObject([{ address: proxies[0]!.host }]);
      const { answers } = await resolve(`_sip._tcp.${accessPoint}`, 'SRV') as { answers: readonly { port: number; target: string }[] };
      expect(answers.map(({ port, target }) => `${target}:${port}`).sort()).toEqual(names.map((name) => `${name}:5060`));
    }
  }, 30_000);

  it('needs the right password, and stores nothing without it', async () => {
    const wrong = await runSipp('register-refused', {
      local: `${running.plan.phones}:6101`, remote: proxy(), calls: 1, keys: { access_point: running.plan.accessPoint, expires: 60 },
      lines: ['7001;[authentication username=7001 password=wrong]'], timeoutS: 20,
    }).done;
    expect(wrong).toMatchObject({ status: 0, successful: 1 });
    expect(await bindings('7001')).toEqual([]);
    expect((await running.ask('registrations list'))[0]!.result).toMatchObject({ count: 0 });
    expect(await registerPhones(['7001'], `${running.plan.phones}:6101`, proxy(), running.plan.accessPoint, 60)).toMatchObject({ status: 0 });
    expect(await bindings('7001')).toMatchObject([{ contact: `sip:7001@${running.plan.phones}:6101` }]);
  }, 60_000);

  it('puts the DN into service and out of it within a second: registration, de-registration, expiry', async () => {
    await desk.registerAddress('7002');
    const phone = await agent();
    const step = async (event: string, expires: number): Promise<{ readonly granted: Heard; readonly lateMs: number }> => {
      const heard = moment(event, '7002');
      const granted = await register(phone, '7002', [`Expires: ${expires}`]);
      expect(granted.status).toBe(200);
      return { granted, lateMs: await heard - granted.atMs };
    };
    const late = (event: string, expires: number): Promise<number> => soonest(SOON_MS, async () => {
      const { lateMs } = await step(event, expires);
      // So that there is a change to hear of the next time.
      if (lateMs >= SOON_MS) await step(event === 'EventDNBackInService' ? 'EventDNOutOfService' : 'EventDNBackInService', 60 - expires);
      return lateMs;
    });
    expect(await late('EventDNBackInService', 60)).toBeLessThan(SOON_MS);
    expect(await late('EventDNOutOfService', 0)).toBeLessThan(SOON_MS);
    expect(await bindings('7002')).toEqual([]);

    const livedMs = await soonest(1_000 + SOON_MS, async () => {
      const expired = moment('EventDNOutOfService', '7002');
      const { granted, lateMs } = await step('EventDNBackInService', 1);
      expect(granted.text).toMatch(/Contact: .*;expires=1\r/);
      const endedMs = await expired - granted.atMs;
      expect(endedMs).toBeGreaterThan(1_000 - GRANT_UNDERWAY_MS);
      return lateMs < SOON_MS ? endedMs : Infinity;
    });
    expect(livedMs).toBeLessThan(1_000 + SOON_MS);
    expect(await bindings('7002')).toEqual([]);
  }, 120_000);

  it('ends when the last REGISTER said, and at once when an operator takes it out', async () => {
    await desk.registerAddress('7005');
    const phone = await agent();
    const comes = async (): Promise<void> => {
      const back = moment('EventDNBackInService', '7005');
      expect((await register(phone, '7005', ['Expires: 60'])).status).toBe(200);
      await back;
    };
    const shortenedMs = await soonest(1_000 + SOON_MS, async () => {
      await comes();
      const out = moment('EventDNOutOfService', '7005');
      const shortened = await register(phone, '7005', ['Expires: 1']);
      return await out - shortened.atMs;
    });
    expect(shortenedMs).toBeLessThan(1_000 + SOON_MS);

    const removedMs = await soonest(SOON_MS, async () => {
      await comes();
      const removed = moment('EventDNOutOfService', '7005');
      expect((await running.ask('registrations remove', { aor: '7005' }))[0]!.result).toMatchObject({ removed: 1 });
      const askedAtMs = performance.now();
      return await removed - askedAtMs;
    });
    expect(removedMs).toBeLessThan(SOON_MS);
  }, 120_000);

  it('lasts registrar-default-timeout when the phone names no time', async () => {
    expect((await register(await agent(), '7003')).text).toMatch(/Contact: <sip:agent@[^>]*>;expires=140\r/);
  }, 30_000);

  it('refuses weak passwords where sip-enable-strict-auth says so', async () => {
    const phone = await agent();
    const invite = (dn: string): Promise<Heard> => phone.request(proxy(), {
      method: 'INVITE', uri: address('7009'), from: address(dn), body: OFFER,
    }, { user: dn, password: dn });
    expect((await register(phone, '7061', [], '7061')).status).toBe(403);
    expect((await register(phone, '7063')).status).toBe(403);
    expect([(await invite('7061')).status, (await invite('7063')).status]).toEqual([403, 403]);
    expect([await bindings('7061'), await bindings('7063')]).toEqual([[], []]);
    expect((await register(phone, '7062', [], '7062')).status).toBe(200);
  }, 30_000);

  it('rings a phone behind an SBC by the Path it registered with', async () => {
    const [sbc, carrier] = [await agent(), await ForeignAgent.open(running.plan.carrier, 5090)];
    agents.push(carrier);
    const path = `<sip:edge@${sbc.address}:${sbc.port};lr>`;
    const granted = await register(sbc, '7004', [`Path: ${path}`, 'Supported: path']);
    expect(granted.status).toBe(200);
    expect(granted.text).toContain(`Path: ${path}\r`);
    expect(await bindings('7004')).toHaveLength(1);

    const refused = carrier.request(proxy(), { method: 'INVITE', uri: `sip:7004@${proxy()}`, from: `sip:888@${carrier.address}:5090`, body: OFFER });
    const rung = await sbc.next(({ method }) => method === 'INVITE');
    expect(rung.text).toContain(`Route: ${path}\r`);
    sbc.respond(rung.source, rung, '486 Busy Here');
    expect((await refused).status).toBe(486);
  }, 30_000);
}
