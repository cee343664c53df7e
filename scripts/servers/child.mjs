// A server as a child process: started until it says that it is ready, frozen, killed, started again at the same address.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const SAID_MAX = 20_000;
const living = new Set();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/**
 * `command`: { file, args, env?, cwd?, ready: RegExp over what it prints, timeoutMs }.
 * Answers { said, process, pause, resume, kill, restart }; `kill` resolves when it is gone.
 */
export async function startChild(command) {
  let running = await launch(command);
  return {
    get said() { return running.said(); },
    get process() { return running.process; },
    pause: async () => {
      running.process.kill('SIGSTOP');
      while (!isStopped(running.process.pid)) await new Promise(setImmediate);
    },
    resume: () => void running.process.kill('SIGCONT'),
    kill: () => end(running.process),
    restart: async () => {
      await end(running.process);
      running = await launch(command);
    },
  };
}

function launch({ file, args, env, cwd, ready, timeoutMs = 30_000 }) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd, env: { ...process.env, ...env } });
  let said = '';
  living.add(child);
  child.once('exit', () => living.delete(child));
  return new Promise((resolve, reject) => {
    const fail = (reason) => {
      clearTimeout(patience);
      child.kill('SIGKILL');
      reject(new Error(`${file} ${reason}: ${said.slice(-2_000)}`));
    };
    const patience = setTimeout(() => fail(`was not ready within ${timeoutMs / 1_000} s`), timeoutMs);
    const hear = (text) => {
      said = (said + text).slice(-SAID_MAX);
      if (!ready.test(said)) return;
      clearTimeout(patience);
      resolve({ process: child, said: () => said });
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`ended with ${signal ?? code}`));
  });
}

/** A signal is only asked for by kill(2); the threads follow one by one. Elsewhere than on Linux nobody tells. */
function isStopped(pid) {
  if (!existsSync(`/proc/${pid}/task`)) return true;
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    try {
      return /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
    } catch {
      return true;
    }
  });
}

function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
