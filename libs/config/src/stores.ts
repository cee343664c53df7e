/** Where a cluster keeps what outlives its processes. */
import { z } from 'zod';
import type { ClusterConfig, HistoryConfig, StoresConfig } from './model.js';

const name = z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores');
const redisUrl = z.string().regex(/^rediss?:\/\/([^\s/@]*@)?[^\s/@]+(:\d{1,5})?(\/\d+)?$/, 'must be redis://[user:password@]host:port, or rediss:// for TLS');
const contactPoint = z.string().regex(/^[^\s:/@]+(:\d{1,5})?$/, 'must be host or host:port');
const keyspace = z.string().regex(/^[a-z]\w{0,47}$/, 'must be 1 to 48 small letters, digits or underscores, a letter first');

const shared = z.strictObject({
  driver: z.enum(['memory', 'redis']).default('memory'),
  'data-centres': z.record(name, redisUrl).default({}),
}).default({ driver: 'memory', 'data-centres': {} });

const history = z.discriminatedUnion('driver', [
  z.strictObject({ driver: z.literal('sqlite'), file: z.string().min(1).default('history.sqlite') }),
  z.strictObject({
    driver: z.literal('cassandra'),
    keyspace: keyspace.default('cordboard'),
    'data-centres': z.record(name, z.strictObject({
      'contact-points': z.array(contactPoint).min(1, 'needs at least one node, host:port'),
      replicas: z.number().int().min(1).max(9).default(1),
    })),
    user: z.string().optional(),
    password: z.string().optional(),
  }),
]).default({ driver: 'sqlite', file: 'history.sqlite' });

export const STORES_SCHEMA = z.strictObject({ location: shared, limiter: shared, history }).partial().default({});

export function readStores({ location, limiter, history: kept }: z.infer<typeof STORES_SCHEMA>): StoresConfig {
  return { location: toShared(location), limiter: toShared(limiter), history: toHistory(kept) };
}

const toShared = (written: z.infer<typeof shared> | undefined): StoresConfig['location'] =>
  ({ driver: written?.driver ?? 'memory', dataCentres: new Map(Object.entries(written?.['data-centres'] ?? {})) });

function toHistory(written: z.infer<typeof history> | undefined): HistoryConfig {
  if (written?.driver !== 'cassandra') return { driver: 'sqlite', file: written?.file ?? 'history.sqlite' };
  const sites = Object.entries(written['data-centres']);
  return {
    driver: 'cassandra',
    keyspace: written.keyspace,
    dataCentres: new Map(sites.map(([site, { 'contact-points': contactPoints, replicas }]) => [site, { contactPoints, replicas }])),
    user: written.user,
    password: written.password,
  };
}

const COUNTING: ReadonlySet<string> = new Set(['sip-proxy', 'sip-server', 'vq-server']);

/** For who has call limits: why they would not be exact, and what to change. Undefined when one store counts for all. */
export function limiterWarning(config: Pick<ClusterConfig, 'stores' | 'bus' | 'applications' | 'backups'>): string | undefined {
  const { stores: { limiter }, bus, applications, backups } = config;
  const counting = [...applications, ...backups].filter(({ type }) => COUNTING.has(type));
  if (limiter.driver === 'memory') {
    if (bus.driver === 'memory' || counting.length < 2) return undefined;
    return `stores.limiter: with the driver memory each process counts alone, and ${counting.length} applications count calls: `
      + 'give the driver redis, in data-centres the URL of one server for each data centre';
  }
  const urls = new Set(counting.map(({ geoLocation }) => limiter.dataCentres.get(geoLocation)));
  if (urls.size < 2) return undefined;
  return 'stores.limiter.data-centres: servers differ, so each data centre counts alone: give all of them the URL of one server for limits over all';
}

/** What `stores` contradicts: itself, or the applications. Path below `stores`, and what to change. */
export function storesProblems({ stores, applications }: Pick<ClusterConfig, 'stores' | 'applications'>): [path: readonly string[], message: string][] {
  const missing = (store: string, sites: ReadonlyMap<string, unknown>, types: readonly string[]): [string[], string][] => {
    const used = new Set(applications.filter(({ type }) => types.includes(type)).map(({ geoLocation }) => geoLocation));
    return [...used].filter((site) => !sites.has(site)).map((site) =>
      [[store, 'data-centres'], `applications have the geo-location ${site}; add its server here`]);
  };
  const { history: kept } = stores;
  const nowhere: [string[], string][] = kept.driver === 'cassandra' && kept.dataCentres.size === 0
    ? [[['history', 'data-centres'], 'needs the contact-points of at least one data centre']] : [];
  const recorders = kept.driver === 'cassandra' ? missing('history', kept.dataCentres, ['recorder']) : [];
  return [...nowhere, ...recorders, ...(['location', 'limiter'] as const).flatMap((store): [string[], string][] => {
    const { driver, dataCentres } = stores[store];
    if (driver === 'redis') return missing(store, dataCentres, store === 'limiter' ? [...COUNTING] : ['sip-proxy']);
    return dataCentres.size === 0 ? [] : [[[store, 'driver'], 'servers are given: the driver must be redis']];
  })];
}
