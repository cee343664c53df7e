/**
 * Registrations in great number, spread over four proxies and refreshed each 140 s: CPU and memory of each proxy; then one proxy is started anew,
 * and must know all of them. REGISTER is not challenged here; what digest costs is in calls/register.bench.ts.
 * BENCH_REGISTRATIONS says how many, 200,000 by default.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { findNats, startNats } from '#servers';
import { type NodeContestant, startApp } from '../calls/contestant.js';
import { pace } from '../calls/pace.js';
import { Phones } from '../calls/phones.js';
import { answersOptions } from '../calls/ready.js';
import { UdpEnd } from '../calls/udp-end.js';

const COUNT = Number(process.env['BENCH_REGISTRATIONS'] ?? 200_000);
const REFRESH_S = 140;
/** Each refresh comes in good time: phones ask for a longer registration than they wait. */
const EXPIRES_S = 2 * REFRESH_S;
/** First registrations come as fast as the refreshes, or faster when there are few. */
const FIRST_PER_SECOND = Math.max(200, COUNT / REFRESH_S);
const PROXIES = 4;
const NODES = 2;
const FIRST_DN = 1_000_000;
const REALM = 'sip.cordboard.test';
const BLOCK = '127.0.28';
const AGREE_MS = 60_000;

const proxyHost = (n: number): string => `${BLOCK}.${11 + n}`;
const PATIENCE_MS = 10_000;

const config = (nats: string): string => [
  `switch: { name: Bench, access-point: ${REALM}, external-contact: phones.cordboard.test,`,
  '  options: { authenticate-requests: invite } }',
  `bus: { driver: nats, servers: ["nats://${nats}"] }`, 'applications:',
  ...Array.from({ length: PROXIES }, (_, n) => `  P${n + 1}: { type: sip-proxy, geo-location: dc1, host: ${proxyHost(n)}, ports: { sip: 5060 } }`),
  ...Array.from({ length: NODES }, (_, n) =>
    `  N${n + 1}: { type: sip-server, server-id: ${n + 1}, geo-location: dc1, host: ${BLOCK}.${21 + n}, ports: { sip: 5070, TCport: 7001 } }`),
  `  C1: { type: console, geo-location: dc1, host: ${BLOCK}.51, ports: { http: 8080 } }`,
  'dns:', `  - { numbers: ${FIRST_DN}-${FIRST_DN + COUNT - 1}, type: Extension, options: { contact: "*" } }`, '',
].join('\n');

async function ask<T>(command: string, args: object = {}): Promise<{ instance: string; result?: T }[]> {
  const reply = await fetch(`http://${BLOCK}.51:8080/api/v1/commands/${encodeURIComponent(command)}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ args }), signal: AbortSignal.timeout(PATIENCE_MS),
  });
  return (await reply.json() as { answers: { instance: string; result?: T }[] }).answers;
}

/** Bindings that each proxy knows, by its name. */
async function known(): Promise<Map<string, number>> {
  const answers = await ask<{ count: number }>('registrations list', { limit: 1 });
  return new Map(answers.map(({ instance, result }) => [instance, result?.count ?? 0]));
}

/** Until every proxy has seen every node answer. */
async function inService(): Promise<void> {
  for (;;) {
    const answers = await ask<{ destinations: { takesNew: boolean }[] }>('destinations list').catch(() => []);
    const ready = answers.filter(({ result }) => result?.destinations.length === NODES && result.destinations.every(({ takesNew }) => takesNew));
    if (ready.length === PROXIES) return;
    await pause(500);
  }
}

/** Waits until every proxy knows all of them; answers what they know then, or after the wait. */
async function agreed(): Promise<Map<string, number>> {
  const untilMs = performance.now() + AGREE_MS;
  for (;;) {
    const counts = await known().catch(() => new Map<string, number>());
    if ((counts.size === PROXIES && [...counts.values()].every((count) => count === COUNT)) || performance.now() > untilMs) return counts;
    await pause(500);
  }
}

const row = (what: string, value: string): void => console.log(`${what.padEnd(60)} ${value}`);
const countsText = (counts: ReadonlyMap<string, number>): string => [...counts].map(([name, count]) => `${name} ${count}`).join(', ');

async function measure(proxies: NodeContestant[], start: (n: number) => Promise<NodeContestant>, phones: readonly Phones[]): Promise<boolean> {
  const round = (perSecond: number): Promise<number> => {
    let next = 0;
    return pace({ count: COUNT, perSecond }, (over) => {
      next += 1;
      (phones[next % PROXIES] as Phones).register(String(FIRST_DN + next - 1), over);
    });
  };
  const failedFirst = await round(FIRST_PER_SECOND);
  const first = await agreed();
  row(`${COUNT} first registrations, ${Math.round(FIRST_PER_SECOND)}/s`, `${failedFirst} failed; known: ${countsText(first)}`);
  const before = proxies.map((proxy) => proxy.cpuMicros());
  const startedMs = performance.now();
  const failed = await round(COUNT / REFRESH_S);
  const seconds = (performance.now() - startedMs) / 1_000;
  row(`a round of refreshes in ${seconds.toFixed(0)} s, ${Math.round(COUNT / seconds)}/s`, `${failed} failed`);
  for (const [n, proxy] of proxies.entries()) {
    const cpu = (proxy.cpuMicros() - (before[n] as number)) / 1e6 / seconds;
    const { heapBytes, rssBytes } = await proxy.memory();
    const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;
    row(`P${n + 1} meanwhile`, `${(cpu * 100).toFixed(1)} % of a CPU, ${megabytes(rssBytes)} resident, ${megabytes(heapBytes)} heap`);
  }
  await proxies[0]?.stop();
  const restartMs = performance.now();
  proxies[0] = await start(0);
  const counts = await agreed();
  const lost = Math.max(...Array.from({ length: PROXIES }, (_, n) => COUNT - (counts.get(`P${n + 1}`) ?? 0)));
  row('P1 stopped and started', `${lost} lost; known after ${((performance.now() - restartMs) / 1_000).toFixed(1)} s: ${countsText(counts)}`);
  return failedFirst + failed + lost === 0;
}

const file = findNats();
if (file === undefined) {
  console.log('  no nats-server, so this is left out: node scripts/fetch-servers.mjs');
} else {
  const nats = await startNats({ file });
  const yaml = config(nats.address);
  const start = (n: number): Promise<NodeContestant> => startApp(`P${n + 1}`, 'sip-proxy', yaml, ['--app', `P${n + 1}`]);
  const others: NodeContestant[] = [];
  for (let n = 1; n <= NODES; n += 1) others.push(await startApp(`N${n}`, 'cordboard', yaml, ['--app', `N${n}`]));
  const proxies: NodeContestant[] = [];
  for (let n = 0; n < PROXIES; n += 1) proxies.push(await start(n));
  others.push(await startApp('C1', 'console', yaml));
  const ends: UdpEnd[] = [];
  const phones: Phones[] = [];
  for (let n = 0; n < PROXIES; n += 1) {
    await answersOptions(proxyHost(n), 5060);
    const end = await UdpEnd.open(`${BLOCK}.${91 + n}`, 5060);
    ends.push(end);
    phones.push(new Phones(end, { registrar: { host: proxyHost(n), port: 5060 }, realm: REALM, expiresS: EXPIRES_S }));
  }
  await inService();
  try {
    if (!await measure(proxies, start, phones)) process.exitCode = 1;
  } finally {
    await Promise.all(ends.map((end) => end.close()));
    await Promise.all([...proxies, ...others].map((process) => process.stop()));
    await nats.close();
  }
}
