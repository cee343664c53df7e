// Installs what is missing: nothing when node_modules is as the lock says. Progress goes to standard error.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { oneAtATime } from './one-at-a-time.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

export function install() {
  const stamp = `${root}node_modules/.cordboard-lock`;
  const lock = createHash('sha256').update(readFileSync(`${root}package-lock.json`)).digest('hex');
  const isDone = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
  if (isDone()) return;
  oneAtATime('install', () => {
    if (isDone()) return;
    console.error('cordboard: installing packages (about half a minute, once)');
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(stamp, lock);
  });
}
