/** The embedded cluster as a process of its own: config/laptop.yaml, or the same on free ports when somebody has the usual ones. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { V8_FLAGS } from '#tier/v8-flags';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const LAPTOP = `${root}config/laptop.yaml`;
const HOST = '127.0.0.1';
/** Of config/laptop.yaml, and where its trunk leads. */
const USUAL = { sip: 5060, node: 5070, routing: 7000, desktop: 7001, reporting: 7002, monitoring: 7003, vq: 7010, dns: 5300, http: 8080, carrier: 5090 };
const END_MS = 10_000;

export type PortPlan = Readonly<Record<keyof typeof USUAL, number>>;

export interface Cluster {
  readonly host: string;
  readonly ports: PortPlan;
  readonly usualPorts: boolean;
  /** Resolves with the exit status. */
  readonly exited: Promise<number>;
  /** What it wrote on its way; errors when it did not start. */
  output(): string;
  stop(): Promise<number>;
}

export async function startCluster(): Promise<Cluster> {
  const usualPorts = (await Promise.all(Object.values(USUAL).map(isFree))).every((free) => free);
  const ports = usualPorts ? USUAL : await freePorts();
  const folder = usualPorts ? undefined : mkdtempSync(`${tmpdir()}/cordboard-demo-`);
  const config = folder === undefined ? LAPTOP : `${folder}/switch.yaml`;
  if (folder !== undefined) writeFileSync(config, onPorts(readFileSync(LAPTOP, 'utf8'), ports));
  // In a process group of its own: Ctrl-C is for the demo, which ends calls first.
  const child = spawn(process.execPath, [...V8_FLAGS, `${root}dist/apps/cordboard/src/main.js`, '--config', config], {
    detached: true, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (status) => {
      process.off('exit', kill);
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      resolve(status ?? 1);
    });
  });
  const output = await readyOutput(child, exited);
  return { host: HOST, ports, usualPorts, exited, output, stop: () => stop(child, exited) };
}

/** Resolves with a reader of the output once the cluster is ready. */
function readyOutput(child: ChildProcess, exited: Promise<number>): Promise<() => string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      // What counts is how it began and how it ended.
      output = `${output}${chunk.toString()}`.slice(-100_000);
      if (output.split('\n').includes('cordboard ready')) resolve(() => output);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    void exited.then((status) => reject(new Error(`the cluster ended with ${status}:\n${output}`)));
  });
}

function stop(child: ChildProcess, exited: Promise<number>): Promise<number> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  return exited.finally(() => clearTimeout(timer));
}

function onPorts(source: string, ports: PortPlan): string {
  const moved = new Map(Object.entries(USUAL).map(([name, usual]) => [String(usual), String(ports[name as keyof PortPlan])]));
  const move = (text: string) => text.replace(/\d+/g, (port) => moved.get(port) ?? port);
  return source.replace(/ports: \{[^}]*\}/g, move).replace(/127\.0\.0\.1:\d+/g, (address) => address.replace(/\d+$/, move));
}

async function isFree(port: number): Promise<boolean> {
  return await listens(port) !== undefined && bindsUdp(port);
}

/** Asked for together, so that they differ. */
async function freePorts(): Promise<PortPlan> {
  const names = Object.keys(USUAL) as (keyof PortPlan)[];
  const found = await Promise.all(names.map(() => listens(0)));
  return Object.fromEntries(names.map((name, i) => [name, found[i]])) as unknown as PortPlan;
}

/** The port, when it can be had. Held until all that were asked for are. */
function listens(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, HOST, () => {
      const { port: bound } = server.address() as AddressInfo;
      setImmediate(() => server.close(() => resolve(bound)));
    });
  });
}

function bindsUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, HOST, () => socket.close(() => resolve(true)));
  });
}
