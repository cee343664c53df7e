/** What a proxy takes from the configuration, in its own units. The only place of this tier that knows option names. */
import type { Application, ClusterConfig, DnConfig, DnType } from '#config';

/** A session controller as the proxy reaches it. */
export interface ServerAddress {
  /** Application name. */
  readonly name: string;
  readonly serverId: number;
  readonly dataCentre: string;
  /** IP address. */
  readonly host: string;
  readonly port: number;
}

export interface PeerProxy {
  readonly name: string;
  readonly dataCentre: string;
  readonly host: string;
  readonly port: number;
}

export interface ProxySettings {
  readonly name: string;
  readonly dataCentre: string;
  readonly host: string;
  readonly sipPort: number;
  /** TLS; undefined when not configured. */
  readonly sipsPort: number | undefined;
  readonly accessPoint: string;
  readonly externalContact: string;
  readonly servers: readonly ServerAddress[];
  /** All proxies of the cluster, this one included. */
  readonly proxies: readonly PeerProxy[];
  dnType(number: string): DnType | undefined;
  readonly oosCheckMs: number;
  readonly oosForceMs: number;
  readonly registrarDefaultS: number;
  readonly registrarMinS: number;
  readonly registrarMaxS: number;
  readonly bindingsMax: number;
  readonly shutdownRejectCode: number;
  /** Parts of User-Agent values, in lower case, whose requests are dropped without an answer (PRX-31). */
  readonly scannerUserAgents: readonly string[];
  /** Key of the tokens in Record-Route; the same at all proxies of a cluster. */
  readonly flowSecret: string;
}

/** Tools that look for open switches. They announce themselves; whoever hides is a matter for rates, not for names. */
const SCANNERS = 'friendly-scanner, sipvicious, sipcli, sip-scan, sundayddr, iwar, vaxsipuseragent, pplsip, smap';

const DEFAULTS = {
  'oos-check': '5',
  'oos-force': '5',
  'registrar-default-timeout': '140',
  'registrar-min-timeout': '10',
  'registrar-max-timeout': '86400',
  'registrar-max-bindings': '10',
  'shutdown-sip-reject-code': '503',
  'scanner-user-agents': SCANNERS,
} as const;

export function proxySettings(config: ClusterConfig, application: Application): ProxySettings {
  const text = (name: keyof typeof DEFAULTS): string =>
    application.options.get(name) ?? config.options.get(name) ?? DEFAULTS[name];
  const number = (name: keyof typeof DEFAULTS, min: number, max: number): number =>
    numberWithin(text(name), min, max, `option '${name}' of '${application.name}'`);
  return {
    name: application.name,
    dataCentre: application.geoLocation,
    host: application.host,
    sipPort: portOf(application, 'sip'),
    sipsPort: application.ports.get('sips'),
    accessPoint: config.accessPoint.toLowerCase(),
    externalContact: config.externalContact.toLowerCase(),
    servers: config.applications.filter(isSessionController).map(toServer),
    proxies: config.applications.filter(({ type }) => type === 'sip-proxy').map(toPeer),
    dnType: (dn) => (config.dns.get(dn) as DnConfig | undefined)?.type,
    oosCheckMs: number('oos-check', 1, 3_600) * 1_000,
    oosForceMs: number('oos-force', 1, 3_600) * 1_000,
    registrarDefaultS: number('registrar-default-timeout', 1, 604_800),
    registrarMinS: number('registrar-min-timeout', 1, 604_800),
    registrarMaxS: number('registrar-max-timeout', 1, 604_800),
    bindingsMax: number('registrar-max-bindings', 1, 100),
    shutdownRejectCode: number('shutdown-sip-reject-code', 300, 699),
    scannerUserAgents: list(text('scanner-user-agents').toLowerCase()),
    flowSecret: config.options.get('flow-secret') ?? `${config.switchName}@${config.accessPoint}`,
  };
}

/** A sip-server without a `sip` port runs other tiers only. */
function isSessionController({ type, ports }: Application): boolean {
  return type === 'sip-server' && ports.has('sip');
}

function toServer(application: Application): ServerAddress {
  const { name, serverId, geoLocation, host } = application;
  return { name, serverId, dataCentre: geoLocation, host, port: portOf(application, 'sip') };
}

function toPeer(application: Application): PeerProxy {
  const { name, geoLocation, host } = application;
  return { name, dataCentre: geoLocation, host, port: portOf(application, 'sip') };
}

function portOf({ name, ports }: Application, id: string): number {
  const port = ports.get(id);
  if (port === undefined) throw new Error(`application '${name}' needs a port '${id}': add it under ports`);
  return port;
}

/** Operators write seconds, with or without the unit. */
function numberWithin(text: string, min: number, max: number, what: string): number {
  const value = Number(/^\s*(\d+)\s*(?:s|sec|seconds)?\s*$/i.exec(text)?.[1]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${what} is '${text}': give a number from ${min} to ${max}`);
}

function list(text: string): string[] {
  return text.split(',').map((item) => item.trim()).filter((item) => item !== '');
}
