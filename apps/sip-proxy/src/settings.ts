/** What a proxy takes from the configuration, in its own units. The only place of this tier that knows option names. */
import { resolve } from 'node:path';
import { isIP } from 'node:net';
import { type Application, type ClusterConfig, type DnType, OptionLookup } from '#config';
import { DEFAULT_PLAN, type NumberPlan, type WithoutStore } from '#limits';
import { CallerRecognition, parseContact } from '#telephony';
import { AddressList } from './machines/address-list.js';
import type { FloodRules } from './machines/flood-guard.js';
import type { TrunkCallRules } from './machines/trunk-call.js';

/** A session controller as the proxy reaches it. */
export interface ServerAddress {
  /** Application name. */
  readonly name: string;
  readonly serverId: number;
  readonly dataCentre: string;
  /** IP address. */
  readonly host: string;
  readonly port: number;
  /** Both halves of a pair, of which the primary listens; the first one is `host` and `port`. */
  readonly halves?: readonly ServerHalfAddress[];
}

export interface ServerHalfAddress {
  /** Application name of the process. */
  readonly process: string;
  readonly host: string;
  readonly port: number;
}

export interface PeerProxy {
  readonly name: string;
  readonly dataCentre: string;
  readonly host: string;
  readonly port: number;
}

/** What call limits need of the configuration; their rules are not in it. */
export interface CallLimitSettings extends TrunkCallRules {
  readonly leaseMs: number;
  /** For rules that do not say. */
  readonly withoutStore: WithoutStore;
}

export interface ProxySettings {
  readonly name: string;
  readonly dataCentre: string;
  /** All of the cluster: their call limits hold here. */
  readonly dataCentres: readonly string[];
  readonly host: string;
  readonly sipPort: number;
  /** TLS; undefined when not configured. */
  readonly sipsPort: number | undefined;
  readonly accessPoint: string;
  readonly externalContact: string;
  readonly servers: readonly ServerAddress[];
  /** Addresses of both halves, by the node of each pair. */
  readonly pairHosts: ReadonlyMap<string, readonly string[]>;
  /** All proxies of the cluster, this one included. */
  readonly proxies: readonly PeerProxy[];
  dnType(number: string): DnType | undefined;
  /** 0: servers are not probed, their heartbeats count alone. */
  readonly oosCheckMs: number;
  readonly oosForceMs: number;
  /** Whether an error answer to a probe is a failure. */
  readonly oosErrorCheck: boolean;
  readonly oosMaxForwards: number;
  readonly registrarDefaultS: number;
  readonly registrarMinS: number;
  readonly registrarMaxS: number;
  readonly bindingsMax: number;
  readonly shutdownRejectCode: number;
  /** Parts of User-Agent values whose requests are dropped without an answer (PRX-31). */
  readonly scannerUserAgents: readonly string[];
  /** PRX-32. Trunks and the cluster's own processes are exempt. */
  readonly flood: FloodRules;
  readonly callLimits: CallLimitSettings;
  /** A recorder of this data centre keeps verdicts. */
  readonly hasRecorder: boolean;
  /** Key of the tokens in Record-Route; the same at all proxies of a cluster. */
  readonly flowSecret: string;
  /** Addresses of DNS servers; none: the system's. */
  readonly nameservers: readonly string[];
  /** PEM files, absolute; undefined where the option is empty. */
  readonly certificateFiles: { readonly cert: string | undefined; readonly key: string | undefined; readonly ca: string | undefined };
}

export function proxySettings(config: ClusterConfig, application: Application): ProxySettings {
  const options = new OptionLookup(config, application);
  const file = (name: string): string | undefined => {
    const path = options.text(name);
    return path === '' ? undefined : resolve(config.directory, path);
  };
  return {
    name: application.name,
    dataCentre: application.geoLocation,
    dataCentres: [...new Set(config.applications.map(({ geoLocation }) => geoLocation))],
    host: application.host,
    sipPort: portOf(application, 'sip'),
    sipsPort: application.ports.get('sips'),
    accessPoint: config.accessPoint.toLowerCase(),
    externalContact: config.externalContact.toLowerCase(),
    servers: config.applications.filter(isSessionController).map(toServer),
    pairHosts: new Map(config.backups.map(({ name, pair }) => [name, pair === undefined ? [] : [pair.own.host, pair.other.host]])),
    proxies: config.applications.filter(({ type }) => type === 'sip-proxy').map(toPeer),
    dnType: (dn) => config.dns.get(dn)?.type,
    oosCheckMs: options.number('oos-check') * 1_000,
    oosForceMs: options.number('oos-force') * 1_000,
    oosErrorCheck: options.flag('oos-error-check'),
    oosMaxForwards: options.number('oos-options-max-forwards'),
    registrarDefaultS: options.number('registrar-default-timeout'),
    registrarMinS: options.number('registrar-min-timeout'),
    registrarMaxS: options.number('registrar-max-timeout'),
    bindingsMax: options.number('registrar-max-contacts'),
    shutdownRejectCode: options.number('shutdown-sip-reject-code'),
    scannerUserAgents: options.list('scanner-user-agents'),
    flood: {
      burst: options.number('flood-burst'),
      ratePerS: options.number('flood-rate'),
      banMs: options.number('flood-ban') * 1_000,
      exempt: new AddressList([...options.list('trusted-peers'), ...peerHosts(config)], 'trusted-peers'),
    },
    hasRecorder: config.applications.some(({ type, geoLocation }) => type === 'recorder' && geoLocation === application.geoLocation),
    callLimits: callLimitSettings(config, options),
    flowSecret: options.text('flow-secret') || `${config.switchName}@${config.accessPoint}`,
    nameservers: options.list('nameservers'),
    certificateFiles: { cert: file('certificate'), key: file('certificate-key'), ca: file('trusted-ca') },
  };
}

function callLimitSettings(config: ClusterConfig, options: OptionLookup): CallLimitSettings {
  const trunks = [...config.dns.values()].filter(({ type }) => type === 'Trunk').map(({ number }) => number);
  const plans = new Map(trunks.map((trunk) => [trunk, numberPlan(options, trunk)]));
  return {
    callers: new CallerRecognition(config),
    dnisByUri: options.flag('init-dnis-by-ruri'),
    planOf: (trunk) => plans.get(trunk) ?? DEFAULT_PLAN,
    leaseMs: options.number('limiter-lease') * 1_000,
    withoutStore: options.text('limiter-without-store') as WithoutStore,
  };
}

function numberPlan(options: OptionLookup, trunk: string): NumberPlan {
  const countryCode = options.text('country-code', trunk);
  return {
    ...(countryCode === '' ? {} : { countryCode }),
    trunkPrefix: options.text('trunk-prefix', trunk), internationalPrefixes: options.list('international-prefix', trunk),
  };
}

/** A sip-server without a `sip` port runs other tiers only. */
function isSessionController({ type, ports }: Application): boolean {
  return type === 'sip-server' && ports.has('sip');
}

function toServer(application: Application): ServerAddress {
  const { name, serverId, geoLocation, host, pair } = application;
  const halves = pair === undefined ? [] : [pair.own, pair.other].map((half) => ({ process: half.process, host: half.host, port: half.ports.get('sip') ?? 0 }));
  return { name, serverId, dataCentre: geoLocation, host, port: portOf(application, 'sip'), ...(halves.length === 0 ? {} : { halves }) };
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

/** Addresses of the cluster's processes, and of trunks that are written as an address. */
function peerHosts({ applications, backups, dns }: ClusterConfig): string[] {
  const trunks = [...dns.values()].filter(({ type }) => type === 'Trunk').map(({ options }) => parseContact(options.get('contact') ?? '')?.host ?? '');
  return [...applications, ...backups].map(({ host }) => host).concat(trunks).filter((host) => isIP(host) !== 0);
}
