/** `sipp-oos-recheck` (PRX-22): whether a proxy itself answers, before its silence is held against a trunk. */
import type { Clock, Counter, Entropy, Log, Meter } from '#kernel';
import { makeRequest, type SipRequest, type Target, type TransactionLayer } from '#sip';
import type { OutboundProxies } from './outbound-proxies.js';

export interface ProxyCheckPorts {
  readonly layer: TransactionLayer;
  readonly proxies: OutboundProxies;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
  readonly accessPoint: string;
}

export interface ProxyVerdict {
  readonly answers: boolean;
  /** It does not, and there is one that was not found silent. */
  readonly hasOther: boolean;
}

/** A datagram is sent three times in it (RFC 3261 §17.1.2.2). */
const ANSWER_MS = 2_000;

export class ProxyCheck {
  /** Who waits for the answer of a proxy. */
  readonly #waiting = new Map<Target, ((verdict: ProxyVerdict) => void)[]>();
  readonly #silent: Counter;

  constructor(private readonly ports: ProxyCheckPorts) {
    this.#silent = ports.meter.counter('sc_proxies_silent_total', 'Proxies that did not answer although a trunk was asked through them');
  }

  /** One question for all that want to know at a time. */
  ask(proxy: Target, done: (verdict: ProxyVerdict) => void): void {
    const waiting = this.#waiting.get(proxy);
    if (waiting !== undefined) return void waiting.push(done);
    this.#waiting.set(proxy, [done]);
    const { layer, accessPoint } = this.ports;
    layer.request(this.#options(), proxy, {
      onResponse: ({ status }) => { if (status >= 200) this.#decided(proxy, true); },
      onFailure: () => this.#decided(proxy, false),
    }, { viaHost: accessPoint, timeoutMs: ANSWER_MS });
  }

  #decided(proxy: Target, answers: boolean): void {
    const waiting = this.#waiting.get(proxy) ?? [];
    this.#waiting.delete(proxy);
    const { proxies, log } = this.ports;
    if (!answers) {
      proxies.failed(proxy);
      this.#silent.add();
      log.warn('a proxy does not answer; others are used for a while', { host: proxy.host, port: proxy.port });
    }
    const verdict = { answers, hasOther: !answers && proxies.anyTrusted };
    for (const done of waiting) done(verdict);
  }

  #options(): SipRequest {
    const { accessPoint, entropy } = this.ports;
    return makeRequest({
      method: 'OPTIONS', uri: `sip:${accessPoint}`, headers: [
        ['Max-Forwards', '0'],
        ['From', `<sip:${accessPoint}>;tag=${entropy.hex(8)}`],
        ['To', `<sip:${accessPoint}>`],
        ['Call-ID', `${entropy.hex(24)}@${accessPoint}`],
        ['CSeq', '1 OPTIONS'],
      ],
    });
  }
}
