/** Real servers for suites: found on the machine, or fetched once into `.cache/`. A suite that cannot get one is skipped by name. */
import { findCassandra, findRedis, type RedisBinary } from '#servers';
import { suiteOrSkip } from './peers.js';
import { findOrFetch } from './server-files.js';

/** A suite that needs redis-server; start one by `startRedis({ server })`. */
export function redisSuite(name: string, body: (server: RedisBinary) => void): void {
  const server = findOrFetch('redis', findRedis);
  suiteOrSkip(name, server === undefined ? 'needs redis-server 7 or newer' : undefined, () => body(server as RedisBinary));
}

/** A suite that needs Cassandra: `joinSharedCassandra` for the shared cluster of the run, `startCassandra` for one that it stops itself. */
export function cassandraSuite(name: string, body: () => void): void {
  const server = findOrFetch('cassandra', findCassandra);
  suiteOrSkip(name, server === undefined ? 'needs Java 17 and the jars of Cassandra 5' : undefined, body);
}

/** For `beforeAll`: starting the cluster takes half a minute, on a busy machine two. */
export const CASSANDRA_START_MS = 240_000;
