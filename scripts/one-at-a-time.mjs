// Work in this clone that two commands must not do at once: the second one waits until the first is done, or gone.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ofClone = fileURLToPath(new URL('../.cache/', import.meta.url));
const POLL_MS = 100;
/** Longer than any installation takes: whoever holds the lock then is another process with the pid of one that was killed. */
const PATIENCE_MS = 600_000;

/** Runs `work`, which is synchronous, while no other process does work of that name. `folder`: with a slash at its end. */
export function oneAtATime(name, work, folder = ofClone) {
  const file = `${folder}${name}.lock`;
  mkdirSync(folder, { recursive: true });
  take(file);
  try {
    return work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  const untilMs = Date.now() + PATIENCE_MS;
  while (!taken(file)) {
    const holder = holderOf(file);
    if (Date.now() > untilMs || (holder !== undefined && !lives(holder))) rmSync(file, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
}

function taken(file) {
  try {
    const lock = openSync(file, 'wx');
    writeSync(lock, String(process.pid));
    closeSync(lock);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined: it is not written yet, or gone. */
function holderOf(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
