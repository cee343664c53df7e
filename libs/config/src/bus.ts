/** The bus as a process of one data centre uses it. */
import type { BusConfig, BusSite, ClusterConfig } from './model.js';
import type { ConfigFile } from './schema.js';

export interface BusPlace {
  readonly servers: readonly string[];
  /** JetStream domain of these servers, when data centres have servers of their own. */
  readonly domain: string | undefined;
  /** The other data centres, when each has servers of its own. */
  readonly remotes: ReadonlyMap<string, BusSite>;
}

/** A domain is called as its data centre when the file does not name it. */
export function readBus({ driver, servers, 'data-centres': sites }: ConfigFile['bus']): BusConfig {
  const dataCentres = new Map(Object.entries(sites).map(([name, site]): [string, BusSite] => [name, { servers: site.servers, domain: site.domain ?? name }]));
  return { driver, servers, dataCentres };
}

/** What `bus` contradicts: itself, or the applications. Path below `bus`, and what to change. */
export function busProblems({ bus, applications }: Pick<ClusterConfig, 'bus' | 'applications'>): [path: readonly string[], message: string][] {
  if (bus.driver === 'memory') return [];
  const { servers, dataCentres } = bus;
  if (dataCentres.size === 0) return servers.length > 0 ? [] : [[['servers'], 'the nats driver needs at least one server, nats://host:port']];
  if (servers.length > 0) return [[['servers'], 'data-centres name the servers of each; remove this line']];
  const used = new Set(applications.map(({ geoLocation }) => geoLocation));
  const missing = [...used].filter((name) => !dataCentres.has(name));
  const domains = [...dataCentres.values()].map(({ domain }) => domain);
  return [
    ...missing.map((name): [string[], string] => [['data-centres'], `applications have the geo-location ${name}; add its servers here`]),
    ...(new Set(domains).size < domains.length ? [[['data-centres'], 'each data centre needs a JetStream domain of its own'] as [string[], string]] : []),
  ];
}

/** Where a process of that data centre connects to. */
export function busPlace({ servers, dataCentres }: BusConfig, dataCentre: string): BusPlace {
  const own = dataCentres.get(dataCentre);
  if (own === undefined) return { servers, domain: undefined, remotes: new Map() };
  return { ...own, remotes: new Map([...dataCentres].filter(([name]) => name !== dataCentre)) };
}
