import { parseConfig } from '#config';
import type { Endpoint, Sent } from './fixtures/endpoint.fixture.js';
import { ACCESS_POINT, ProxyWorld } from './fixtures/proxy-world.fixture.js';
import { proxySettings } from './settings.js';

const HOST = '10.0.1.9';
const TO = { transport: 'udp', host: HOST, port: 5060 } as const;
const PROXY = `
  p9: { type: sip-proxy, geo-location: dc1, host: ${HOST}, ports: { sip: 5060 }, options: { flood-burst: 16, flood-rate: 8, flood-ban: 300, trusted-peers: 198.51.100.0/24 } }`;

describe('a proxy that somebody floods (PRX-32)', () => {
  let stand: ProxyWorld;

  beforeEach(async () => {
    stand = new ProxyWorld(PROXY);
    await stand.proxy('p9');
    await stand.server('s1');
  });
  afterEach(() => stand.world.close());

  /** Without a user part: answered 484 by the proxy itself. */
  const invites = (from: Endpoint, count: number): Sent[] => Array.from({ length: count }, () => from.send('INVITE', `sip:${ACCESS_POINT}`, TO));
  const answered = async (sent: readonly Sent[]): Promise<number> => {
    await stand.settle();
    return sent.filter(({ responses }) => responses.length > 0).length;
  };
  const endpoint = (host: string): Promise<Endpoint> => stand.endpoint(host, { host, port: 5060 });

  it('answers as many requests as the burst holds, then nothing until the ban is over; a trusted peer and others are answered', async () => {
    const [flooder, trusted, other] = [await endpoint('203.0.113.66'), await endpoint('198.51.100.9'), await endpoint('203.0.113.67')];
    expect(await answered(invites(flooder, 50))).toBe(16);
    expect(await answered(invites(trusted, 50))).toBe(50);
    await stand.world.advance(290_000);
    expect(await answered(invites(flooder, 1))).toBe(0);
    expect(await answered(invites(other, 1))).toBe(1);
    await stand.world.advance(300_000);
    expect(await answered(invites(flooder, 1))).toBe(1);
  });

  it('lets a session controller and a trunk send what they will', () => {
    const { config } = parseConfig(`
switch: { name: Test, access-point: sip.example.com, external-contact: phones.example.com }
applications:
  p1: { type: sip-proxy, host: 10.0.1.1, ports: { sip: 5060 } }
  s1: { type: sip-server, server-id: 1, host: 10.0.1.11, ports: { sip: 5060 } }
dns:
  - { number: Trunk_a, type: Trunk, options: { contact: "sip:198.51.100.9:5090" } }
  - { number: Trunk_b, type: Trunk, options: { contact: "sbc.example.com" } }
`, 'test.yaml');
    const { exempt } = proxySettings(config, config.applications[0]!).flood;
    expect(['10.0.1.11', '198.51.100.9', '127.0.0.1', '198.51.100.8'].map((host) => exempt.holds(host))).toEqual([true, true, true, false]);
  });
});
