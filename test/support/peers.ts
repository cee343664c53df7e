/** Foreign programs that suites talk to. A suite whose programs are missing is skipped by name; on CI it fails. */
import { describe, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program to Debian package: what scripts/install-peers.mjs installs. */
const PACKAGES = JSON.parse(readFileSync(new URL('../../scripts/peers.json', import.meta.url), 'utf8')) as Readonly<Record<string, string>>;

/** `bridge`: root that may make network interfaces; `nft`: that may make rules for packets. */
export type Peer = 'sipp' | 'baresip' | 'dig' | 'nc' | 'ip' | 'python3' | 'kamailio' | 'bridge' | 'nft';

/** Declares a suite that runs only where all of `peers` are. */
export function peerSuite(name: string, peers: readonly Peer[], body: () => void): void {
  suiteOrSkip(name, peers.map(whyMissing).find((reason) => reason !== undefined), body);
}

/** A suite, or its name with the reason why it cannot run here. */
export function suiteOrSkip(name: string, missing: string | undefined, body: () => void): void {
  if (missing === undefined) {
    describe(name, body);
  } else if (process.env['CI'] === 'true') {
    it(`${name}: ${missing}`, () => {
      throw new Error(missing);
    });
  } else {
    describe.skip(`${name} (${missing})`, body);
  }
}

/** The path of a program, also where it is not on everybody's PATH. */
export function findProgram(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.filter((folder) => folder !== '').map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function whyMissing(peer: Peer): string | undefined {
  if (peer === 'bridge') return mayMakeBridges() ? undefined : 'needs root and the right to make network interfaces';
  const program = findProgram(peer);
  if (program === undefined) return `needs ${peer}, Debian package ${PACKAGES[peer]}`;
  return peer !== 'nft' || mayListRules(program) ? undefined : 'needs root and the right to make rules for packets';
}

const mayListRules = (nft: string): boolean => succeeds(nft, ['list', 'tables']);

function mayMakeBridges(): boolean {
  const ip = findProgram('ip');
  if (ip === undefined || process.getuid?.() !== 0) return false;
  const name = `cb${randomInt(100_000, 1_000_000)}`;
  return succeeds(ip, ['link', 'add', name, 'type', 'bridge']) && succeeds(ip, ['link', 'del', name]);
}

function succeeds(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
