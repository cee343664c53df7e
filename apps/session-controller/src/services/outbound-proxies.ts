/**
 * The next hop of everything this node sends: a living proxy of its data centre (docs/specs/sip-routing.md). Requests of one
 * Call-ID keep to one proxy as long as it lives; others are spread.
 */
import { rendezvous } from '#cluster';
import type { ClusterConfig } from '#config';
import type { Clock } from '#kernel';
import type { Flow, Target } from '#sip';

export interface OutboundProxyPorts {
  readonly clock: Clock;
  /** Names of the proxies of the data centre that are heard; empty as long as none was. */
  living(): readonly string[];
}

const SUSPECT_MS = 5_000;
/** A proxy that is bound to every address may speak from any. */
const UNSPECIFIED = ['0.0.0.0', '::'];

export class OutboundProxies {
  readonly #targets = new Map<string, Target>();
  readonly #hosts = new Set<string>();
  readonly #suspectUntilMs = new Map<string, number>();

  constructor(config: ClusterConfig, geoLocation: string, private readonly ports: OutboundProxyPorts) {
    for (const application of config.applications) {
      const port = application.ports.get('sip');
      if (application.type !== 'sip-proxy' || port === undefined) continue;
      this.#hosts.add(application.host);
      if (application.geoLocation !== geoLocation) continue;
      this.#targets.set(application.name, { transport: 'udp', host: application.host, port });
    }
  }

  get #first(): Target | undefined {
    for (const target of this.#targets.values()) return target;
    return undefined;
  }

  /** Undefined when the data centre has no proxy at all. */
  for(callId: string): Target | undefined {
    if (this.#targets.size === 1) return this.#first;
    const name = rendezvous(callId, this.#candidates());
    return name === undefined ? undefined : this.#targets.get(name);
  }

  /** Where the proxy at the other end of a flow listens, when the flow itself is gone. */
  listening({ transport, host, port }: Flow): Target {
    for (const target of this.#targets.values()) if (target.host === host) return { transport, host, port: target.port };
    return { transport, host, port };
  }

  /** Undefined for one of another data centre. */
  hostOf(name: string): string | undefined {
    return this.#targets.get(name)?.host;
  }

  /** SIP is taken from hosts of proxies only. */
  isProxyHost(host: string): boolean {
    return this.#hosts.has(host) || UNSPECIFIED.some((address) => this.#hosts.has(address));
  }

  /** Whether there is another one to try. */
  get several(): boolean {
    return this.#targets.size > 1;
  }

  get anyAlive(): boolean {
    return this.ports.living().length > 0;
  }

  /** A transaction with it failed: others are tried first for a while. */
  failed(target: Target): void {
    for (const [name, known] of this.#targets) {
      if (known !== target) continue;
      this.#suspectUntilMs.set(name, this.ports.clock.nowMs() + SUSPECT_MS);
    }
  }

  /** Whether there is one that did not fail lately. */
  get anyTrusted(): boolean {
    return this.#trusted(this.#known).length > 0;
  }

  get #known(): string[] {
    const living = this.ports.living().filter((name) => this.#targets.has(name));
    return living.length > 0 ? living : [...this.#targets.keys()];
  }

  #trusted(known: readonly string[]): string[] {
    const nowMs = this.ports.clock.nowMs();
    return known.filter((name) => (this.#suspectUntilMs.get(name) ?? 0) <= nowMs);
  }

  #candidates(): string[] {
    const known = this.#known;
    const trusted = this.#trusted(known);
    return trusted.length > 0 ? trusted : known;
  }
}
