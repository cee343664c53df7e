/**
 * Who is inside: session controllers and proxies. Only they may use sealed routes and private headers, and only their
 * requests leave the cluster.
 */
import { type Flow, flowKey } from '#sip';

interface Address {
  readonly host: string;
  readonly port: number;
}

export class Inside {
  readonly #flows = new Set<string>();
  readonly #hosts = new Map<string, number>();

  /** @param viaHost sent-by that every Via of the inside carries */
  constructor(private readonly viaHost: string) {}

  add({ host, port }: Address): void {
    this.#flows.add(flowKey('udp', host, port));
    this.#flows.add(flowKey('tcp', host, port));
    this.#hosts.set(host, (this.#hosts.get(host) ?? 0) + 1);
  }

  remove({ host, port }: Address): void {
    this.#flows.delete(flowKey('udp', host, port));
    this.#flows.delete(flowKey('tcp', host, port));
    const left = (this.#hosts.get(host) ?? 0) - 1;
    if (left > 0) this.#hosts.set(host, left);
    else this.#hosts.delete(host);
  }

  /** @param key of `flowKey` */
  has(key: string): boolean {
    return this.#flows.has(key);
  }

  /**
   * A connection opened from inside has a port of the system's choice, so its host decides; and where phones live on the
   * same host, the name in the Via, which no phone of ours carries.
   */
  holds(flow: Flow, topViaHost: string): boolean {
    if (this.has(flow.key)) return true;
    return flow.transport !== 'udp' && this.#hosts.has(flow.host) && topViaHost.toLowerCase() === this.viaHost;
  }
}
