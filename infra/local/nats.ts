/**
 * The NATS servers of a data centre: a cluster with a JetStream domain of its own, joined to the first data centre's by leafnodes.
 * Core subjects flow both ways over the leafnodes; streams and their Raft groups stay within the data centre, so a cut link stops none of them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const NATS_PORTS = { client: 4222, monitor: 8222, cluster: 6222, leaf: 7422 } as const;

export interface NatsServerPlan {
  readonly name: string;
  readonly host: string;
}

export interface NatsSite {
  /** Name of the cluster and of its JetStream domain. */
  readonly dataCentre: string;
  /** Three, so that one may be lost. */
  readonly servers: readonly NatsServerPlan[];
  /** `host:port` under which the leafnode listeners of the hub are reached from here; none at the hub itself. */
  readonly hub: readonly string[];
}

export interface NatsLimits {
  readonly memory: string;
  readonly file: string;
}

/** For a laptop; docs of the topology say what production takes. */
export const LAPTOP_LIMITS: NatsLimits = { memory: '64MB', file: '256MB' };

/** The three servers of a data centre under the names that the cluster's files and metrics show. */
export function natsServers(dataCentre: string, hosts: readonly string[]): NatsServerPlan[] {
  return hosts.map((host, i) => ({ name: `nats-${dataCentre}-${i + 1}`, host }));
}

/** The configuration file of one server. `store` is its own folder. */
export function natsConfig(site: NatsSite, server: NatsServerPlan, store: string, limits: NatsLimits = LAPTOP_LIMITS): string {
  const { client, monitor, cluster, leaf } = NATS_PORTS;
  const at = (port: number): string => `"${server.host}:${port}"`;
  const routes = site.servers.filter(({ name }) => name !== server.name).map(({ host }) => `"nats://${host}:${cluster}"`);
  return [
    `server_name: ${server.name}`,
    `listen: ${at(client)}`,
    `http: ${at(monitor)}`,
    // A frozen peer is left after two unanswered pings.
    'ping_interval: "2s"', 'ping_max: 2',
    `jetstream { store_dir: ${JSON.stringify(store)}, domain: ${site.dataCentre}, max_mem: ${limits.memory}, max_file: ${limits.file} }`,
    'accounts { $SYS { users: [{ user: sys, password: sys }] }, APP { jetstream: enabled, users: [{ user: app, password: app }] } }',
    'no_auth_user: app',
    `cluster { name: ${site.dataCentre}, listen: ${at(cluster)}, routes: [${routes.join(', ')}] }`,
    leafnodes(site, at(leaf)),
    '',
  ].join('\n');
}

function leafnodes(site: NatsSite, listen: string): string {
  // Without no_advertise the hub tells its own addresses, and a leafnode that lost the line goes around it.
  if (site.hub.length === 0) return `leafnodes { listen: ${listen}, no_advertise: true, authorization { account: APP } }`;
  const urls = site.hub.map((address) => `"nats-leaf://${address}"`);
  return `leafnodes { reconnect: 1, remotes: [{ urls: [${urls.join(', ')}], account: APP }] }`;
}

/** Writes the file and answers what to start: the server's arguments. */
export function prepareNats(site: NatsSite, server: NatsServerPlan, folder: string): string[] {
  const own = join(folder, server.name);
  mkdirSync(own, { recursive: true });
  const file = join(own, 'nats.conf');
  writeFileSync(file, natsConfig(site, server, join(own, 'store')));
  return ['--config', file];
}

/** True when the server is part of a working JetStream cluster. */
export async function natsIsHealthy(server: NatsServerPlan): Promise<boolean> {
  try {
    const response = await fetch(`http://${server.host}:${NATS_PORTS.monitor}/healthz`, { signal: AbortSignal.timeout(1_000) });
    return response.ok;
  } catch {
    return false;
  }
}
