/**
 * The zones of a cluster, from its configuration and from who is alive: the access point with NAPTR and SRV (DNS-01 to
 * DNS-03), the address names of the proxies that SRV points at, and the name for devices without SRV (DNS-07).
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { Answer, NaptrAnswer, SoaAnswer, SrvAnswer } from 'dns-packet';
import type { Application, ClusterConfig } from '#config';
import { canonicalName, isWithin, type Zone, ZoneBuilder } from './zone.js';

/** A dead proxy is out of every cache after this long (DNS-17). */
export const TTL_S = 5;
/** How long "no such record" may be kept (RFC 2308): one failed look-up must not hide a name that comes back. */
export const NEGATIVE_TTL_S = 1;
/** DNS-02. */
export const LOCAL_PRIORITY = 10;
export const REMOTE_PRIORITY = 200;
export const SRV_WEIGHT = 50;

const REFRESH_S = 10;
const RETRY_S = 5;
const EXPIRE_S = 3600;

/** One way to the cluster: RFC 3263 §4.1 service, SRV owner name, and the port id that serves it. Best first. */
const SERVICES = [
  { naptr: 'SIP+D2U', owner: '_sip._udp', port: 'sip' },
  { naptr: 'SIP+D2T', owner: '_sip._tcp', port: 'sip' },
  { naptr: 'SIPS+D2T', owner: '_sips._tcp', port: 'sips' },
] as const;

/**
 * @param live names of the proxies that answer and are not draining
 * @param viewDc data centre of whoever asks; its own proxies come first
 * @param serial grows whenever the records change
 */
export function clusterZones(
  config: ClusterConfig, live: ReadonlySet<string>, viewDc: string, serial: number,
): Zone[] {
  const proxies = published(config, live);
  const accessPoint = canonicalName(config.accessPoint);
  const externalContact = canonicalName(config.externalContact);
  const apexes = isWithin(externalContact, accessPoint) ? [accessPoint] : [accessPoint, externalContact];
  return apexes.map((apex) => {
    const zone = new ZoneBuilder(apex, TTL_S);
    addNameServers(zone, config);
    addHosts(zone, config);
    if (apex === accessPoint) addAccessPoint(zone, proxies, viewDc);
    if (isWithin(externalContact, apex)) zone.add(...nearestAddresses(externalContact, proxies, viewDc));
    return zone.build(soa(apex, config, serial));
  });
}

/**
 * Proxies to publish. When none is known to live, all are: this server may be the one that is cut off, and "no such record"
 * would take the whole access point away, where a dead target costs a client one try.
 */
function published(config: ClusterConfig, live: ReadonlySet<string>): Application[] {
  const proxies = proxiesOf(config);
  const living = proxies.filter((proxy) => live.has(proxy.name));
  return living.length > 0 ? living : proxies;
}

export function proxiesOf(config: ClusterConfig): Application[] {
  return config.applications.filter((application) => application.type === 'sip-proxy');
}

function addAccessPoint(zone: ZoneBuilder, proxies: readonly Application[], viewDc: string): void {
  // Without a port SRV is asked first; a device that knows only addresses still finds the nearest proxies here.
  zone.add(...nearestAddresses(zone.apex, proxies, viewDc));
  SERVICES.forEach((service, index) => {
    const serving = proxies.filter((proxy) => proxy.ports.has(service.port));
    if (serving.length === 0) return;
    zone.add(naptr(zone.apex, service, (index + 1) * 10));
    zone.add(...serving.map((proxy) => srv(`${service.owner}.${zone.apex}`, proxy, service.port, viewDc)));
  });
}

function naptr(apex: string, service: (typeof SERVICES)[number], preference: number): NaptrAnswer {
  const replacement = `${service.owner}.${apex}`;
  const data = { order: 10, preference, flags: 's', services: service.naptr, regexp: '', replacement };
  return { name: apex, type: 'NAPTR', ttl: TTL_S, data };
}

function srv(owner: string, proxy: Application, portId: string, viewDc: string): SrvAnswer {
  const priority = proxy.geoLocation === viewDc ? LOCAL_PRIORITY : REMOTE_PRIORITY;
  const data = {
    priority, weight: SRV_WEIGHT, port: proxy.ports.get(portId) as number, target: canonicalName(proxy.hostName),
  };
  return { name: owner, type: 'SRV', ttl: TTL_S, data };
}

/** Addresses of the proxies of the asker's data centre; of all when it has none. */
function nearestAddresses(name: string, proxies: readonly Application[], viewDc: string): Answer[] {
  const local = proxies.filter((proxy) => proxy.geoLocation === viewDc);
  return (local.length > 0 ? local : proxies).flatMap((proxy) => addresses(name, proxy.host));
}

/** Every proxy and name server keeps its own name, also while it is down: the name says where it is, not how it is. */
function addHosts(zone: ZoneBuilder, config: ClusterConfig): void {
  const named = new Set<string>();
  for (const application of config.applications) {
    const name = canonicalName(application.hostName);
    if (!isServed(application) || named.has(name) || !isWithin(name, zone.apex)) continue;
    named.add(name);
    zone.add(...addresses(name, application.host));
  }
}

function isServed(application: Application): boolean {
  return application.type === 'sip-proxy' || application.type === 'dns-server';
}

function addresses(name: string, host: string): Answer[] {
  if (isUnspecified(host)) return [];
  if (isIPv4(host)) return [{ name, type: 'A', ttl: TTL_S, data: host }];
  if (isIPv6(host)) return [{ name, type: 'AAAA', ttl: TTL_S, data: host }];
  return [];
}

/** An address to listen on, but none to send to. */
export function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function addNameServers(zone: ZoneBuilder, config: ClusterConfig): void {
  for (const server of nameServers(config)) zone.add({ name: zone.apex, type: 'NS', ttl: TTL_S, data: server });
}

function nameServers(config: ClusterConfig): string[] {
  return config.applications
    .filter((application) => application.type === 'dns-server')
    .map((application) => canonicalName(application.hostName));
}

function soa(apex: string, config: ClusterConfig, serial: number): SoaAnswer {
  const data = {
    mname: nameServers(config)[0] ?? apex, rname: `hostmaster.${apex}`, serial,
    refresh: REFRESH_S, retry: RETRY_S, expire: EXPIRE_S, minimum: NEGATIVE_TTL_S,
  };
  return { name: apex, type: 'SOA', ttl: TTL_S, data };
}
