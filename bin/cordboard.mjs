#!/usr/bin/env node
// The operators' command: `npx cordboard --help`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const entry = `${root}dist/apps/cordboard/src/cli.js`;
const flags = `${root}dist/libs/tier/src/v8-flags.js`;
if (![entry, flags].every((file) => existsSync(file))) {
  const { install } = await import('../scripts/install.mjs');
  const { build } = await import('../scripts/build.mjs');
  install();
  build();
}
const { pinnedNode } = await import('../scripts/pinned-node.mjs');
const { V8_FLAGS } = await import(flags);
const child = spawn(pinnedNode(), [...V8_FLAGS, entry, ...process.argv.slice(2)], { stdio: 'inherit' });
// A terminal sends Ctrl-C to both; a supervisor only to us. Either way the child decides when it is done: a drill undoes what it did.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
