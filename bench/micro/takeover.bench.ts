/**
 * What the half of a pair does that takes its node over: CPU time and bus messages of T-Controller, session controller and smart proxy from their start
 * until 3 s later, with the calls, DNs and agents that the other half had put. Each round is a process of its own, whose code is as cold as that of a half
 * that never led. Time is virtual, messages are encoded as for NATS; sockets and clients are left out. BENCH_CALLS says how many calls stand, 500 by default.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  type Bus, type BusHandler, type BusMessage, type BusReply, type BusSubscription, MemoryBus, MemoryKeyValueStore, MembershipService, type Replica, subjects,
} from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import type { RequestOrigin, TcCommand } from '#telephony';
import { V8_FLAGS } from '#tier/v8-flags';
import { Device, FarEnd, sdp } from '../../apps/session-controller/src/fixtures/far-end.fixture.js';
import { SessionControllerCore } from '../../apps/session-controller/src/session-controller-core.js';
import { SmartProxyCore } from '../../apps/smart-proxy/src/smart-proxy-core.js';
import { TControllerCore } from '../../apps/t-controller/src/t-controller-core.js';
import { median } from '../median.js';

const CALLS = Number(process.env['BENCH_CALLS'] ?? 500);
const DNS = 570;
const FIRST_DN = 72_000;
const ROUNDS = 7;
const AFTER_MS = 3_000;
/** From the end of the one half to the start of the other. */
const AWAY_MS = 2_000;
const REGISTERED_MS = 3_600_000;
const NODE = 'N1';

const dns = Array.from({ length: DNS }, (_, i) => String(FIRST_DN + i));
const { config } = parseConfig(`
switch: { name: Bench, access-point: sip.cordboard.test, external-contact: phones.cordboard.test, options: { dn-owner-applications: GWS } }
bus: { driver: memory }
applications:
  P1: { type: sip-proxy, geo-location: dc1, ports: { sip: 5060 } }
  P2: { type: sip-proxy, geo-location: dc1, host: 127.0.0.2, ports: { sip: 5060 } }
  ${NODE}: { type: sip-server, server-id: 1, geo-location: dc1, ports: { sip: 5070, default: 7000, TCport: 7001, SmartProxy: 7003 } }
dns:
  - { numbers: ${FIRST_DN}-${FIRST_DN + DNS - 1}, type: Extension, options: { contact: "*" } }
  - { number: Trunk_SBC, type: Trunk, options: { contact: "sip:192.0.2.9:5090", prefix: "+,0", priority: 1, oos-check: 0 } }
persons:
  - { employees: agent${FIRST_DN}-agent${FIRST_DN + DNS - 1} }
`, 'bench.yaml');
const application = config.applications.find(({ name }) => name === NODE)!;

/** Encodes as NATS does, and counts. */
class WireBus implements Bus {
  readonly counts = new Map<string, number>();

  constructor(private readonly inner: Bus) {}

  get connected(): boolean {
    return true;
  }

  publish(subject: string, message: BusMessage): void {
    this.inner.publish(subject, this.#over(subject, message));
  }

  subscribe(pattern: string, handler: BusHandler, options?: { readonly queue?: string }): BusSubscription {
    return this.inner.subscribe(pattern, handler, options);
  }

  request(subject: string, message: BusMessage, timeoutMs: number, done: (reply: BusReply) => void): void {
    this.inner.request(subject, this.#over(subject, message), timeoutMs, done);
  }

  flush(): Promise<void> {
    return this.inner.flush();
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  #over(subject: string, message: BusMessage): BusMessage {
    const what = `${subject.split('.').filter((part) => !/\d/.test(part)).join('.')} ${(message as { kind?: string; msg?: string }).kind ?? ''}`;
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    return JSON.parse(JSON.stringify(message)) as BusMessage;
  }
}

/** What the tiers have put, as the other half holds it. */
type State = Record<string, Record<string, string>>;

function replicaOf(state: State, tier: string): Replica {
  const held = (state[tier] ??= {});
  const pending = new Map<string, object | undefined>();
  return {
    restored: new Map(Object.entries(held).map(([key, value]) => [key, JSON.parse(value) as object])),
    put: (key, value) => void pending.set(key, value),
    remove: (key) => void pending.set(key, undefined),
    flush: () => {
      for (const [key, value] of pending) {
        if (value === undefined) delete held[key];
        else held[key] = JSON.stringify(value);
      }
      pending.clear();
    },
  };
}

const clock = new VirtualClock(Number(process.env['BENCH_NOW_MS'] ?? Date.now()));
const ports = { clock, entropy: new SeededEntropy(1), log: silentLog, meter: new CountingMeter() };

interface Half {
  readonly bus: WireBus;
  readonly far: FarEnd;
  readonly sc: SessionControllerCore;
  /** CPU of each tier's start, us. */
  readonly startMicros: readonly number[];
  close(): void;
}

function start(state: State, continues: boolean): Half {
  const bus = new WireBus(new MemoryBus(ports));
  const far = new FarEnd();
  const proxies = ['P1', 'P2'].map((name) => new MembershipService({ ...ports, bus }, () => ({
    instance: `${name}/sip-proxy`, node: name, tier: 'sip-proxy', dataCentre: 'dc1', role: 'primary' as const, bootEpoch: 1, draining: false, load: 0,
  })));
  const given = {
    ...ports, keyValues: new MemoryKeyValueStore(clock), bus, pair: { epoch: Math.floor(clock.nowMs()), continues },
    replica: (tier: string) => replicaOf(state, tier),
  };
  let sc!: SessionControllerCore;
  let tc!: TControllerCore;
  let sp!: SmartProxyCore;
  const startMicros = [
    () => {
      tc = new TControllerCore(config, application, given, () => {});
      tc.start();
    },
    () => {
      sc = new SessionControllerCore(config, application, { ...given, transport: far });
      sc.start();
    },
    () => {
      sp = new SmartProxyCore(config, application, given, () => {});
      sp.start();
    },
  ].map(cpuOf);
  for (const proxy of proxies) proxy.start();
  return {
    bus, far, sc, startMicros,
    close: () => {
      for (const each of [sc, sp, tc]) each.close();
      for (const proxy of proxies) proxy.close();
    },
  };
}

function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return microsSince(before);
}

function microsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Every phone registered, every agent ready, and calls from the trunk that stand. */
async function fill({ bus, far }: Half): Promise<void> {
  await clock.advance(1_500);
  for (const dn of dns) bus.publish(subjects.tcCommand(NODE), { kind: 'registered', dn, untilMs: clock.nowMs() + REGISTERED_MS } satisfies TcCommand);
  await clock.advance(1_500);
  for (const [n, dn] of dns.entries()) {
    const origin: RequestOrigin = { instance: `${NODE}/t-controller`, session: `desk${n % 24}`, referenceID: 1, applicationName: 'GWS' };
    for (const request of [{ msg: 'RequestAgentLogin', AgentID: `agent${dn}` }, { msg: 'RequestAgentReady' }]) {
      bus.request(subjects.dnCommand(dn), { kind: 'request', request: { ...request, ThisDN: dn }, origin }, 1_000, () => {});
    }
  }
  await clock.advance(1_500);
  for (const [n, dn] of dns.slice(0, CALLS).entries()) {
    const caller = new Device(far, `+8150${n}`, { host: '192.0.2.9', port: 5090 });
    const invite = caller.invite(dn, { sdp: sdp('caller') });
    const agent = new Device(far, dn);
    const toAgent = far.takeRequest('INVITE');
    agent.answer(toAgent, 180);
    agent.answer(toAgent, 200, { sdp: sdp('agent') });
    caller.joins(far.takeResponse(200, 'INVITE'));
    caller.ack(invite);
    await clock.advance(1);
    far.clear();
  }
  await clock.advance(60_000);
}

const file = process.env['BENCH_STATE'];
if (file === undefined) await parent();
else await takeOver(JSON.parse(readFileSync(file, 'utf8')) as State);

async function takeOver(state: State): Promise<void> {
  const half = start(state, true);
  const before = process.cpuUsage();
  await clock.advance(AFTER_MS);
  const afterMicros = microsSince(before);
  if (half.sc.calls !== CALLS) throw new Error(`${half.sc.calls} calls of ${CALLS} go on`);
  console.log(JSON.stringify({ micros: [...half.startMicros, afterMicros], sip: half.far.sent.length, bus: Object.fromEntries(half.bus.counts) }));
}

async function parent(): Promise<void> {
  const state: State = {};
  const first = start(state, false);
  await fill(first);
  if (first.sc.calls !== CALLS) throw new Error(`${first.sc.calls} calls stand`);
  first.close();
  const folder = mkdtempSync(`${tmpdir()}/cordboard-takeover-`);
  writeFileSync(`${folder}/state.json`, JSON.stringify(state));
  const env = { ...process.env, BENCH_STATE: `${folder}/state.json`, BENCH_NOW_MS: String(clock.nowMs() + AWAY_MS) };
  const rounds = Array.from({ length: ROUNDS }, () => {
    const text = execFileSync(process.execPath, [...V8_FLAGS, fileURLToPath(import.meta.url)], { env, encoding: 'utf8' });
    return JSON.parse(text) as { micros: number[]; sip: number; bus: Record<string, number> };
  });
  rmSync(folder, { recursive: true });
  const [{ bus, sip }] = rounds as [(typeof rounds)[number]];
  const messages = Object.entries(bus).filter(([, count]) => count > 50).sort(([, a], [, b]) => b - a);
  console.log(`${sip} SIP messages; on the bus: ${messages.map(([what, count]) => `${count} ${what}`).join(', ')}`);
  for (const [n, what] of ['start of the T-Controller', 'start of the session controller', 'start of the smart proxy', 'the 3 s after it'].entries()) {
    console.log(`${what.padEnd(60)} ${(median(rounds.map(({ micros }) => micros[n] as number)) / 1_000).toFixed(1).padStart(8)} ms CPU`);
  }
}
