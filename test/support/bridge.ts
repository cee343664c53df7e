/** A network interface of a test's own: softphones want one that is not the loopback interface. Needs root (peerSuite, `bridge`). */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { findProgram } from './peers.js';

export interface Bridge {
  readonly device: string;
  /** Its only address. */
  readonly address: string;
  remove(): void;
}

const TRIES = 20;

export function makeBridge(): Bridge {
  const ip = (...args: string[]): void => void execFileSync(findProgram('ip') as string, args, { stdio: 'pipe' });
  for (let tried = 1; ; tried += 1) {
    const number = randomInt(1, 250);
    const [device, address] = [`cbtest${number}`, `10.82.${number}.1`];
    try {
      ip('link', 'add', device, 'type', 'bridge');
    } catch (error) {
      if (tried < TRIES) continue;
      throw error;
    }
    ip('addr', 'add', `${address}/24`, 'dev', device);
    ip('link', 'set', device, 'up');
    return { device, address, remove: () => ip('link', 'del', device) };
  }
}
