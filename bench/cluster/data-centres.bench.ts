/**
 * How late an event is within a data centre and across, and how long a DN takes to move, with and without 50 ms on the line each way.
 * Floor: a bare message over the same servers, measured in the same rounds.
 */
import { subjects } from '#cluster';
import type { TcCommand } from '#telephony';
import { TlibClient } from '#tlib/client';
import { findNatsServer } from '../../test/support/server-files.js';
import { median, quantile } from '../median.js';
import { FIRST_DN, now, type Site, startTwoDataCentres, type TwoDataCentres } from './sites.js';

const EVENTS = 300;
const MOVES = 50;
const DELAYS_MS = [0, 50];
const SETTLE_MS = 6_000;
const PATIENCE_MS = 10_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

const row = (what: string, values: readonly number[]): void => {
  console.log(`${what.padEnd(66)} ${median(values).toFixed(2).padStart(8)} ms   p95 ${quantile(values, 0.95).toFixed(2)} ms`);
};

const file = findNatsServer();
if (file === undefined) console.log('  no nats-server, so this is left out: node scripts/fetch-servers.mjs');
else await measureAll(await startTwoDataCentres(file));

async function measureAll(cluster: TwoDataCentres): Promise<void> {
  try {
    for (const dn of dns()) register(cluster.sites[0], dn);
    await pause(SETTLE_MS);
    const [home, neighbour, far] = cluster.sites;
    const desk = await clientOf(home);
    for (const dn of [FIRST_DN]) await desk.agentLogin(String(dn), `agent${dn}`);
    for (const delayMs of DELAYS_MS) {
      await cluster.delay(delayMs);
      console.log(`  ${delayMs} ms on the line between the data centres, each way`);
      row('bare message: within the data centre (floor)', await bareLags(home, neighbour));
      row('bare message: to the other data centre (floor)', await bareLags(home, far));
      row('event lag: from request to a client of the owner', await eventLags(desk, home));
      row('event lag: to a client of another node of the data centre', await eventLags(desk, neighbour));
      row('event lag: to a client in the other data centre', await eventLags(desk, far));
      row('hand-over of an idle DN to the other data centre', await moves(home, far));
      row('hand-over of an idle DN back', await moves(far, home));
    }
    desk.close();
  } finally {
    await cluster.close();
  }
}

function dns(): string[] {
  return Array.from({ length: MOVES + 1 }, (_, i) => String(FIRST_DN + i));
}

/** As a session controller tells it. */
function register(site: Site, dn: string): void {
  const command: TcCommand = { kind: 'registered', dn, untilMs: Date.now() + 3_600_000 };
  site.drivers.bus.publish(subjects.tcCommand(site.node), command);
}

async function clientOf(site: Site): Promise<TlibClient> {
  const client = new TlibClient({ addresses: [site.address], applicationName: 'bench' });
  await client.connect();
  await client.registerAddress(String(FIRST_DN));
  return client;
}

async function bareLags(from: Site, to: Site): Promise<number[]> {
  let heard: () => void = () => {};
  const subscription = to.drivers.bus.subscribe('cb.bench', () => heard());
  await pause(500);
  const lags: number[] = [];
  for (let i = 0; i < EVENTS; i += 1) {
    const came = new Promise<void>((resolve) => { heard = resolve; });
    const sentMs = now();
    from.drivers.bus.publish('cb.bench', { i });
    await came;
    lags.push(now() - sentMs);
  }
  subscription.unsubscribe();
  return lags;
}

/** An agent goes ready and not ready; a client at `site` watches. */
async function eventLags(desk: TlibClient, site: Site): Promise<number[]> {
  const monitor = await clientOf(site);
  // What was told before is under way for as long as the line delays it.
  await pause(500);
  const dn = String(FIRST_DN);
  const lags: number[] = [];
  for (let i = 0; i < EVENTS; i += 1) {
    const ready = i % 2 === 0;
    const came = monitor.next(ready ? 'EventAgentReady' : 'EventAgentNotReady', (event) => event['ThisDN'] === dn, PATIENCE_MS);
    const sentMs = now();
    const done = ready ? desk.agentReady(dn) : desk.agentNotReady(dn);
    await came;
    lags.push(now() - sentMs);
    await done;
  }
  monitor.close();
  return lags;
}

/** From the report that the phone is at `to` until that node owns its DN, one DN after the other. */
async function moves(from: Site, to: Site): Promise<number[]> {
  const times: number[] = [];
  for (const dn of dns().slice(1)) {
    const sentMs = now();
    register(to, dn);
    while (!owns(to, dn)) {
      if (now() - sentMs > PATIENCE_MS) throw new Error(`${dn} did not move from ${from.node} to ${to.node}`);
      await pause(1);
    }
    times.push(now() - sentMs);
  }
  return times;
}

function owns(site: Site, dn: string): boolean {
  try {
    site.tier.admin['dn show']!({ dn });
    return true;
  } catch {
    return false;
  }
}
