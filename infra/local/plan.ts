/** What a topology of local processes consists of, from the configuration: names, commands, order. Starts nothing. */
import { type Application, type ClusterConfig, processName } from '#config';
import { V8_FLAGS } from '#tier/v8-flags';
import { NATS_PORTS, natsServers, type NatsServerPlan, type NatsSite } from './nats.js';

export type ProcessKind = 'nats' | 'redis' | 'cassandra' | 'relay' | 'application';

export interface ProcessPlan {
  readonly name: string;
  readonly kind: ProcessKind;
  readonly dataCentre: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Resolves to true once it serves; asked again until then. Absent: when it says `ready`. */
  readonly isReady?: () => Promise<boolean>;
  /** A line of its output that says that it serves. */
  readonly ready?: RegExp;
  readonly application?: string;
  /** It gives way to the others where processors are short: history waits in its queue, calls cannot. */
  readonly givesWay?: boolean;
}

export interface DataCentrePlan {
  readonly name: string;
  readonly nats: NatsSite;
  /** Where its leafnodes reach the hub: addresses of its own at which the relay listens. */
  readonly line: readonly Link[];
}

/** A TCP connection between data centres, through the relay. */
export interface Link {
  readonly name: string;
  readonly listen: string;
  readonly to: string;
}

const FIRST_RELAY_ADDRESS = 201;

/** The data centres in the order of the file; the first is the hub of the leafnodes. */
export function dataCentresOf(config: ClusterConfig): DataCentrePlan[] {
  const sites = [...config.bus.dataCentres].map(([name, { servers }]) => ({ name, servers: natsServers(name, servers.map(hostOf)) }));
  const hub = sites[0]?.servers ?? [];
  return sites.map(({ name, servers }, index) => {
    const line = index === 0 ? [] : hub.map((server, i) => leafLink(name, servers[0] as NatsServerPlan, server, i));
    return { name, nats: { dataCentre: name, servers, hub: line.map(({ listen }) => listen) }, line };
  });
}

function leafLink(name: string, near: NatsServerPlan, far: NatsServerPlan, index: number): Link {
  return { name: `nats-${name}-${index + 1}`, listen: `${relayHost(near.host, index)}:${NATS_PORTS.leaf}`, to: `${far.host}:${NATS_PORTS.leaf}` };
}

/** An address of the data centre at which the relay listens. */
export function relayHost(near: string, index: number): string {
  return `${near.slice(0, near.lastIndexOf('.'))}.${FIRST_RELAY_ADDRESS + index}`;
}

/** The /16 of loopback addresses in which all of a data centre lies. */
export function blockOf({ nats }: DataCentrePlan): string {
  const [a, b] = (nats.servers[0] as NatsServerPlan).host.split('.');
  return `${a}.${b}.0.0/16`;
}

function hostOf(server: string): string {
  return new URL(server).hostname;
}

/** Whoever is asked comes before whoever asks; what is named nowhere comes last. */
const WAVES: readonly (readonly Application['type'][])[] = [['sip-server', 'vq-server'], ['sip-proxy', 'dns-server']];

/** The applications as processes, wave by wave. A second half of a pair comes after the first, which so begins as primary. */
export function applicationWaves(config: ClusterConfig, node: string, entry: string, logLevel: string): ProcessPlan[][] {
  const waveOf = ({ type, pair }: Application): number => {
    const wave = WAVES.findIndex((types) => types.includes(type));
    return (wave < 0 ? WAVES.length : wave) + (pair?.isBackup === true ? 1 : 0);
  };
  const all = [...config.applications, ...config.backups];
  return [...WAVES, []].map((_, wave) => all.filter((application) => waveOf(application) === wave).map((application): ProcessPlan => ({
    name: processName(application), kind: 'application', dataCentre: application.geoLocation, application: application.name,
    file: node, args: [...V8_FLAGS, entry, '--config', config.file, '--app', processName(application), '--log', logLevel], ready: /^cordboard ready$/m,
    ...(application.type === 'recorder' ? { givesWay: true } : {}),
  })));
}

/** Base URL of the console of each data centre. */
export function consolesOf(config: ClusterConfig): Record<string, string> {
  const consoles = config.applications.filter(({ type, ports }) => type === 'console' && ports.has('http'));
  return Object.fromEntries(consoles.map(({ geoLocation, host, ports }) => [geoLocation, `http://${host}:${ports.get('http')}`]));
}
