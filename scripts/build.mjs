// Compiles the whole repository into dist/. Incremental: a second build of an unchanged tree takes about a second.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { oneAtATime } from './one-at-a-time.mjs';
import { pinnedNode } from './pinned-node.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

export function build() {
  console.error('cordboard: building');
  oneAtATime('build', () => {
    execFileSync(pinnedNode(), ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { cwd: root, stdio: ['ignore', 2, 2] });
  });
}
