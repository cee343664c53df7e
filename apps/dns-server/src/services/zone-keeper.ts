/** Keeps the zones of every data centre's view equal to what the cluster is now: rebuilt whenever a proxy comes, goes or drains. */
import type { MembershipService } from '#cluster';
import type { ClusterConfig } from '#config';
import type { Clock, Log } from '#kernel';
import type { Heartbeat } from '#telephony';
import { clusterZones } from '../machines/cluster-zones.js';
import type { Zone } from '../machines/zone.js';

export interface ZoneKeeperPorts {
  readonly membership: MembershipService<Heartbeat>;
  readonly clock: Clock;
  readonly log: Log;
}

export class ZoneKeeper {
  #zones = new Map<string, readonly Zone[]>();
  #live = new Set<string>();
  #serial = 0;

  constructor(
    private readonly config: ClusterConfig, private readonly dataCentre: string, private readonly ports: ZoneKeeperPorts,
  ) {
    this.#rebuild();
  }

  /** As an asker in that data centre sees them; in none of ours: as one in the server's own. */
  zones(view: string = this.dataCentre): readonly Zone[] {
    return this.#zones.get(view) ?? this.#zones.get(this.dataCentre) ?? [];
  }

  /** Proxies whose names are given out because they are alive. */
  get liveProxies(): ReadonlySet<string> {
    return this.#live;
  }

  start(): void {
    this.ports.membership.onChange((change) => {
      if (change.kind !== 'paused' && change.member.tier === 'sip-proxy') this.#rebuild();
    });
  }

  #rebuild(): void {
    const proxies = this.ports.membership.members('sip-proxy').filter((proxy) => !proxy.draining);
    this.#live = new Set(proxies.map((proxy) => proxy.node));
    // Seconds since 1970, so that the serial also grows over a restart; RFC 1982 compares it.
    this.#serial = Math.max(this.#serial + 1, Math.floor(this.ports.clock.nowMs() / 1_000));
    const views = new Set([this.dataCentre, ...this.config.applications.map(({ geoLocation }) => geoLocation)]);
    this.#zones = new Map([...views].map((view) => [view, clusterZones(this.config, this.#live, view, this.#serial)]));
    this.ports.log.info('zones rebuilt', { serial: this.#serial, liveProxies: [...this.#live] });
  }
}
