// `node scripts/run.mjs MODULE ARGS...`: installs what is missing, builds, and runs dist/MODULE on the pinned Node.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { install } from './install.mjs';
import { pinnedNode } from './pinned-node.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [module, ...args] = process.argv.slice(2);
try {
  install();
  build();
} catch (error) {
  console.error(`cordboard: ${error.message}`);
  process.exit(1);
}
// What belongs to a cluster that runs; bench/main.ts starts each bench so, too.
const flags = /^(apps|infra)\//.test(module) ? (await import(`${root}dist/libs/tier/src/v8-flags.js`)).V8_FLAGS : [];
const child = spawn(pinnedNode(), [...flags, `${root}dist/${module}`, ...args], { stdio: 'inherit' });
// A terminal sends Ctrl-C to both; a supervisor only to us. Either way the child decides when it is done.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? code ?? 1 : 1));
