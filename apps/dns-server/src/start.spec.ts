import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { MemoryBus, MemoryKeyValueStore, subjects } from '#cluster';
import type { Application } from '#config';
import { CountingMeter, silentLog } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import type { Heartbeat } from '#telephony';
import type { RunningTier, TierPorts } from '#tier';
import { application, cluster } from './cluster.fixture.js';
import { startDnsServer } from './start.js';

const server = application('ns1', { type: 'dns-server', host: '127.0.0.1', ports: new Map([['dns', 0]]) });
const proxies = ['p1', 'p2'].map((name, i) => application(name, { host: `192.0.2.${i + 1}` }));
const crowd = Array.from({ length: 40 }, (_, i) => application(`q${i}`, { host: `198.51.100.${i + 1}`, geoLocation: 'dc2' }));

describe('the DNS server on real sockets', () => {
  let clock: VirtualClock;
  let ports: TierPorts;
  let tier: RunningTier;

  beforeEach(() => {
    clock = new VirtualClock();
    const meter = new CountingMeter();
    const bus = new MemoryBus({ clock, log: silentLog, meter });
    ports = {
      clock, entropy: new SeededEntropy(1), log: silentLog, meter, bus,
      keyValues: new MemoryKeyValueStore(clock),
    };
  });
  afterEach(() => tier.close());

  const port = (): number => tier.listening[0]!.port;

  const alive = (name: string, changes: Partial<Heartbeat> = {}): void => ports.bus.publish(subjects.alive(name), {
    instance: name, node: name, tier: 'sip-proxy', dataCentre: 'dc1', role: 'primary', bootEpoch: 1, draining: false, load: 0,
    ...changes,
  } satisfies Heartbeat);

  const dig = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('dig', ['@127.0.0.1', '-p', String(port()), '+tries=1', ...args]);
    return stdout;
  };

  const start = async (...others: readonly Application[]): Promise<void> => {
    tier = await startDnsServer(cluster(...proxies, ...others, server), server, ports);
  };

  it('lists the living proxies to dig, over UDP and TCP', async () => {
    await start();
    for (const transport of ['+notcp', '+tcp']) {
      const answer = await dig('+short', transport, 'SRV', '_sip._udp.sip.example.com');
      expect(answer.trim().split('\n').sort()).toEqual(['10 50 5060 p1.sip.example.com.', '10 50 5060 p2.sip.example.com.']);
    }
  });

  it('lists the proxies nearest to the network that asks, whichever server is asked (DNS-01, DNS-16)', async () => {
    const far = application('far', { host: '198.51.100.9', geoLocation: 'dc2' });
    const views = { ...server, options: new Map([['dns-views', '127.0.28.0/24=dc2,127.0.27.0/24=dc1']]) };
    tier = await startDnsServer(cluster(...proxies, far, views), views, ports);
    const srv = async (...args: string[]): Promise<string[]> =>
      (await dig('+short', ...args, 'SRV', '_sip._udp.sip.example.com')).trim().split('\n').map((line) => line.split('.')[0] as string).sort();
    const fromDc1 = ['10 50 5060 p1', '10 50 5060 p2', '200 50 5060 far'];
    const fromDc2 = ['10 50 5060 far', '200 50 5060 p1', '200 50 5060 p2'];
    expect(await srv('-b', '127.0.27.5')).toEqual(fromDc1);
    expect(await srv('-b', '127.0.28.5')).toEqual(fromDc2);
    expect(await srv('-b', '127.0.28.5', '+tcp')).toEqual(fromDc2);
    expect(await srv()).toEqual(fromDc1);
  });

  it('refuses views that name no data centre', async () => {
    tier = await startDnsServer(cluster(...proxies, server), server, ports);
    const views = { ...server, options: new Map([['dns-views', '10.0.0.0/8=dc9']]) };
    await expect(startDnsServer(cluster(...proxies, views), views, ports)).rejects.toThrow("'10.0.0.0/8=dc9' names no data centre; there are: dc1");
  });

  it('satisfies Node\'s resolver: NAPTR, SRV, addresses, and a clean "not found"', async () => {
    await start();
    const resolver = new dns.Resolver();
    resolver.setServers([`127.0.0.1:${port()}`]);
    expect(await resolver.resolveSrv('_sip._tcp.sip.example.com')).toHaveLength(2);
    expect((await resolver.resolveNaptr('sip.example.com')).map(({ service }) => service).sort()).toEqual(['SIP+D2T', 'SIP+D2U']);
    expect(await resolver.resolve4('phones.example.com')).toEqual(['192.0.2.1', '192.0.2.2']);
    await expect(resolver.resolve4('nobody.sip.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver.resolve6('phones.example.com')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  it('drops a proxy that drains at once, and one that fell silent after 3.5 s', async () => {
    await start();
    alive('p1');
    alive('p2');
    await clock.advance(0);
    alive('p1', { draining: true });
    await clock.advance(0);
    expect(await dig('+short', 'A', 'phones.example.com')).toBe('192.0.2.2\n');
    for (let second = 0; second < 4; second += 1) {
      alive('p1');
      await clock.advance(1_000);
    }
    expect(await dig('+short', 'A', 'phones.example.com')).toBe('192.0.2.1\n');
  });

  it('raises the serial when the zone changes', async () => {
    await start();
    const serial = async (): Promise<number> => Number((await dig('+short', 'SOA', 'sip.example.com')).split(' ')[2]);
    const before = await serial();
    alive('p1');
    await clock.advance(0);
    expect(await serial()).toBeGreaterThan(before);
  });

  it('hands long answers over by TCP when dig sees the TC bit', async () => {
    await start(...crowd);
    const answer = await dig('SRV', '_sip._udp.sip.example.com');
    expect(answer).toContain('Truncated, retrying in TCP mode');
    expect(answer).toContain('ANSWER: 42');
  });

  it('refuses other zones', async () => {
    await start();
    expect(await dig('A', 'example.org')).toContain('status: REFUSED');
  });

  it('goes on after garbage on both transports', async () => {
    await start();
    const udp = createSocket('udp4');
    for (const bytes of ['', 'x', '\0'.repeat(40), '\xff'.repeat(600)]) udp.send(Buffer.from(bytes, 'latin1'), port(), '127.0.0.1');
    const tcp = connect(port(), '127.0.0.1');
    tcp.write(Buffer.from('\xff\xff GET / HTTP/1.1\r\n\r\n', 'latin1'));
    await new Promise((resolve) => tcp.on('close', resolve).resume());
    udp.close();
    expect(await dig('+short', 'A', 'p1.sip.example.com')).toBe('192.0.2.1\n');
  });

  it('answers several queries on one connection, however they are cut', async () => {
    await start();
    const answer = await dig('+tcp', '+keepopen', '+short', 'A', 'p1.sip.example.com', 'A', 'p2.sip.example.com');
    expect(answer).toBe('192.0.2.1\n192.0.2.2\n');
  });

  it('says which port it could not have', async () => {
    await start();
    const taken = { ...server, ports: new Map([['dns', port()]]) };
    await expect(startDnsServer(cluster(...proxies, taken), taken, ports)).rejects.toThrow(`port ${port()}`);
  });
});
