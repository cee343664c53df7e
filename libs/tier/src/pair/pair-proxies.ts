/**
 * Asks the proxies of the data centre, over SIP, so that it works without a bus: whether they are reached at all, whether they stand by a term,
 * whether they let one go (docs/specs/pairs.md). Their part: apps/sip-proxy, `PairVotes`.
 */
import { PAIR_HEADER } from '#cluster';
import { type Application, type ClusterConfig, portAddresses } from '#config';
import type { Clock, Entropy, Log, Meter } from '#kernel';
import { makeRequest, type Target, TransactionLayer } from '#sip';
import { SocketTransport } from '#sip/transport';

export interface PairProxiesPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
}

interface Proxy {
  readonly name: string;
  readonly target: Target;
}

const ANSWER_MS = 900;
const TAG_DIGITS = 16;

export class PairProxies {
  readonly #layer: TransactionLayer;

  private constructor(
    private readonly node: string, private readonly accessPoint: string, private readonly proxies: readonly Proxy[],
    private readonly ports: PairProxiesPorts, private readonly transport: SocketTransport,
  ) {
    this.#layer = new TransactionLayer({ ...ports, transport });
  }

  /** @throws Error when no socket can be had at the address of the application */
  static async open(config: ClusterConfig, application: Application, ports: PairProxiesPorts): Promise<PairProxies> {
    const { name, host, geoLocation } = application;
    const transport = await SocketTransport.listen({ listen: [{ transport: 'udp', host, port: 0 }] }, ports);
    const proxies = config.applications.filter(({ type, geoLocation: at }) => type === 'sip-proxy' && at === geoLocation).flatMap((proxy) =>
      portAddresses(proxy, 'sip').map((address): Proxy => ({ name: proxy.name, target: { transport: 'udp', ...address } })));
    return new PairProxies(name, config.accessPoint, proxies, ports, transport);
  }

  /** `answered` hears of each proxy that says something, within a second. Without a question: whether they are reached. */
  ask(question: { readonly kind: 'vouch' | 'letGo'; readonly epoch: number } | undefined, answered: (proxy: string, yes: boolean) => void): void {
    for (const { name, target } of this.proxies) {
      this.#layer.request(this.#options(question), target, {
        onResponse: ({ status }) => { if (status >= 200) answered(name, status < 300); },
        onFailure: () => {},
      }, { viaHost: this.accessPoint, timeoutMs: ANSWER_MS });
    }
  }

  async close(): Promise<void> {
    this.#layer.close();
    await this.transport.close();
  }

  #options(question: { readonly kind: string; readonly epoch: number } | undefined) {
    const { entropy } = this.ports;
    const uri = `sip:${this.accessPoint}`;
    return makeRequest({
      method: 'OPTIONS', uri, headers: [
        ['Max-Forwards', '0'],
        ['From', `<${uri}>;tag=${entropy.hex(TAG_DIGITS)}`],
        ['To', `<${uri}>`],
        ['Call-ID', entropy.hex(TAG_DIGITS)],
        ['CSeq', '1 OPTIONS'],
        ...(question === undefined ? [] : [[PAIR_HEADER, `${this.node};question=${question.kind};epoch=${question.epoch}`] as [string, string]]),
      ],
    });
  }
}
