/** A cluster of two data centres for specs. */
import type { Application, ClusterConfig } from '#config';

export function application(name: string, changes: Partial<Application> = {}): Application {
  return {
    name, type: 'sip-proxy', geoLocation: 'dc1', host: '192.0.2.1', hostName: `${name}.sip.example.com`,
    ports: new Map([['sip', 5060]]), serverId: 0, options: new Map(), routingPoints: [], ...changes,
  };
}

export function cluster(...applications: readonly Application[]): ClusterConfig {
  return {
    file: 'test.yaml', switchName: 'Test', accessPoint: 'sip.example.com', externalContact: 'phones.example.com',
    stores: { location: { driver: 'memory', dataCentres: new Map() }, limiter: { driver: 'memory', dataCentres: new Map() }, history: { driver: 'sqlite', file: '' } },
    options: new Map(), applications, backups: [], dns: new Map(), persons: new Map(), bus: { driver: 'memory', servers: [], dataCentres: new Map() }, directory: '/',
  };
}

export const nameServer = application('ns1', { type: 'dns-server', host: '192.0.2.53', ports: new Map([['dns', 5300]]) });

/** Two proxies in dc1, one in dc2. */
export const twoSites = cluster(
  application('p1', { host: '192.0.2.1' }),
  application('p2', { host: '192.0.2.2' }),
  application('p3', { host: '198.51.100.3', geoLocation: 'dc2' }),
  nameServer,
);
