import { parseConfig } from '#config';
import { CountingMeter, silentLog } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import { type Flow, type ListeningAddress, makeResponse, parseMessage, type SipTransport, type Target, TransactionLayer } from '#sip';
import { SWITCH } from '../fixtures/switch.fixture.js';
import { PROXY_FLOW } from '../fixtures/far-end.fixture.js';
import { SipSender } from '../legs/sip-sender.js';
import { OutboundProxies } from './outbound-proxies.js';
import { ProxyCheck } from './proxy-check.js';
import { TrunkService } from './trunk-service.js';

const ACCESS_POINT = 'sip.cordboard.test';
const PROXIES = new Map([['127.0.0.1', 'P1'], ['127.0.0.2', 'P2']]);

/** Proxies that answer for themselves, and pass on what is for the trunk. */
class Outside implements SipTransport {
  onMessage: SipTransport['onMessage'] = () => {};
  onMalformed: SipTransport['onMalformed'] = () => {};
  onFlowLost: SipTransport['onFlowLost'] = () => {};
  readonly listening: readonly ListeningAddress[] = [{ transport: 'udp', host: '127.0.0.1', port: 5070 }];
  readonly dead = new Set<string>();
  /** Once per transaction, as `P1 trunk` or `P1 itself`. */
  readonly asked: string[] = [];
  readonly #branches = new Set<string>();

  constructor(private readonly clock: VirtualClock) {}

  send(bytes: string, to: Target | Flow): void {
    const parsed = parseMessage(bytes);
    if (!parsed.ok || parsed.value.kind !== 'request') return;
    const request = parsed.value;
    const proxy = PROXIES.get(to.host) as string;
    const whom = request.requestUri?.host === ACCESS_POINT ? 'itself' : 'trunk';
    const branch = String(request.vias[0]?.branch);
    if (!this.#branches.has(branch)) this.asked.push(`${proxy} ${whom}`);
    this.#branches.add(branch);
    if (this.dead.has(proxy) || (whom === 'trunk' && this.dead.has('trunk'))) return;
    this.clock.setTimer(5, () => this.onMessage(makeResponse(request, 200), PROXY_FLOW));
  }

  async close(): Promise<void> {}
}

function stand(options: Record<string, string> = {}, proxies = 2) {
  const clock = new VirtualClock();
  const entropy = new SeededEntropy(3);
  const meter = new CountingMeter();
  const outside = new Outside(clock);
  const second = proxies === 2 ? '  P2:\n    type: sip-proxy\n    geo-location: dc1\n    host: 127.0.0.2\n    ports: { sip: 5060 }\n' : '';
  const { config } = parseConfig(SWITCH.replace('  N1:\n', `${second}  N1:\n`), 'test.yaml');
  const ports = { clock, entropy, log: silentLog, meter };
  const layer = new TransactionLayer({ ...ports, transport: outside });
  const outbound = new OutboundProxies(config, 'dc1', { clock, living: () => ['P1', 'P2'].slice(0, proxies) });
  const sender = new SipSender({ layer, clock, proxies: outbound, accessPoint: ACCESS_POINT });
  const settings: Record<string, string> = {
    'oos-check': '10', 'oos-force': '2', 'recovery-timeout': '0', 'oos-error-check': 'true', 'oos-options-max-forwards': '5',
    'sipp-oos-recheck': 'true', ...options,
  };
  const trunks = new TrunkService(config, {
    ...ports, sender, option: (name) => settings[name] ?? '', proxyAlive: () => true, accessPoint: ACCESS_POINT, contact: '<sip:n1@x>',
    proxyCheck: new ProxyCheck({ ...ports, layer, proxies: outbound, accessPoint: ACCESS_POINT }),
  });
  trunks.start();
  return { clock, outside, trunks, meter, health: () => trunks.list()[0]! };
}

describe('the check of trunks with sipp-oos-recheck (PRX-22)', () => {
  it('puts a silent trunk out of service when its proxy answers itself, within oos-check, oos-force and the time of one answer', async () => {
    const { clock, outside, health } = stand();
    await clock.advance(1_000);
    outside.dead.add('trunk');
    outside.asked.splice(0);
    await clock.advance(11_100);
    expect(health()).toMatchObject({ inService: false, reason: 'OPTIONS not answered within 2 s' });
    expect(outside.asked.map((line) => line.slice(3))).toEqual(['trunk', 'itself']);
    expect(new Set(outside.asked.map((line) => line.slice(0, 2))).size).toBe(1);
    outside.dead.clear();
    await clock.advance(10_100);
    expect(health().inService).toBe(true);
  });

  it('leaves the trunk in service and asks through the other proxy when its own does not answer', async () => {
    for (const dead of ['P1', 'P2']) {
      const { clock, outside, health, meter } = stand();
      await clock.advance(1_000);
      outside.dead.add(dead);
      const seen = new Set<boolean>();
      for (let second = 0; second < 120; second += 1) {
        await clock.advance(1_000);
        seen.add(health().inService);
      }
      expect([...seen]).toEqual([true]);
      expect(outside.asked).toContain(`${dead} itself`);
      expect(meter.count('sc_proxies_silent_total')).toBeGreaterThan(0);
    }
  });

  it('tells a trunk that died behind a proxy that died', async () => {
    const { clock, outside, health } = stand();
    await clock.advance(1_000);
    outside.dead.add('trunk').add('P1');
    await clock.advance(40_000);
    expect(health().inService).toBe(false);
  });

  it('leaves the trunk as it is while no proxy answers, asks it each time anew, and knows the truth when one is back', async () => {
    for (const proxies of [1, 2]) {
      const { clock, outside, health } = stand({}, proxies);
      await clock.advance(1_000);
      outside.dead.add('P1').add('P2');
      outside.asked.splice(0);
      await clock.advance(60_000);
      expect(health()).toMatchObject({ inService: true, reason: 'OPTIONS not answered within 2 s; its proxy does not answer either' });
      expect(outside.asked.filter((line) => line.endsWith('trunk')).length).toBeGreaterThanOrEqual(4);
      expect(outside.asked.length).toBeLessThan(40);
      outside.dead.clear();
      await clock.advance(16_000);
      expect(health()).toMatchObject({ inService: true, reason: 'OPTIONS answered with 200' });
    }
  });

  it('without it silence is enough', async () => {
    const { clock, outside, health } = stand({ 'sipp-oos-recheck': 'false' });
    await clock.advance(1_000);
    outside.dead.add('P1').add('P2');
    await clock.advance(11_100);
    expect(health()).toMatchObject({ inService: false, reason: 'OPTIONS not answered within 2 s' });
    expect(outside.asked.filter((line) => line.endsWith('itself'))).toEqual([]);
  });
});
