/** The servers behind the applications: what to start for each data centre, with what the machine has or can fetch. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fetchCassandra, fetchNats, fetchRedis, prepareCassandra, redisCommand } from '#servers';
import type { ClusterConfig } from '#config';
import { natsIsHealthy, prepareNats } from './nats.js';
import { type DataCentrePlan, type Link, type ProcessPlan, relayHost } from './plan.js';

const REDIS_PORT = 6379;
const CASSANDRA_STORAGE_PORT = 7000;
/** Behind the addresses of the leafnodes' links. */
const CASSANDRA_RELAY_ADDRESS = 9;

export async function natsPlans(dataCentres: readonly DataCentrePlan[], folder: string): Promise<ProcessPlan[]> {
  const file = await fetchNats();
  return dataCentres.flatMap(({ name, nats }) => nats.servers.map((server): ProcessPlan => ({
    name: server.name, kind: 'nats', dataCentre: name, file, args: prepareNats(nats, server, folder), isReady: () => natsIsHealthy(server),
  })));
}

/** Each Redis that the stores name, once: the limiter of all data centres is one of them, or one of its own. */
export async function redisPlans({ stores }: Pick<ClusterConfig, 'stores'>, folder: string): Promise<ProcessPlan[]> {
  const plans = new Map<string, { readonly name: string; readonly dataCentre: string }>();
  for (const [store, label] of [['location', 'redis'], ['limiter', 'redis-limits']] as const) {
    if (stores[store].driver !== 'redis') continue;
    for (const [dataCentre, url] of stores[store].dataCentres) if (!plans.has(url)) plans.set(url, { name: `${label}-${dataCentre}`, dataCentre });
  }
  if (plans.size === 0) return [];
  const server = await fetchRedis();
  return [...plans].map(([url, { name, dataCentre }]): ProcessPlan => {
    const { hostname: host, port, password } = new URL(url);
    const store = join(folder, name);
    mkdirSync(store, { recursive: true });
    const secret = password === '' ? {} : { password: decodeURIComponent(password) };
    return { name, kind: 'redis', dataCentre, ...redisCommand({ server, host, port: Number(port || REDIS_PORT), store, ...secret }) };
  });
}

export interface CassandraNode {
  readonly dataCentre: string;
  readonly host: string;
  /** Where nodes of other data centres reach it: an address of the relay. */
  readonly broadcast: string;
}

/** One node per data centre that the history names. */
export function cassandraNodes({ stores: { history } }: Pick<ClusterConfig, 'stores'>): CassandraNode[] {
  if (history.driver !== 'cassandra') return [];
  const nodes = [...history.dataCentres].map(([dataCentre, { contactPoints }]) => ({ dataCentre, host: (contactPoints[0] as string).split(':')[0] as string }));
  // The relay listens within the data centre that asks; with two it is the other one.
  return nodes.map((node, index) => ({ ...node, broadcast: relayHost((nodes[(index + 1) % nodes.length] as typeof node).host, CASSANDRA_RELAY_ADDRESS) }));
}

/** What Cassandra's nodes say to each other goes through the relay. */
export function cassandraLinks(nodes: readonly CassandraNode[]): Link[] {
  return nodes.map(({ dataCentre, host, broadcast }) => ({
    name: `cassandra-${dataCentre}`, listen: `${broadcast}:${CASSANDRA_STORAGE_PORT}`, to: `${host}:${CASSANDRA_STORAGE_PORT}`,
  }));
}

export async function cassandraPlans(nodes: readonly CassandraNode[], folder: string): Promise<ProcessPlan[]> {
  if (nodes.length === 0) return [];
  const server = await fetchCassandra();
  const seeds = nodes.map(({ broadcast }) => broadcast);
  return nodes.map(({ dataCentre, host, broadcast }, index): ProcessPlan => {
    const name = `cassandra-${dataCentre}`;
    const command = prepareCassandra({ server, folder: join(folder, name), dataCentre, host, broadcast, index, count: nodes.length, seeds });
    return { name, kind: 'cassandra', dataCentre, givesWay: true, ...command };
  });
}
