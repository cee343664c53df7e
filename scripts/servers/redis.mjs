// redis-server: found on the machine, or fetched from its Debian release.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CACHE, cached, progress } from './cache.mjs';
import { startChild } from './child.mjs';
import { extractPackages, ownSuite, run } from './debian.mjs';
import { freePort } from './ports.mjs';

/** The library folder of a fetched one, by architecture. */
const TRIPLE = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch];
/** With what the server is linked to, but for libc. */
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];
const MAJOR_MIN = 7;

const at = (folder) => ({ file: join(folder, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: join(folder, 'usr/lib', TRIPLE ?? '') } });

/** { file, env } of a server that is new enough, or undefined. */
export function findRedis() {
  const named = [process.env.REDIS_SERVER, 'redis-server'].filter((file) => file !== undefined).map((file) => ({ file, env: {} }));
  return [...named, at(join(CACHE, 'redis'))].find(isNewEnough);
}

function isNewEnough({ file, env }) {
  if (file.includes('/') && !existsSync(file)) return false;
  try {
    const version = /v=(\d+)\./.exec(run(file, ['--version'], { env: { ...process.env, ...env } }));
    return version !== null && Number(version[1]) >= MAJOR_MIN;
  } catch {
    return false;
  }
}

/** @throws Error with the reason */
export async function fetchRedis() {
  const found = findRedis();
  if (found !== undefined) return found;
  await cached('redis', (folder) => {
    const suite = ownSuite();
    progress(`fetching redis-server from Debian ${suite}`);
    extractPackages(suite, PACKAGES, folder);
    if (!isNewEnough(at(folder))) throw new Error(`Debian ${suite} has none that is ${MAJOR_MIN}.0 or newer and starts here`);
  });
  const fetched = findRedis();
  if (fetched === undefined) throw new Error(`${join(CACHE, 'redis')} does not start; remove it to fetch it anew`);
  return fetched;
}

/**
 * A server on `host:port`, or a free port of 127.0.0.1. It keeps what it holds through `kill` and `restart` when `appendOnly`: nearly all
 * of it, and all with `fsync: 'always'`.
 *
 * @returns { url, host, port, pause, resume, kill, forget, restart, close }
 */
export async function startRedis({ server = findRedis(), host = '127.0.0.1', port, appendOnly = true, fsync = 'everysec', password } = {}) {
  if (server === undefined) throw new Error(`needs redis-server ${MAJOR_MIN} or newer`);
  const store = mkdtempSync(join(tmpdir(), 'redis-'));
  const taken = port ?? await freePort(host);
  const child = await startChild(redisCommand({ server, host, port: taken, store, appendOnly, fsync, password }));
  const { pause, resume, kill, restart } = child;
  return {
    url: `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}${host}:${taken}`,
    host, port: taken, pause, resume, kill, restart,
    forget: () => {
      rmSync(store, { recursive: true, force: true });
      mkdirSync(store);
    },
    close: async () => {
      await kill();
      rmSync(store, { recursive: true, force: true });
    },
  };
}

/** The command of a server that keeps its data in the folder `store`: { file, args, env, ready }. */
export function redisCommand({ server, host, port, store, appendOnly = true, fsync = 'everysec', password }) {
  return {
    file: server.file,
    env: server.env,
    ready: /Ready to accept connections/,
    args: [
      '--bind', host, '--port', String(port), '--dir', store, '--save', '', '--appendonly', appendOnly ? 'yes' : 'no',
      '--appendfsync', fsync, '--maxmemory', '512mb', '--maxmemory-policy', 'noeviction', ...(password === undefined ? [] : ['--requirepass', password]),
    ],
  };
}
