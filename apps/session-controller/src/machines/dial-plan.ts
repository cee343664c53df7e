/**
 * Where a dialled string leads: an exact DN, else a trunk (longest prefix, then location, priority and health; SC-34),
 * else the default route point (PRX-26). Reads configuration and trunk health, changes nothing.
 */
import type { ClusterConfig, DnConfig } from '#config';
import { bareContact, type CallOrigin, contactWithUser, type Destination } from '#telephony';

/** What the plan needs to know beside the configuration. */
export interface DialPlanPorts {
  option(name: string, dn?: string): string;
  trunkInService(trunk: string): boolean;
  /** Data centre of this node. */
  readonly geoLocation: string;
}

interface TrunkRoute {
  readonly trunk: string;
  readonly prefix: string;
  readonly priority: number;
  readonly geoLocation: string;
  readonly contact: string;
}

type Nowhere = Extract<Destination, { kind: 'nowhere' }>;
type ToTrunk = Extract<Destination, { kind: 'trunk' }>;

export class DialPlan {
  readonly #routes: readonly TrunkRoute[];

  constructor(private readonly config: ClusterConfig, private readonly ports: DialPlanPorts) {
    this.#routes = trunkRoutes(config, (name, dn) => ports.option(name, dn));
  }

  /**
   * `from` is the caller for the number that opens a call, and otherwise the DN that sends it on. A carrier's call does not
   * leave by a trunk unless a routing program sends it there: else anybody could dial through the switch at its owner's cost.
   */
  resolve(dialled: string, from: CallOrigin): Destination {
    const dn = this.config.dns.get(dialled);
    if (dn !== undefined) return this.#toDn(dn);
    if (from.kind === 'trunk') return this.#toDefault(dialled) ?? notFound(dialled);
    const defaultFirst = this.ports.option('default-route-point-order') === 'before-dial-plan';
    if (defaultFirst) return this.#toDefault(dialled) ?? this.#toTrunk(dialled) ?? notFound(dialled);
    return this.#toTrunk(dialled) ?? this.#toDefault(dialled) ?? notFound(dialled);
  }

  #toDn(dn: DnConfig): Destination {
    switch (dn.type) {
      case 'RoutingPoint': return { kind: 'routingPoint', dn: dn.number };
      case 'Extension': return this.#toExtension(dn);
      case 'VirtualQueue':
      case 'Trunk':
        return nowhere(404, 'Not Found', 71, `${dn.number} is a ${dn.type} and cannot be called: dial an Extension or a Routing Point`);
    }
  }

  #toExtension(dn: DnConfig): Destination {
    const contact = this.ports.option('contact', dn.number);
    // `*`: where the phone registered, which only the proxy knows.
    const uri = contact === '*' ? `sip:${dn.number}@${this.config.accessPoint}` : bareContact(contact);
    return { kind: 'device', dn: dn.number, uri };
  }

  #toTrunk(dialled: string): ToTrunk | Nowhere | undefined {
    const matching = this.#longestMatches(dialled);
    if (matching.length === 0) return undefined;
    const usable = this.#byLocation(matching.filter((route) => this.ports.trunkInService(route.trunk)));
    const [best, ...others] = usable;
    if (best === undefined) {
      const names = matching.map((route) => route.trunk).join(', ');
      return nowhere(503, 'Service Unavailable', 452, `no trunk for ${dialled} is in service: look at the checks of ${names}`);
    }
    return {
      kind: 'trunk', trunk: best.trunk, number: dialled, uri: contactWithUser(best.contact, dialled),
      alternatives: others.map((route) => ({ trunk: route.trunk, uri: contactWithUser(route.contact, dialled) })),
    };
  }

  /** All routes of the longest prefix that fits. */
  #longestMatches(dialled: string): TrunkRoute[] {
    let found: TrunkRoute[] = [];
    let longest = -1;
    for (const route of this.#routes) {
      if (route.prefix.length < longest || !dialled.startsWith(route.prefix)) continue;
      if (route.prefix.length > longest) {
        longest = route.prefix.length;
        found = [];
      }
      found.push(route);
    }
    return found;
  }

  /** `find-trunk-by-location` puts trunks of this data centre, and those of none, first. */
  #byLocation(routes: readonly TrunkRoute[]): TrunkRoute[] {
    const byPriority = (a: TrunkRoute, b: TrunkRoute): number => a.priority - b.priority;
    if (this.ports.option('find-trunk-by-location') !== 'true') return [...routes].sort(byPriority);
    const here = (route: TrunkRoute): boolean => route.geoLocation === '' || route.geoLocation === this.ports.geoLocation;
    return [...routes.filter(here).sort(byPriority), ...routes.filter((route) => !here(route)).sort(byPriority)];
  }

  /** `default-route-point`: a DN, or `reject=404`. */
  #toDefault(dialled: string): Destination | undefined {
    const target = this.ports.option('default-route-point');
    const rejected = /^reject=([3-6]\d\d)$/.exec(target);
    if (rejected !== null) {
      return nowhere(Number(rejected[1]), 'Not Found', 71, `${dialled} is no DN of the switch and fits no trunk's prefix`);
    }
    const dn = this.config.dns.get(target);
    return dn === undefined ? undefined : this.#toDn(dn);
  }
}

function trunkRoutes(config: ClusterConfig, option: DialPlanPorts['option']): TrunkRoute[] {
  const routes: TrunkRoute[] = [];
  for (const dn of config.dns.values()) {
    const contact = dn.options.get('contact');
    if (dn.type !== 'Trunk' || contact === undefined) continue;
    for (const prefix of option('prefix', dn.number).split(',')) {
      if (prefix === '') continue;
      routes.push({
        trunk: dn.number, prefix, contact,
        priority: Number(option('priority', dn.number)),
        geoLocation: option('geo-location', dn.number),
      });
    }
  }
  return routes;
}

function notFound(dialled: string): Nowhere {
  return nowhere(404, 'Not Found', 71, `${dialled} is no DN of the switch and fits no trunk's prefix`);
}

function nowhere(status: number, reason: string, code: number, message: string): Nowhere {
  return { kind: 'nowhere', status, reason, code, message };
}
