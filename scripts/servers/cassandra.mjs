// Cassandra from its jars: fetched from Maven Central, run as local processes of small size, one per node.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CACHE, cached, progress } from './cache.mjs';
import { writeCassandraConfig } from './cassandra-config.mjs';
import { javaOptions } from './cassandra-java.mjs';
import { startChild } from './child.mjs';
import { fetchJava, findJava } from './java.mjs';
import { download } from './maven.mjs';
import { freeAddresses } from './ports.mjs';

const FOREIGN = { x64: 'aarch_64', arm64: 'x86_64' }[process.arch];
const LIST = new URL('./cassandra-jars.txt', import.meta.url);
const PROGRESS_EACH = 20;
const NATIVE_PORT = 9042;
const STORAGE_PORT = 7000;
/** On a busy machine of two cores a node takes its time. */
const START_TIMEOUT_MS = 180_000;

function jars() {
  const lines = readFileSync(LIST, 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(' ')).map(([path, sha256]) => ({ path, sha256 })).filter(({ path }) => !path.includes(FOREIGN));
}

const VERSION = /cassandra-all-([\d.]+)\.jar/.exec(readFileSync(LIST, 'utf8'))[1];
const place = `cassandra-${VERSION}`;

/** { java, jars } of a Cassandra that can be started, or undefined. */
export function findCassandra() {
  const folder = join(CACHE, place);
  const java = existsSync(folder) ? findJava() : undefined;
  return java === undefined ? undefined : { java, jars: folder };
}

/** @throws Error with the reason */
export async function fetchCassandra() {
  const java = await fetchJava();
  const folder = await cached(place, async (into) => {
    const files = jars();
    progress(`fetching Cassandra ${VERSION}, ${files.length} jars, from Maven Central`);
    await download(files, into, (done) => {
      if (done % PROGRESS_EACH === 0 || done === files.length) progress(`Cassandra: ${done} of ${files.length}`);
    });
  });
  return { java, jars: folder };
}

/**
 * A cluster of one process per node. `nodes`: [{ dataCentre, host?, rack? }]; hosts are free loopback addresses unless given. One node starts after the
 * other: two that begin at once have begun as two clusters. Resolves when every node answers CQL at `host:9042`.
 *
 * @returns { nodes: [{ dataCentre, host, address, pause, resume, kill, restart }], close }
 */
export async function startCassandra({ server = findCassandra(), nodes = [{ dataCentre: 'dc1' }, { dataCentre: 'dc2' }], heapMb = 320 } = {}) {
  if (server === undefined) throw new Error(`needs Cassandra ${VERSION} and Java 17`);
  const store = mkdtempSync(join(tmpdir(), 'cassandra-'));
  const free = await freeAddresses(nodes.length, [NATIVE_PORT, STORAGE_PORT]);
  const named = nodes.map((node, index) => ({ rack: 'rack1', host: free[index], ...node }));
  const seeds = named.map(({ host }) => host);
  const running = [];
  const close = async () => {
    await Promise.all(running.map((node) => node.kill()));
    rmSync(store, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    for (const [index, node] of named.entries()) {
      running.push(await startNode({ ...node, index, count: named.length, seeds, folder: join(store, node.host), server, heapMb }));
    }
    return { nodes: running, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startNode({ dataCentre, rack, host, index, count, seeds, folder, server, heapMb }) {
  const command = prepareCassandra({ dataCentre, rack, host, index, count, seeds, folder, server, heapMb });
  const child = await startChild({ ...command, accepts: { host, port: NATIVE_PORT }, timeoutMs: START_TIMEOUT_MS });
  const { pause, resume, kill, restart } = child;
  return { dataCentre, host, address: `${host}:${NATIVE_PORT}`, pause, resume, kill, restart };
}

/**
 * Writes the files of one node of a cluster of `count` into `folder` and answers its command: { file, args, cwd, ready }. Other nodes reach
 * it at `broadcast`, by default at its host; `seeds` are such addresses.
 */
export function prepareCassandra({ server, folder, dataCentre, rack = 'rack1', host, broadcast, index, count, seeds, heapMb = 320 }) {
  mkdirSync(folder, { recursive: true });
  writeCassandraConfig(folder, { dataCentre, rack, host, broadcast, index, count, seeds, nativePort: NATIVE_PORT, storagePort: STORAGE_PORT });
  return {
    file: server.java,
    args: [...javaOptions(folder, heapMb), '-cp', `${folder}:${join(server.jars, '*')}`, 'org.apache.cassandra.service.CassandraDaemon'],
    cwd: folder,
    ready: /Starting listening for CQL clients/,
  };
}
