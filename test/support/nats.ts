/** A real nats-server for tests: found on the machine, or fetched once into `.cache/`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suiteOrSkip } from './peers.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FETCHED = join(ROOT, '.cache/servers/out/usr/sbin/nats-server');
/** The oldest server that the key-value driver accepts. */
const MINOR_MIN = 11;

export interface NatsServer {
  /** `host:port` for clients. */
  readonly address: string;
  /** Freezes the process, as a hanging machine would. Resolves when no thread of it runs any more. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it; what it stored is kept for `restart`. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  restart(): Promise<void>;
  /** Ends it and removes what it stored. */
  close(): Promise<void>;
}

/** The path of a server that is new enough, or undefined when there is none and none can be had. */
export function findNatsServer(): string | undefined {
  const candidates = [process.env['NATS_SERVER'], FETCHED, 'nats-server', '/usr/sbin/nats-server'];
  return candidates.find((file) => file !== undefined && isNewEnough(file)) ?? fetchNatsServer();
}

function isNewEnough(file: string): boolean {
  if (file.includes('/') && !existsSync(file)) return false;
  try {
    const version = /v(\d+)\.(\d+)/.exec(execFileSync(file, ['--version'], { encoding: 'utf8' }));
    return version !== null && (Number(version[1]) > 2 || Number(version[2]) >= MINOR_MIN);
  } catch {
    return false;
  }
}

function fetchNatsServer(): string | undefined {
  try {
    const script = join(ROOT, 'scripts/fetch-servers.mjs');
    const file = execFileSync(process.execPath, [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
    return isNewEnough(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Starts a server with JetStream on a free port of the loopback interface. */
export async function startNats(file: string): Promise<NatsServer> {
  const store = mkdtempSync(join(tmpdir(), 'nats-'));
  let running = await launch(file, store, -1);
  const { port } = running;
  return {
    address: `127.0.0.1:${port}`,
    pause: async () => {
      running.process.kill('SIGSTOP');
      while (!isStopped(running.process.pid as number)) await new Promise(setImmediate);
    },
    resume: () => void running.process.kill('SIGCONT'),
    kill: () => end(running.process),
    restart: async () => {
      running = await launch(file, store, port);
    },
    close: async () => {
      await end(running.process);
      rmSync(store, { recursive: true, force: true });
    },
  };
}

/** A signal is only asked for by kill(2); the threads follow one by one. Elsewhere than on Linux nobody tells. */
function isStopped(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/task`)) return true;
  return readdirSync(`/proc/${pid}/task`).every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
}

interface Running {
  readonly process: ChildProcess;
  readonly port: number;
}

/** Resolves when the server says that it is ready. Port -1 lets the system choose. */
function launch(file: string, store: string, port: number): Promise<Running> {
  const process = spawn(file, ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', store], { stdio: ['ignore', 'ignore', 'pipe'] });
  return new Promise((resolve, reject) => {
    let said = '';
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const listening = /Listening for client connections on [^\s]*:(\d+)/.exec(said);
      if (listening !== null && said.includes('Server is ready')) resolve({ process, port: Number(listening[1]) });
    });
    process.once('error', reject);
    process.once('exit', (code) => reject(new Error(`nats-server ended with ${code}: ${said.slice(-500)}`)));
  });
}

function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    process.once('exit', () => resolve());
    process.kill('SIGKILL');
  });
}

/** A suite that needs a real server. `body` gets its path. */
export function natsSuite(name: string, body: (file: string) => void): void {
  const file = findNatsServer();
  suiteOrSkip(name, file === undefined ? `needs nats-server 2.${MINOR_MIN} or newer` : undefined, () => body(file as string));
}
