// `npm test`: type check, house rules, unit, property, corpus, contract, simulation and end-to-end tests, from a clean clone.
// `npm test -- PATH...` runs the named tests only. Ends with "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { install } from './install.mjs';
import { installPeers } from './install-peers.mjs';
import { build } from './build.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { endSharedCassandra } from './servers/index.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const only = process.argv.slice(2);
install();
if (only.length === 0 || only.some((path) => /e2e|end-to-end/.test(path))) installPeers();
const node = pinnedNode();
const run = (args, options = {}) => spawnSync(node, args, { cwd: root, stdio: 'inherit', ...options });

let passed = 0;
let failed = 0;
let skipped = 0;
const skippedSuites = [];
const step = (name, ok) => {
  console.error(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  if (ok) passed += 1; else failed += 1;
};

if (only.length === 0) {
  step('types', run(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit']).status === 0);
  step('house rules', run(['scripts/lint.mjs']).status === 0);
  run(['scripts/fetch-servers.mjs']);
}
try {
  build();
} catch {
  step('build', false);
}

const results = mkdtempSync(`${tmpdir()}/cordboard-test-`);
const jest = run([
  '--experimental-vm-modules', '--no-warnings=ExperimentalWarning', 'node_modules/jest/bin/jest.js', '--forceExit',
  '--json', `--outputFile=${results}/jest.json`, ...only,
], { env: { ...process.env, CORDBOARD_TEST_RUN: String(process.pid) } });
await endSharedCassandra();
if (existsSync(`${results}/jest.json`)) {
  const report = JSON.parse(readFileSync(`${results}/jest.json`, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
  skipped += report.numPendingTests;
  for (const suite of report.testResults) {
    for (const test of suite.assertionResults) {
      if (test.status === 'pending') skippedSuites.push(test.ancestorTitles[0] ?? test.title);
    }
  }
} else {
  step('jest', jest.status === 0);
}
rmSync(results, { recursive: true, force: true });
for (const name of new Set(skippedSuites)) console.log(`skipped: ${name}`);
if (process.env.CI === 'true' && skippedSuites.length > 0) failed += 1;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed === 0 && jest.status === 0 ? 0 : 1);
