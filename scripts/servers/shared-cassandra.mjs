// One Cassandra cluster for all suites of a test run, since its start takes half a minute. A process of its own holds it; who uses it
// holds a connection to that process' socket. Some seconds after the last one let go it ends, so an aborted run leaves nothing behind.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { openSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCassandra } from './cassandra.mjs';

const ID = createHash('sha256').update(import.meta.url).digest('hex').slice(0, 12);
const SOCKET = join(tmpdir(), `cordboard-cassandra-${ID}.sock`);
const LINGER_MS = 20_000;
const START_MS = 240_000;
const AGAIN_MS = 200;

/**
 * Joins the shared cluster, starting it when there is none.
 *
 * @returns { nodes: [{ dataCentre, host, address }], release }
 */
export async function joinSharedCassandra() {
  const untilMs = Date.now() + START_MS;
  let holder;
  while (Date.now() < untilMs) {
    const joined = await attach();
    if (joined !== undefined) return joined;
    if (holder === undefined || holder.exitCode !== null) holder = spawnHolder();
    await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
  }
  throw new Error(`the shared Cassandra cluster did not start within ${START_MS / 1_000} s; see ${SOCKET}.log`);
}

/** Ends the shared cluster as soon as nobody uses it. Resolves when it is gone, or was not there. */
export function endSharedCassandra() {
  return new Promise((resolve) => {
    const socket = connect(SOCKET, () => socket.write('end\n'));
    socket.on('data', () => {});
    socket.once('error', resolve);
    socket.once('close', resolve);
  });
}

function spawnHolder() {
  const log = openSync(`${SOCKET}.log`, 'w');
  const holder = spawn(process.execPath, [fileURLToPath(import.meta.url)], { detached: true, stdio: ['ignore', log, log] });
  holder.unref();
  return holder;
}

/** Undefined when nobody listens. Otherwise waits for the word that the cluster runs. */
function attach() {
  return new Promise((resolve, reject) => {
    const socket = connect(SOCKET);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (!text.endsWith('\n')) return;
      const { nodes, error } = JSON.parse(text);
      if (error !== undefined) return reject(new Error(error));
      socket.unref();
      resolve({ nodes, release: () => socket.destroy() });
    });
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
  });
}

/** Ends when nobody is connected any more; `CORDBOARD_TEST_RUN`, a process id, counts as connected as long as it lives. */
async function hold() {
  const server = createServer();
  if (!await listens(server)) return;
  const users = new Set();
  const end = { isAsked: false };
  process.once('SIGTERM', () => process.exit(1));
  const starting = startCassandra().then((cluster) => ({ cluster }), (error) => ({ error: error.message }));
  server.on('connection', async (socket) => {
    users.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => {
      end.isAsked = true;
      users.delete(socket);
    });
    socket.on('close', () => users.delete(socket));
    const { cluster, error } = await starting;
    const nodes = cluster?.nodes.map(({ dataCentre, host, address }) => ({ dataCentre, host, address }));
    socket.write(`${JSON.stringify({ nodes, error })}\n`);
  });
  const { cluster } = await starting;
  await unused(users, end);
  server.close();
  rmSync(SOCKET, { force: true });
  await cluster?.close();
}

async function listens(server) {
  const attempt = () => new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(SOCKET, () => resolve(true));
  });
  if (await attempt()) return true;
  const isAlive = await new Promise((resolve) => {
    const socket = connect(SOCKET, () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.unref();
  });
  if (isAlive) return false;
  rmSync(SOCKET, { force: true });
  return attempt();
}

async function unused(users, end) {
  let idleMs = 0;
  while (idleMs < LINGER_MS) {
    await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
    if (users.size > 0) idleMs = 0;
    else if (end.isAsked) return;
    else idleMs = runLives() ? 0 : idleMs + AGAIN_MS;
  }
}

function runLives() {
  const pid = Number(process.env.CORDBOARD_TEST_RUN);
  if (!(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await hold();
  process.exit(0);
}
