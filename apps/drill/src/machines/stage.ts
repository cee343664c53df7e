/** Where the load meets the cluster: addresses by data centre, from the configuration that runs. */
import { type Application, type ClusterConfig, OptionLookup, portAddresses } from '#config';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface NamedNode {
  readonly name: string;
  /** One address, or those of both halves of a pair. */
  readonly desktops: readonly Address[];
  readonly routing: readonly Address[];
  readonly monitoring: readonly Address[];
}

export interface DataCentre {
  readonly name: string;
  readonly proxies: readonly (Address & { readonly name: string })[];
  readonly nodes: readonly NamedNode[];
  readonly nameservers: readonly Address[];
  /** Where its trunk leads: the carrier's end. */
  readonly carrier: Address;
  readonly consoles: readonly Address[];
}

export interface Stage {
  readonly accessPoint: string;
  readonly dataCentres: readonly DataCentre[];
  /** Phones that register: DN and password. */
  readonly phones: readonly { readonly dn: string; readonly password: string }[];
  /** Routing Points that no router of the configuration serves. */
  readonly freePoints: readonly string[];
  /** A Routing Point that a router serves, and who may be sent its calls. */
  readonly routed: { readonly point: string; readonly agentIDs: readonly string[] } | undefined;
  readonly restoresAgents: boolean;
}

/** @throws Error that says what the configuration lacks for a drill */
export function stageOf(config: ClusterConfig): Stage {
  const names = [...new Set(config.applications.filter(({ type }) => type === 'sip-server').map(({ geoLocation }) => geoLocation))].sort();
  const served = new Set(config.applications.flatMap(({ routingPoints }) => routingPoints));
  const points = [...config.dns.values()].filter(({ type }) => type === 'RoutingPoint').map(({ number }) => number);
  return {
    accessPoint: config.accessPoint,
    dataCentres: names.map((name) => dataCentre(config, name)),
    phones: [...config.dns.values()].flatMap(({ number, type, options }) => {
      const password = options.get('password');
      return type === 'Extension' && (options.get('contact') ?? '*') === '*' && password !== undefined ? [{ dn: number, password }] : [];
    }),
    freePoints: points.filter((point) => !served.has(point)),
    routed: routedPoint(config),
    restoresAgents: config.options.get('agent-state-auto-restore') === 'true',
  };
}

function dataCentre(config: ClusterConfig, name: string): DataCentre {
  const here = config.applications.filter(({ geoLocation }) => geoLocation === name);
  const of = (type: Application['type'], port: string) => here.filter((each) => each.type === type && each.ports.has(port));
  const addresses = (type: Application['type'], port: string): Address[] => of(type, port).flatMap((each) => portAddresses(each, port).map(plain));
  const carrier = carrierOf(config, name);
  const proxies = of('sip-proxy', 'sip').map((each) => ({ name: each.name, host: each.host, port: each.ports.get('sip') as number }));
  if (proxies.length === 0) throw new Error(`${config.file}: ${name} has no sip-proxy, so nothing can be called there`);
  if (carrier === undefined) throw new Error(`${config.file}: no Trunk with a contact for ${name}; callers of a drill come from there`);
  return {
    name, proxies, carrier, nameservers: addresses('dns-server', 'dns'), consoles: addresses('console', 'http'),
    nodes: of('sip-server', 'TCport').map((each) => ({
      name: each.name, desktops: portsOf(each, 'TCport'), routing: portsOf(each, 'default'), monitoring: portsOf(each, 'SmartProxy'),
    })),
  };
}

const plain = ({ host, port }: Address): Address => ({ host, port });
const portsOf = (application: Application, port: string): Address[] => portAddresses(application, port).map(plain);

/** A trunk of the data centre, else one of no place. */
function carrierOf(config: ClusterConfig, name: string): Address | undefined {
  const trunks = [...config.dns.values()].filter(({ type }) => type === 'Trunk');
  const near = trunks.find(({ options }) => options.get('geo-location') === name) ?? trunks.find(({ options }) => !options.has('geo-location'));
  const match = /^<?sips?:(?:[^@]*@)?([^:;>]+)(?::(\d+))?/.exec(near?.options.get('contact') ?? '');
  return match === null ? undefined : { host: match[1] as string, port: Number(match[2] ?? 5060) };
}

function routedPoint(config: ClusterConfig): Stage['routed'] {
  const router = config.applications.find(({ type, routingPoints }) => type === 'router' && routingPoints.length > 0);
  if (router === undefined) return undefined;
  const skill = new OptionLookup(config, router).text('skill');
  const agentIDs = [...config.persons.values()].filter(({ skills }) => (skills.get(skill) ?? 0) > 0).map(({ employeeId }) => employeeId);
  return agentIDs.length === 0 ? undefined : { point: router.routingPoints[0] as string, agentIDs };
}
