/** Answers queries from the current zones, within the rate a source is granted. */
import type { Clock, Counter, Meter } from '#kernel';
import { RateLimit } from '../machines/rate-limit.js';
import { RCODE } from '../machines/look-up.js';
import { respond } from '../machines/responder.js';
import type { Zone } from '../machines/zone.js';

export interface NameServerPorts {
  readonly clock: Clock;
  readonly meter: Meter;
}

export interface ZoneSource {
  /** What an asker at that address is shown. */
  zonesFor(sourceAddress: string): readonly Zone[];
}

export class NameServer {
  readonly #limit: RateLimit;
  readonly #answered = new Map<number, Counter>();
  readonly #dropped: Counter;
  readonly #limited: Counter;

  constructor(private readonly source: ZoneSource, private readonly ports: NameServerPorts, perSecond: number) {
    this.#limit = new RateLimit(perSecond);
    for (const [name, rcode] of Object.entries(RCODE)) {
      this.#answered.set(rcode, ports.meter.counter('dns_responses_total', 'DNS responses by code', { rcode: name }));
    }
    this.#dropped = ports.meter.counter('dns_dropped_total', 'Datagrams that were no DNS query');
    this.#limited = ports.meter.counter('dns_rate_limited_total', 'Queries sent to TCP because their source asks too much');
  }

  handle(query: Buffer, transport: 'udp' | 'tcp', sourceAddress: string): Buffer | undefined {
    // Over TCP the source is proven, and the number of connections is the bound.
    const withinRate = transport === 'tcp' || this.#limit.admits(sourceAddress, this.ports.clock.nowMs());
    if (!withinRate) this.#limited.add();
    const response = respond(query, this.source.zonesFor(sourceAddress), { transport, onlyTruncated: !withinRate });
    if (response === undefined) this.#dropped.add();
    else this.#answered.get(response.rcode)?.add();
    return response?.bytes;
  }
}
