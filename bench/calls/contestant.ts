/** Processes under test: each a child of its own, so that its CPU time and memory can be told from those of the load. */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { V8_FLAGS } from '#tier/v8-flags';
import { cpuMicrosOf, familyOf } from './cpu.js';
import type { MemoryReport } from './probe.js';

const dist = fileURLToPath(new URL('../../', import.meta.url));
/** To read a million blocked numbers takes a while on a busy machine. */
const START_MS = 90_000;

export interface Contestant {
  readonly name: string;
  /** Since its start, user and system, all its processes. */
  cpuMicros(): number;
  stop(): Promise<void>;
}

export interface NodeContestant extends Contestant {
  /** After a full garbage collection. */
  memory(): Promise<MemoryReport>;
}

/** `app` is a folder of apps/; the configuration is written to a file that is gone after `stop`. */
export async function startApp(name: string, app: string, config: string, more: readonly string[] = []): Promise<NodeContestant> {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/switch.yaml`, config);
  const child = forkNode(`apps/${app}/src/main.js`, ['--config', `${folder}/switch.yaml`, '--log', 'error', ...more]);
  await readyLine(child, name);
  return nodeContestant(name, child, folder);
}

/** A module of bench/calls that prints a line with `ready`. `config`: it takes the options of an app after its own arguments. */
export async function startModule(name: string, module: string, args: readonly string[], config?: string): Promise<NodeContestant> {
  const folder = temporaryFolder();
  if (config !== undefined) writeFileSync(`${folder}/switch.yaml`, config);
  const child = forkNode(`bench/calls/${module}`, [...args, ...(config === undefined ? [] : ['--config', `${folder}/switch.yaml`, '--log', 'error'])]);
  await readyLine(child, name);
  return nodeContestant(name, child, folder);
}

/** Undefined, with a line that says how to get it, when Kamailio is not installed. */
export async function startKamailio(config: string, ready: () => Promise<void>): Promise<Contestant | undefined> {
  const name = kamailioName();
  if (name === undefined) return undefined;
  const folder = temporaryFolder();
  writeFileSync(`${folder}/kamailio.cfg`, config);
  const args = ['-f', `${folder}/kamailio.cfg`, '-DD', '-E', '-x', 'fm', '-X', 'fm', '-Y', folder, '-P', `${folder}/pid`];
  const child = spawn('kamailio', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-4_000); });
  await Promise.race([ready(), exitOf(child).then(() => { throw new Error(`kamailio ended: ${said}`); })]);
  const pids = familyOf(child.pid as number);
  return { name, cpuMicros: () => cpuMicrosOf(pids), stop: () => stopChild(child, folder) };
}

function kamailioName(): string | undefined {
  const asked = spawnSync('kamailio', ['-v'], { encoding: 'utf8' });
  const version = /kamailio (\S+)/.exec(asked.stdout ?? '');
  if (version !== null) return `Kamailio ${version[1]}`;
  console.log('  Kamailio is not installed, so its row is missing: apt-get install kamailio');
  return undefined;
}

function forkNode(module: string, args: readonly string[]): ChildProcess {
  const profile = process.env['BENCH_PROFILE'];
  return fork(`${dist}${module}`, args, {
    execArgv: [
      ...V8_FLAGS, '--expose-gc', '--import', `${dist}bench/calls/probe.js`, ...(profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]),
    ],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
}

function nodeContestant(name: string, child: ChildProcess, folder: string): NodeContestant {
  const pids = [child.pid as number];
  return {
    name,
    cpuMicros: () => cpuMicrosOf(pids),
    memory: () => new Promise((resolve) => {
      child.once('message', (report: MemoryReport) => resolve(report));
      child.send('memory');
    }),
    stop: () => stopChild(child, folder),
  };
}

function readyLine(child: ChildProcess, name: string): Promise<void> {
  const ready = new Promise<void>((resolve, reject) => {
    const patience = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${name} was not ready within ${START_MS} ms`));
    }, START_MS);
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!chunk.toString().includes('ready')) return;
      clearTimeout(patience);
      resolve();
    });
  });
  return Promise.race([ready, exitOf(child).then(() => { throw new Error(`${name} ended before it was ready`); })]);
}

function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => { child.once('exit', () => resolve()); });
}

async function stopChild(child: ChildProcess, folder: string): Promise<void> {
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exitOf(child);
  clearTimeout(hard);
  rmSync(folder, { recursive: true, force: true });
}

function temporaryFolder(): string {
  return mkdtempSync(`${tmpdir()}/cordboard-bench-`);
}
