// Installs the foreign programs that end-to-end tests talk to (peers.json: program to Debian package), where that can be done:
// as root on a Debian-like system. Elsewhere it says what to install. CORDBOARD_INSTALL_PEERS=0 leaves the machine alone.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const packages = JSON.parse(readFileSync(new URL('./peers.json', import.meta.url), 'utf8'));
// Where Debian puts programs that are not on everybody's PATH.
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
// invoke-rc.d asks it: a package that brings a server must not start one.
const POLICY = '/usr/sbin/policy-rc.d';

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const missingPackages = () => Object.keys(packages)
  .filter((program) => !folders.some((folder) => folder !== '' && isExecutable(join(folder, program))))
  .map((program) => packages[program]);

function whyNot() {
  if (process.env.CORDBOARD_INSTALL_PEERS === '0') return 'CORDBOARD_INSTALL_PEERS=0';
  if (process.getuid?.() !== 0) return 'not root';
  return existsSync('/usr/bin/apt-get') ? undefined : 'no apt-get';
}

function aptInstall(names) {
  const apt = (args) => execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-qq', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'], timeout: 600_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const isOurPolicy = !existsSync(POLICY);
  if (isOurPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    apt(['update']);
    apt(['install', '-y', '--no-install-recommends', ...names]);
  } finally {
    if (isOurPolicy) rmSync(POLICY, { force: true });
  }
}

/** What is still missing afterwards costs the suites that need it: they are skipped by name, and fail on CI. */
export function installPeers() {
  const names = missingPackages();
  if (names.length === 0) return;
  const reason = whyNot();
  if (reason !== undefined) {
    console.error(`cordboard: some end-to-end suites need: apt-get install --no-install-recommends ${names.join(' ')} (not done here: ${reason})`);
    return;
  }
  console.error(`cordboard: installing what the end-to-end suites talk to: ${names.join(' ')} (CORDBOARD_INSTALL_PEERS=0 leaves it out)`);
  try {
    aptInstall(names);
  } catch (error) {
    console.error(`cordboard: apt-get failed: ${error.message}`);
  }
}
