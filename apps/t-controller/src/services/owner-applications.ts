/** T-Library-based ownership: DNs without a phone of their own belong to the node of a privileged client (TC-03, TC-04). */
import type { ClusterConfig } from '#config';
import type { Clock, Timer } from '#kernel';
import type { TlibSession } from '#tlib/server';

export interface OwnerApplicationPorts {
  want(dn: string): void;
  unwant(dn: string): void;
}

export class OwnerApplications {
  /** DN to the clients that hold it: the ownership ends with the last one. */
  readonly #holders = new Map<string, Set<TlibSession>>();
  #waiting: Timer | undefined;

  constructor(
    private readonly config: ClusterConfig, private readonly names: ReadonlySet<string>, private readonly clock: Clock,
    private readonly ports: OwnerApplicationPorts,
  ) {}

  /** The other half of the pair owned these; their holders have so long to register them again. */
  restored(dns: readonly string[], forMs: number): void {
    this.#waiting = this.clock.setTimer(forMs, () => { for (const dn of dns) if (!this.#holders.has(dn)) this.ports.unwant(dn); });
  }

  close(): void {
    this.#waiting?.cancel();
  }

  registered(dn: string, session: TlibSession): void {
    if (!this.names.has(session.applicationName) || !this.#isOutsideLine(dn)) return;
    const holders = this.#holders.get(dn) ?? new Set();
    this.#holders.set(dn, holders.add(session));
    this.ports.want(dn);
  }

  left(dn: string, session: TlibSession): void {
    const holders = this.#holders.get(dn);
    if (holders?.delete(session) !== true || holders.size > 0) return;
    this.#holders.delete(dn);
    this.ports.unwant(dn);
  }

  /** The DN has no owner any more: a client of this node that holds it takes it up. */
  vacant(dn: string): void {
    if (this.#holders.has(dn)) this.ports.want(dn);
  }

  /** Any DN may have lost its owner. */
  anyVacant(): void {
    for (const dn of this.#holders.keys()) this.ports.want(dn);
  }

  #isOutsideLine(dn: string): boolean {
    const definition = this.config.dns.get(dn);
    return definition?.type === 'Extension' && (definition.options.get('contact') ?? '*') !== '*';
  }
}
