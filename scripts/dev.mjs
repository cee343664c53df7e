// `npm run dev`: the embedded cluster, built and started again whenever a source or the configuration changes.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { install } from './install.mjs';
import { pinnedNode } from './pinned-node.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const SETTLE_MS = 200;
let child;
let settling;

async function restart() {
  try {
    build();
  } catch {
    return; // the compiler said what is wrong; the next change tries again
  }
  const { V8_FLAGS } = await import(`${root}dist/libs/tier/src/v8-flags.js`);
  const start = () => {
    child = spawn(pinnedNode(), [...V8_FLAGS, `${root}dist/apps/cordboard/src/main.js`, ...process.argv.slice(2)], { stdio: 'inherit' });
  };
  if (child === undefined || child.exitCode !== null) return start();
  child.once('exit', start);
  child.kill('SIGTERM');
}

install();
restart();
for (const folder of ['apps', 'libs', 'config']) {
  watch(`${root}${folder}`, { recursive: true }, () => {
    clearTimeout(settling);
    settling = setTimeout(restart, SETTLE_MS);
  });
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    child?.once('exit', (code) => process.exit(code ?? 0));
    if (child === undefined || child.exitCode !== null || !child.kill(signal)) process.exit(0);
  });
}
