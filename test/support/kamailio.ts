/** Kamailio, a foreign proxy, as the border between the cluster and what is outside. Its routing: test/interop/kamailio. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ForeignAgent } from './foreign-agent.js';
import { findProgram } from './peers.js';

const CONFIG = fileURLToPath(new URL('../interop/kamailio/edge.cfg', import.meta.url));

export interface Kamailio {
  stop(): Promise<void>;
}

/** Resolves when it answers at `edge`, `ip:port`. */
export async function startKamailio(edge: string, clusterHost: string): Promise<Kamailio> {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-kamailio-'));
  const child = spawn(findProgram('kamailio') as string, [
    '-f', CONFIG, '-DD', '-E', '-m', '32', '-M', '4', '-Y', folder, '-A', `EDGE=udp:${edge}`, '-A', `CLUSTER_HOST="${clusterHost}"`,
  ], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const read = (chunk: Buffer): void => { said = (said + chunk.toString()).slice(-4_000); };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const ended = new Promise<void>((resolve) => { child.once('close', () => resolve()); });
  const died = ended.then(() => { throw new Error(`kamailio ended: ${said}`); });
  const asker = await ForeignAgent.open(edge.split(':')[0] as string);
  try {
    const options = { method: 'OPTIONS', uri: `sip:${edge}`, from: `sip:probe@${edge}` };
    await Promise.race([asker.request(edge, options), died]);
  } finally {
    asker.close();
  }
  died.catch(() => undefined);
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
