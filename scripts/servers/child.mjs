// A server as a child process: started until it says that it is ready, frozen, killed, started again at the same address.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

const SAID_MAX = 20_000;
const ACCEPT_EVERY_MS = 50;
const living = new Set();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/**
 * `command`: { file, args, env?, cwd?, ready: RegExp over what it prints, accepts?: { host, port }, timeoutMs }. One that says that it is ready before
 * it listens is so when `accepts` does.
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

function launch({ file, args, env, cwd, ready, accepts, timeoutMs = 30_000 }) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd, env: { ...process.env, ...env } });
  let said = '';
  let isReady = false;
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
      if (isReady || !ready.test(said)) return;
      isReady = true;
      const done = () => {
        clearTimeout(patience);
        resolve({ process: child, said: () => said });
      };
      if (accepts === undefined) done();
      else whenAccepted(accepts, child, done);
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`ended with ${signal ?? code}`));
  });
}

/** Tries again until somebody listens there, or the child has ended. */
function whenAccepted({ host, port }, child, done) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const socket = connect(port, host, () => {
    socket.destroy();
    done();
  });
  socket.once('error', () => setTimeout(() => whenAccepted({ host, port }, child, done), ACCEPT_EVERY_MS));
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
