/** Real servers for suites: found on the machine, or fetched once into `.cache/`. A suite that cannot get one is skipped by name. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findCassandra, findRedis, type RedisBinary } from '#servers';
import { suiteOrSkip } from './peers.js';

/** From the working directory, since this file also runs from dist/. */
const FETCH = join(process.cwd(), 'scripts/fetch-servers.mjs');

/** What `find` finds, if need be after a fetch; undefined when it is not to be had. */
export function findOrFetch<T>(name: 'nats' | 'redis' | 'cassandra', find: () => T | undefined): T | undefined {
  const found = find();
  if (found !== undefined) return found;
  try {
    execFileSync(process.execPath, [FETCH, name], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    return undefined;
  }
  return find();
}

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
