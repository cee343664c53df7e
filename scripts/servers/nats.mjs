// nats-server: found on the machine, or fetched from a newer Debian suite.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CACHE, progress } from './cache.mjs';
import { startChild } from './child.mjs';
import { extractPackages, reasonOf, run } from './debian.mjs';

const FETCHED = join(CACHE, 'out/usr/sbin/nats-server');
/** Newest first; the first that has a package which starts here is taken. */
const SUITES = ['forky', 'trixie', 'bookworm'];
/** The key-value driver needs 2.11, the durable queue atomic batches, which came with 2.12. */
export const NATS_MINOR_MIN = 12;

/** The path of a server that is new enough, or undefined. */
export function findNats() {
  return [process.env.NATS_SERVER, FETCHED, 'nats-server', '/usr/sbin/nats-server'].find((file) => file !== undefined && isNewEnough(file));
}

function isNewEnough(file) {
  if (file.includes('/') && !existsSync(file)) return false;
  try {
    const version = /v(\d+)\.(\d+)/.exec(run(file, ['--version']));
    return version !== null && (Number(version[1]) > 2 || Number(version[2]) >= NATS_MINOR_MIN);
  } catch {
    return false;
  }
}

/** @throws Error with the reason for each suite */
export async function fetchNats() {
  const found = findNats();
  if (found !== undefined) return found;
  const reasons = [];
  for (const suite of SUITES) {
    const folder = mkdtempSync(join(mkdirs(CACHE), 'nats-'));
    try {
      progress(`fetching nats-server from Debian ${suite}`);
      extractPackages(suite, ['nats-server'], folder);
      if (!isNewEnough(join(folder, 'usr/sbin/nats-server'))) throw new Error(`older than 2.${NATS_MINOR_MIN}`);
      rmSync(join(CACHE, 'out'), { recursive: true, force: true });
      renameSync(folder, join(CACHE, 'out'));
      return FETCHED;
    } catch (error) {
      reasons.push(`${suite}: ${reasonOf(error)}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  throw new Error(reasons.join('; '));
}

function mkdirs(folder) {
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * A server with JetStream. `host` and `port` as given, else a free port of 127.0.0.1; `maxFileBytes`: what its streams may take together.
 * `close` also removes what it stored.
 *
 * @returns { address, pause, resume, kill, restart, close }
 */
export async function startNats({ file = findNats(), host = '127.0.0.1', port = -1, maxFileBytes } = {}) {
  const store = mkdtempSync(join(tmpdir(), 'nats-'));
  const limits = join(store, 'limits.conf');
  if (maxFileBytes !== undefined) writeFileSync(limits, `jetstream { store_dir: ${JSON.stringify(store)}, max_file: ${maxFileBytes} }\n`);
  const jetStream = maxFileBytes === undefined ? ['-js', '-sd', store] : ['-c', limits];
  const command = (at) => ({ file, args: ['-a', host, '-p', String(at), ...jetStream], ready: /Server is ready/ });
  let child = await startChild(command(port));
  const taken = Number(/Listening for client connections on [^\s]*:(\d+)/.exec(child.said)[1]);
  return {
    address: `${host}:${taken}`,
    pause: () => child.pause(),
    resume: () => child.resume(),
    kill: () => child.kill(),
    restart: async () => {
      await child.kill();
      child = await startChild(command(taken));
    },
    close: async () => {
      await child.kill();
      rmSync(store, { recursive: true, force: true });
    },
  };
}
