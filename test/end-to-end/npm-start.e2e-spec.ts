import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { V8_FLAGS } from '#tier/v8-flags';
import { laptopOnFreePorts } from '../support/cluster.js';
import { flagsTeller } from '../support/node-flags.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A supervisor, and `docker stop`, know npm's process only; a shell between npm and node would die alone and leave the cluster running. */
it.each([
  ['SIGINT', 'npm alone'], ['SIGTERM', 'npm alone'], ['SIGINT', 'all, as Ctrl-C in a terminal'],
] as const)('npm start, asked to stop by %s to %s, ends the cluster and answers 0', async (signal, whom) => {
  const folder = mkdtempSync(`${tmpdir()}/cordboard-npm-`);
  writeFileSync(`${folder}/switch.yaml`, await laptopOnFreePorts());
  const teller = flagsTeller(folder, '/apps/cordboard/src/main.js');
  const npm = spawn('npm', ['start', '--', '--config', `${folder}/switch.yaml`], {
    cwd: root, stdio: ['ignore', 'pipe', 'inherit'], detached: true, env: teller.env,
  });
  const closed = new Promise<number | null>((resolve) => { npm.on('close', (status) => resolve(status)); });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    npm.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('cordboard ready')) resolve();
    });
    void closed.then((status) => reject(new Error(`npm start ended with ${status}`)));
  });
  process.kill(whom === 'npm alone' ? npm.pid as number : -(npm.pid as number), signal);
  // `close` comes when nobody holds its output any more: the cluster is gone too.
  expect(await closed).toBe(0);
  expect(teller.flags(output)).toEqual(V8_FLAGS);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
