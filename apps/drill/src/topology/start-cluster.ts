/** Starts `npm run cluster` for the time of a drill, when nothing runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { V8_FLAGS } from '#tier/v8-flags';

const END_MS = 60_000;
/** Of what it said, when it does not start. */
const TAIL = 1_000;

/** `main`: the built entry of infra/local. Answers how to stop it. @throws Error with what it said */
export async function startCluster(main: string, stateFile: string, config?: string): Promise<() => Promise<void>> {
  const args = [...V8_FLAGS, main, '--state', dirname(stateFile), ...(config === undefined ? [] : ['--config', config])];
  // A group of its own: Ctrl-C is for the drill, which undoes what it did first.
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): void => { child.kill('SIGTERM'); };
  process.once('exit', kill);
  await ready(child);
  return () => new Promise((resolve) => {
    process.off('exit', kill);
    const hard = setTimeout(() => child.kill('SIGKILL'), END_MS);
    child.once('exit', () => {
      clearTimeout(hard);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

function ready(child: ChildProcess): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-20_000);
      if (said.split('\n').includes('cluster ready')) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`npm run cluster ended with ${status}:\n${said.slice(-TAIL)}`)));
  });
}
