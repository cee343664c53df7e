/** The embedded cluster as a process of its own, from the built tree, on ports that the system picks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { V8_FLAGS } from '#tier/v8-flags';

/** The working directory, since this file also runs from dist/. */
const root = `${process.cwd()}/`;

export interface ClusterRun {
  readonly output: () => string;
  /** Resolves when a line of the output is this. */
  line(text: string): Promise<void>;
  readonly exited: Promise<{ readonly status: number | null; readonly afterMs: number }>;
  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
}

/** The laptop's configuration on ports that were free a moment ago: tiers read each other's ports, so 0 does not do. */
export async function laptopOnFreePorts(change: (source: string) => string = (source) => source): Promise<string> {
  const source = readFileSync(`${root}config/laptop.yaml`, 'utf8');
  const blocks = source.match(/ports: \{[^}]*\}/g) ?? [];
  const free = await freePorts(blocks.join().match(/\d+/g)?.length ?? 0);
  return change(source.replace(/ports: \{[^}]*\}/g, (block) => block.replace(/\d+/g, () => String(free.pop()))));
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => { server.close(resolve); })));
  return ports;
}

/** The app `cordboard` runs every tier; another one runs its own tier of that configuration. */
export function runCluster(config: string, args: readonly string[] = [], app = 'cordboard'): ClusterRun {
  const folder = mkdtempSync(`${tmpdir()}/cordboard-`);
  writeFileSync(`${folder}/switch.yaml`, config);
  const child = spawn(process.execPath, [...V8_FLAGS, `${root}dist/apps/${app}/src/main.js`, '--config', `${folder}/switch.yaml`, ...args]);
  return watch(child, () => rmSync(folder, { recursive: true, force: true }));
}

function watch(child: ChildProcess, cleanUp: () => void): ClusterRun {
  let output = '';
  let waiting: { text: string; resolve: () => void }[] = [];
  let signalledMs = 0;
  const read = (chunk: Buffer) => {
    output += chunk.toString();
    const lines = output.split('\n');
    for (const { resolve } of waiting.filter(({ text }) => lines.includes(text))) resolve();
    waiting = waiting.filter(({ text }) => !lines.includes(text));
  };
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  const exited = new Promise<{ status: number | null; afterMs: number }>((resolve) => {
    child.on('exit', (status) => {
      cleanUp();
      resolve({ status, afterMs: performance.now() - signalledMs });
    });
  });
  return {
    output: () => output,
    line: (text) => Promise.race([
      new Promise<void>((resolve) => {
        if (output.split('\n').includes(text)) resolve();
        else waiting.push({ text, resolve });
      }),
      exited.then(({ status }) => { throw new Error(`the cluster ended with ${status}: ${output}`); }),
    ]),
    exited,
    signal: (name) => {
      signalledMs = performance.now();
      child.kill(name);
    },
  };
}
