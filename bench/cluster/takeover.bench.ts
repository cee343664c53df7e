/**
 * How long a node of two processes is away when its primary is killed with many calls: until a new call stands, until desktops and a monitor are
 * connected, and until their DNs are registered again. Tiers are processes over a real nats-server; calls come by a trunk, desktops have 24 agents each.
 * BENCH_CALLS says how many calls stand, 500 by default, BENCH_ROUNDS how often the primary is killed.
 */
import type { Call, Softphones } from '#softphone';
import { TlibClient } from '#tlib/client';
import { Carrier, paced } from '../../test/support/carrier.js';
import { type Halves, type RunningSwitch, startPair } from '../../test/support/running-switch.js';
import { findNatsServer } from '../../test/support/server-files.js';
import { backupHost } from '../../test/support/switch.js';
import { openPhones, report } from './pair.js';
import { now } from './sites.js';

const CALLS = Number(process.env['BENCH_CALLS'] ?? 500);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const DNS = 570;
const FIRST_DN = 72_000;
const PER_DESK = 24;
const CALLS_PER_SECOND = 20;
const REGISTRATIONS_PER_SECOND = 60;
const PATIENCE_MS = 60_000;
const TRY_EVERY_MS = 50;
const TRY_MS = 1_000;
/** Of a call that a busy node refuses. */
const TRIES = 20;
const SETTLE_MS = 8_000;
const RECONNECT_MS = 200;

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });
const dns = Array.from({ length: DNS }, (_, i) => String(FIRST_DN + i));
/** Without a call: it answers the calls that measure. */
const PROBED = dns[DNS - 1] as string;

/** Clients of the node that come back by themselves. */
class Desks {
  readonly #clients: TlibClient[] = [];
  /** When the last of them was back, and its DNs registered. */
  connectedMs = 0;
  registeredMs = 0;
  #connected = 0;
  #left = 0;

  constructor(private readonly hosts: readonly string[]) {}

  async open(): Promise<void> {
    for (let at = 0; at < DNS; at += PER_DESK) await this.#add(`desk${at}`, 7001, dns.slice(at, at + PER_DESK));
    await this.#add('monitor', 7003, ['*']);
  }

  /** From now on it is told when they are back. */
  expect(): void {
    this.#connected = this.#clients.length;
    this.#left = this.#clients.length;
    this.connectedMs = 0;
    this.registeredMs = 0;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #add(applicationName: string, port: number, numbers: readonly string[]): Promise<void> {
    const client = new TlibClient({
      addresses: this.hosts.map((host) => ({ host, port })), applicationName, addpTimeout: 4, reconnectDelayMs: RECONNECT_MS, keepTrying: true,
      connectTimeoutMs: 1_000,
    });
    this.#clients.push(client);
    await client.connect();
    await Promise.all(numbers.map(async (dn) => {
      await client.registerAddress(dn);
      if (dn === '*') return;
      await client.agentLogin(dn, `agent${dn}`);
      await client.agentReady(dn);
    }));
    client.onNewSession(async () => {
      this.#connected -= 1;
      if (this.#connected === 0) this.connectedMs = now();
      await Promise.all(numbers.map((dn) => client.registerAddress(dn)));
      this.#left -= 1;
      if (this.#left === 0) this.registeredMs = now();
    }, (error) => console.log(`  ${applicationName}: ${error.message}`));
  }
}

if (findNatsServer() === undefined) console.log('  no nats-server, so this is left out: node scripts/fetch-servers.mjs');
else await measureAll(await startPair({ seats: `${FIRST_DN}-${FIRST_DN + DNS - 1}`, options: { 'max-calls': 5_000 } }));

async function measureAll(run: RunningSwitch): Promise<void> {
  const carrier = await Carrier.open(run.plan.carrier);
  const phones = await phonesOf(run);
  const desks = new Desks([run.plan.nodes[0]!.host, backupHost(run.plan)]);
  try {
    await desks.open();
    const standing = await callsOf(run, carrier);
    const rows: Record<'call' | 'connected' | 'registered', number[]> = { call: [], connected: [], registered: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      const primary = (await halves(run)).primary;
      await pause(SETTLE_MS);
      desks.expect();
      const startedMs = now();
      await run.kill(`${primary}/cordboard`);
      const callMs = await newCall(run, carrier) - startedMs;
      while (desks.registeredMs === 0 && now() - startedMs < PATIENCE_MS) await pause(10);
      rows.call.push(callMs);
      rows.connected.push(desks.connectedMs - startedMs);
      rows.registered.push(desks.registeredMs - startedMs);
      const lost = standing.filter(({ state }) => state === 'Ended').length;
      console.log(`  ${Object.entries(rows).map(([what, values]) => `${what} ${values.at(-1)!.toFixed(0)} ms`).join(', ')}; ${lost} calls lost`);
      for (const { output } of run.processes.values()) console.log(output().split('\n').filter((line) => line.includes('unproven')).join('\n'));
      await run.begin(`${primary}/cordboard`);
    }
    report(`kill -9 with ${CALLS} calls: until a new call stands`, rows.call);
    report('until the last client is connected', rows.connected);
    report('until the last DN is registered', rows.registered);
  } catch (error) {
    for (const { output } of run.processes.values()) console.log(output());
    throw error;
  } finally {
    desks.close();
    await Promise.all([carrier.close(), phones.close()]);
    await run.stop();
  }
}

async function phonesOf(run: RunningSwitch): Promise<Softphones> {
  const phones = await openPhones(run);
  for (const user of dns) {
    const phone = phones.add({ user, domain: run.plan.accessPoint, password: `secret-${user}`, transport: 'udp', expiresS: 600 });
    phone.events.onCall = (call) => call.answer();
  }
  await paced(REGISTRATIONS_PER_SECOND, dns.map((user) => () => phones.phone(user)!.register()));
  return phones;
}

function callsOf(run: RunningSwitch, carrier: Carrier): Promise<Call[]> {
  return paced(CALLS_PER_SECOND, dns.slice(0, CALLS).map((dn, n) => async () => {
    for (let left = TRIES; ; left -= 1) {
      const call = carrier.dial(dn, run.proxies[n % run.proxies.length] as string);
      if (await stands(call)) return call;
      if (left === 0) throw new Error(`${dn}: ${call.end?.status}`);
      await pause(TRY_MS);
    }
  }));
}

function stands(call: Call): Promise<boolean> {
  return call.until('Established').then(() => true, () => false);
}

/** Tries each proxy in turn, as callers do; answers when the first call stood. */
async function newCall(run: RunningSwitch, carrier: Carrier): Promise<number> {
  let stoodMs: number | undefined;
  let ended: number | undefined;
  const untilMs = now() + PATIENCE_MS;
  for (let n = 0; stoodMs === undefined; n += 1) {
    if (now() > untilMs) throw new Error(`no call stands; the last one ended with ${ended}`);
    const call = carrier.dial(PROBED, run.proxies[n % run.proxies.length] as string);
    setTimeout(() => call.hangUp(), TRY_MS);
    void stands(call).then((isUp) => {
      if (!isUp) return void (ended = call.end?.status);
      stoodMs ??= now();
      call.hangUp();
    });
    await pause(TRY_EVERY_MS);
  }
  return stoodMs;
}

async function halves(run: RunningSwitch): Promise<Halves> {
  for (const untilMs = now() + PATIENCE_MS; now() < untilMs; await pause(50)) {
    const found = await run.halves().catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new Error('the pair is not well');
}
