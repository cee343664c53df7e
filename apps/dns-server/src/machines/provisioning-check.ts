/** DNS-06: what in the configuration would make published names and listening proxies disagree. Sentences for operators. */
import { isIP } from 'node:net';
import type { Application, ClusterConfig } from '#config';
import { isUnspecified, proxiesOf } from './cluster-zones.js';
import { canonicalName, isWithin } from './zone.js';

export function checkProvisioning(config: ClusterConfig): string[] {
  const proxies = proxiesOf(config);
  return [
    ...proxies.flatMap((proxy) => checkProxy(proxy, config)),
    ...checkHostNames(proxies),
    ...checkOnePort(proxies),
  ];
}

function checkProxy(proxy: Application, config: ClusterConfig): string[] {
  const problems: string[] = [];
  if (!proxy.ports.has('sip')) {
    problems.push(`proxy '${proxy.name}' has no port 'sip', so no SRV record can name it: add it under ports`);
  }
  if (isIP(proxy.host) === 0 || isUnspecified(proxy.host)) {
    problems.push(`proxy '${proxy.name}' has host '${proxy.host}', which no phone can send to: give its IP address`);
  }
  const name = canonicalName(proxy.hostName);
  const zones = [config.accessPoint, config.externalContact].map(canonicalName);
  if (!zones.some((zone) => isWithin(name, zone))) {
    problems.push(`SRV target '${proxy.hostName}' of proxy '${proxy.name}' lies outside ${zones.join(' and ')}: `
      + 'this server does not answer for it, so the DNS that does must give it the same address');
  }
  return problems;
}

function checkHostNames(proxies: readonly Application[]): string[] {
  const byName = new Map<string, Application>();
  const problems: string[] = [];
  for (const proxy of proxies) {
    const name = canonicalName(proxy.hostName);
    const other = byName.get(name);
    if (other !== undefined && other.host !== proxy.host) {
      problems.push(`proxies '${other.name}' and '${proxy.name}' share host name '${name}' but not the address: `
        + 'give each its own host-name');
    }
    byName.set(name, proxy);
  }
  return problems;
}

/** PRX-16: clients without SRV know one port for all. */
function checkOnePort(proxies: readonly Application[]): string[] {
  const [first, ...rest] = proxies.filter((proxy) => proxy.ports.has('sip'));
  if (first === undefined) return [];
  const port = first.ports.get('sip');
  return rest
    .filter((proxy) => proxy.ports.get('sip') !== port)
    .map((proxy) => `proxy '${proxy.name}' has sip port ${proxy.ports.get('sip')} and '${first.name}' has ${port}: `
      + 'all proxies of a cluster need the same one');
}
