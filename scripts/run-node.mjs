// Runs a script on the Node that the project depends on, whatever Node started us: `node scripts/run-node.mjs ARGS...`.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pinnedNode } from './pinned-node.mjs';

const child = spawn(pinnedNode(), process.argv.slice(2), {
  stdio: 'inherit',
  cwd: fileURLToPath(new URL('..', import.meta.url)),
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? code ?? 1 : 1));
