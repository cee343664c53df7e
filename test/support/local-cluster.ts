/** Two data centres as local processes, by the supervisor of `npm run cluster`, in blocks of loopback addresses of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { V8_FLAGS } from '#tier/v8-flags';
import type { ClusterState } from '../../infra/local/state.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface LocalCluster {
  /** First three bytes of the addresses of a data centre, as 127.1.0 in the file that people use. */
  readonly blocks: { readonly dc1: string; readonly dc2: string };
  state(): ClusterState;
  /** Resolves when the supervisor has said a line that matches. */
  says(pattern: RegExp): Promise<void>;
  /** Ends it as Ctrl-C does; resolves with its exit status. */
  stop(): Promise<number | null>;
}

export async function startLocalCluster(args: readonly string[] = []): Promise<LocalCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-cluster-'));
  const first = randomInt(64, 250);
  const blocks = { dc1: `127.${first}.0`, dc2: `127.${first + 1}.0` };
  const source = readFileSync(join(root, 'config/two-data-centres.yaml'), 'utf8');
  writeFileSync(join(folder, 'cluster.yaml'), source.replace(/127\.1\.0\./g, `${blocks.dc1}.`).replace(/127\.2\.0\./g, `${blocks.dc2}.`));
  const child = spawn(process.execPath, [
    ...V8_FLAGS, join(root, 'dist/infra/local/main.js'), '--config', join(folder, 'cluster.yaml'), '--state', join(folder, 'run'), ...args,
  ], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = follow(child);
  const exited = new Promise<number | null>((resolve) => { child.once('exit', resolve); });
  await Promise.race([
    output.says(/^cluster ready$/m),
    exited.then((status) => { throw new Error(`the cluster ended with ${status}: ${output.text()}`); }),
  ]);
  return {
    blocks,
    state: () => JSON.parse(readFileSync(join(folder, 'run/state.json'), 'utf8')) as ClusterState,
    says: output.says,
    stop: async () => {
      child.kill('SIGINT');
      const status = await exited;
      rmSync(folder, { recursive: true, force: true });
      return status;
    },
  };
}

function follow(child: ChildProcess): { text(): string; says(pattern: RegExp): Promise<void> } {
  let text = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const look of [...waiting]) look();
    });
  }
  return {
    text: () => text,
    says: (pattern) => new Promise((resolve) => {
      const look = (): void => {
        if (!pattern.test(text)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    }),
  };
}
