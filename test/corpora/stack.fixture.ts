/** A real proxy in front of a real session controller on a simulated network, and a carrier that sends them whatever it likes. */
import { parseConfig } from '#config';
import { type Flow, type ListeningAddress, parseMessage, type SipMessage, SipResolver, type SipTransport, stampMessage, type Target } from '#sip';
import { type SipReader, World } from '#simulation';
import { MemoryLocationStore } from '#store';
import { Names } from '../../apps/sip-proxy/src/fixtures/proxy-world.fixture.js';
import { proxySettings } from '../../apps/sip-proxy/src/settings.js';
import { SipProxyCore } from '../../apps/sip-proxy/src/sip-proxy-core.js';
import { SessionControllerCore } from '../../apps/session-controller/src/session-controller-core.js';
import type { Answer } from './manifest.js';

/** Its names and numbers are those that the torture tests address, so that requests get as far as they can. */
const SWITCH = `
switch:
  name: Test
  access-point: example.com
  external-contact: biloxi.example.com
applications:
  p1: { type: sip-proxy, geo-location: dc1, host: 10.0.1.1, ports: { sip: 5060 } }
  n1: { type: sip-server, server-id: 1, geo-location: dc1, host: 10.0.1.11, ports: { sip: 5060 } }
dns:
  - { numbers: 7001-7009, type: Extension, options: { contact: "*", password: secret } }
  - { number: user, type: Extension, options: { contact: "*" } }
  - { number: watson, type: Extension, options: { contact: "*" } }
  - { number: bob, type: Extension, options: { contact: "*", password: secret } }
  - { number: j.user, type: Extension, options: { contact: "*", password: secret } }
  - { number: Trunk_Tests, type: Trunk, options: { contact: "sip:192.0.2.200:5060", prefix: "+", oos-check: 0 } }
`;

const PROXY: Target = { transport: 'udp', host: '10.0.1.1', port: 5060 };
const CONTROLLER = '10.0.1.11';
const CARRIER: ListeningAddress = { transport: 'udp', host: '192.0.2.200', port: 5060 };

/** The proxy asks the session controller whether it lives. */
const PROBE = 'OPTIONS sip:example.com SIP/2.0';

/** Longer than any transaction lives, so that messages with the same branch do not meet. */
const APART_MS = 40_000;

export type Element = 'proxy' | 'session-controller' | 'nobody';

export interface Outcome {
  readonly answer: Answer;
  /** Who said so. */
  readonly by: Element;
  readonly responses: readonly SipMessage[];
  /** The requests that the proxy passed on to the session controller. */
  readonly forwarded: readonly string[];
  /** What left the cluster for somebody else than the sender: host and start line. */
  readonly elsewhere: readonly string[];
}

export const reader: SipReader = (bytes, source) => parseMessage(stampMessage(bytes, source, 'always').text);

/** Remembers what is sent through it. */
class Tap implements SipTransport {
  readonly sent: { readonly bytes: string; readonly to: Target | Flow }[] = [];

  constructor(private readonly inner: SipTransport) {}

  get listening() { return this.inner.listening; }
  get onMessage() { return this.inner.onMessage; }
  set onMessage(handler) { this.inner.onMessage = handler; }
  get onMalformed() { return this.inner.onMalformed; }
  set onMalformed(handler) { this.inner.onMalformed = handler; }
  get onFlowLost() { return this.inner.onFlowLost; }
  set onFlowLost(handler) { this.inner.onFlowLost = handler; }

  send(bytes: string, to: Target | Flow, failed?: Parameters<SipTransport['send']>[2]): void {
    this.sent.push({ bytes, to });
    this.inner.send(bytes, to, failed);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

export class Stack {
  private constructor(
    readonly world: World, private readonly proxy: Tap, private readonly controller: Tap, private readonly carrier: SipTransport,
  ) {}

  static async start(): Promise<Stack> {
    const world = new World(1);
    const { config } = parseConfig(SWITCH, 'corpora.yaml');
    const application = (name: string) => {
      const found = config.applications.find((each) => each.name === name);
      if (found === undefined) throw new Error(`no application ${name}`);
      return found;
    };
    const taps = new Map<string, Tap>();
    const listen = (ports: Parameters<Parameters<World['start']>[1]>[0], host: string): Tap => {
      const tap = new Tap(ports.sip.listen(ports.node, (['udp', 'tcp'] as const).map((transport) => ({ transport, host, port: 5060 })), reader));
      taps.set(ports.node.name, tap);
      return tap;
    };
    await world.start('p1', (ports) => {
      const { clock, entropy, meter } = ports;
      const resolver = new SipResolver({ dns: new Names(), clock, entropy, meter });
      const core = new SipProxyCore(proxySettings(config, application('p1')), {
        ...ports, transport: listen(ports, PROXY.host), location: new MemoryLocationStore(clock), resolver,
      });
      core.start();
      return core;
    });
    await world.start('n1', (ports) => {
      const core = new SessionControllerCore(config, application('n1'), { ...ports, transport: listen(ports, CONTROLLER) });
      core.start();
      return core;
    });
    let carrier: SipTransport | undefined;
    await world.start('carrier', (ports) => {
      carrier = ports.sip.listen(ports.node, [CARRIER], reader);
      return { close: () => {} };
    });
    await world.advance(5_000);
    return new Stack(world, taps.get('p1') as Tap, taps.get('n1') as Tap, carrier as SipTransport);
  }

  close(): Promise<void> {
    return this.world.close();
  }

  /** Sends without waiting. */
  post(bytes: string): void {
    this.carrier.send(bytes, PROXY);
  }

  /** Waits until what was sent is over. Answers what came back to the sender. */
  async over(): Promise<string[]> {
    await this.world.advance(APART_MS);
    this.controller.sent.length = 0;
    return this.proxy.sent.splice(0).filter(({ to }) => to.host === CARRIER.host).map(({ bytes }) => bytes);
  }

  /** Sends the bytes as one datagram; the outcome stands when the transaction is over. */
  async send(bytes: Buffer | string): Promise<Outcome> {
    this.proxy.sent.length = 0;
    this.controller.sent.length = 0;
    this.carrier.send(typeof bytes === 'string' ? bytes : bytes.toString('latin1'), PROXY);
    await this.world.advance(APART_MS);
    const toCarrier = this.proxy.sent.filter(({ to }) => to.host === CARRIER.host).map(({ bytes: sent }) => read(sent));
    const responses = toCarrier.filter((message) => message.kind === 'response' && message.status >= 200);
    const [final] = responses;
    const answer = final?.kind === 'response' ? final.status : 'silent';
    const relayed = final !== undefined && this.controller.sent.some(({ bytes: sent }) => sent.startsWith(`SIP/2.0 ${answer}`)
      && read(sent).callId === final.callId);
    return {
      forwarded: this.proxy.sent.filter(({ bytes: sent, to }) => to.host === CONTROLLER && !sent.startsWith(PROBE))
        .map(({ bytes: sent }) => sent),
      answer, by: final === undefined ? 'nobody' : relayed ? 'session-controller' : 'proxy', responses,
      elsewhere: [...this.proxy.sent, ...this.controller.sent].filter(({ to }) => !INSIDE.has(to.host) && to.host !== CARRIER.host)
        .map(({ bytes: sent, to }) => `${to.host} ${sent.slice(0, sent.indexOf('\r\n'))}`),
    };
  }
}

const INSIDE = new Set([PROXY.host, CONTROLLER]);

function read(bytes: string): SipMessage {
  const parsed = parseMessage(bytes);
  if (!parsed.ok) throw new Error(`the stack sent what cannot be read: ${parsed.error.message}\n${bytes}`);
  return parsed.value;
}
