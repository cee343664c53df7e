#!/usr/bin/env node
// The operators' command: `npx cordboard --help`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const entry = `${root}dist/apps/cordboard/src/cli.js`;
if (!existsSync(entry)) {
  const { install } = await import('../scripts/install.mjs');
  const { build } = await import('../scripts/build.mjs');
  install();
  build();
}
const { pinnedNode } = await import('../scripts/pinned-node.mjs');
const { status } = spawnSync(pinnedNode(), [entry, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(status ?? 1);
