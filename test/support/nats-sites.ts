/** NATS of two data centres for tests: three servers each, joined by leafnodes through a line that can be cut. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { NATS_PORTS, natsIsHealthy, natsServers, type NatsServerPlan, type NatsSite, prepareNats } from '../../infra/local/nats.js';
import { loopbackBlock } from './loopback.js';
import { startWanRelay, type WanRelay } from './wan-relay.js';

const SERVERS = 3;

export interface NatsSites {
  readonly relay: WanRelay;
  /** `host:port` of the servers of a data centre. */
  addresses(dataCentre: string): string[];
  kill(dataCentre: string, index: number): Promise<void>;
  start(dataCentre: string, index: number): Promise<void>;
  close(): Promise<void>;
}

export async function startNatsSites(file: string): Promise<NatsSites> {
  const block = await loopbackBlock();
  const folder = mkdtempSync(join(tmpdir(), 'nats-sites-'));
  const hosts = (from: number): string[] => Array.from({ length: SERVERS }, (_, i) => `${block}.${from + i}`);
  const hub = natsServers('dc1', hosts(101));
  const line = hub.map(({ host }, i) => ({ from: `${block}.${201 + i}:${NATS_PORTS.leaf}`, to: `${host}:${NATS_PORTS.leaf}` }));
  const relay = await startWanRelay(line.map(({ from, to }, i) => `leaf${i}=${from}>${to}`));
  const sites: NatsSite[] = [
    { dataCentre: 'dc1', servers: hub, hub: [] },
    { dataCentre: 'dc2', servers: natsServers('dc2', hosts(111)), hub: line.map(({ from }) => from) },
  ];
  const running = new Map<string, ChildProcess>();
  const siteOf = (dataCentre: string): NatsSite => sites.find((site) => site.dataCentre === dataCentre) as NatsSite;

  async function start(site: NatsSite, server: NatsServerPlan): Promise<void> {
    running.set(server.name, spawn(file, prepareNats(site, server, folder), { stdio: 'ignore' }));
    while (!await natsIsHealthy(server)) await wait(50);
  }
  async function end(name: string): Promise<void> {
    const process = running.get(name);
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      process.once('exit', () => resolve());
      process.kill('SIGKILL');
    });
  }

  await Promise.all(sites.flatMap((site) => site.servers.map((server) => start(site, server))));
  return {
    relay,
    addresses: (dataCentre) => siteOf(dataCentre).servers.map(({ host }) => `${host}:${NATS_PORTS.client}`),
    kill: (dataCentre, index) => end(siteOf(dataCentre).servers[index]!.name),
    start: (dataCentre, index) => start(siteOf(dataCentre), siteOf(dataCentre).servers[index]!),
    close: async () => {
      await Promise.all([...running.keys()].map(end));
      await relay.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
