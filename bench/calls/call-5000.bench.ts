/**
 * A carrier's call to a Routing Point, all tiers in one process: the router reserves the agent and routes the call, his phone answers,
 * the carrier hangs up; one desktop and one monitor get every event of the agents' DNs.
 */
import { TlibClient } from '#tlib/client';
import { Caller } from './caller.js';
import { startApp } from './contestant.js';
import { pace } from './pace.js';
import { Phones } from './phones.js';
import { answersOptions } from './ready.js';
import { measureRounds, reportRounds } from './rounds.js';
import { UdpEnd } from './udp-end.js';

const PER_SECOND = 200;
const PLAN = { warmUp: 3_000, rounds: 5, perRound: 600 };
/** An agent is taken for about 0.4 s: the router collects requests for 0.3 s before it reserves. */
const AGENTS = 160;
const FIRST_DN = 20_000;
const TALK_MS = 50;
const REALM = 'sip.cordboard.test';
const HOST = '127.0.31.61';
const CARRIER = '127.0.31.62';
const PHONES = '127.0.31.63';
const DNS = Array.from({ length: AGENTS }, (_, at) => String(FIRST_DN + at));

const CONFIG = `
switch:
  { name: Bench, access-point: ${REALM}, external-contact: phones.cordboard.test, options: { dn-owner-applications: Bench, wrap-up-time: 0 } }
applications:
  SIPP: { type: sip-proxy, host: ${HOST}, ports: { sip: 5060 } }
  SIPS: { type: sip-server, server-id: 1, host: ${HOST}, ports: { sip: 5070, default: 7000, TCport: 7001, SmartProxy: 7003 } }
  VQ: { type: vq-server, host: ${HOST}, ports: { default: 7010 }, options: { request-collection-time: 300 msec } }
  Router: { type: router, routing-points: [5000], options: { skill: support, virtual-queue: VQ_Support } }
dns:
  - { numbers: ${FIRST_DN}-${FIRST_DN + AGENTS - 1}, type: Extension, options: { contact: "*", password: "secret-\${number}" } }
  - { number: 5000, type: RoutingPoint }
  - { number: VQ_Support, type: VirtualQueue }
  - { number: Trunk_SBC, type: Trunk, options: { contact: "sip:${CARRIER}:5060", oos-check: 0 } }
persons:
  - { employees: agent${FIRST_DN}-agent${FIRST_DN + AGENTS - 1}, skills: { support: 1 } }
`;

/** A client of every agent's DN that counts what it gets. */
async function watcher(port: number): Promise<{ tlib: TlibClient; events: () => number }> {
  let count = 0;
  const tlib = new TlibClient({ addresses: [{ host: HOST, port }], applicationName: 'Bench' });
  tlib.on('*', () => { count += 1; });
  await tlib.connect();
  for (const dn of DNS) await tlib.registerAddress(dn);
  return { tlib, events: () => count };
}

const carrier = await UdpEnd.open(CARRIER, 5060);
const phonesEnd = await UdpEnd.open(PHONES, 5060);
const phones = new Phones(phonesEnd, { registrar: { host: HOST, port: 5060 }, realm: REALM, expiresS: 600 });
const caller = new Caller(carrier, { next: { host: HOST, port: 5060 }, uri: () => `sip:5000@${REALM}`, talkMs: TALK_MS });
const cluster = await startApp('all tiers in one process', 'cordboard', CONFIG);
try {
  await answersOptions(HOST, 5060);
  let next = 0;
  await pace({ count: AGENTS, perSecond: 500 }, (over) => phones.register(DNS[next++] as string, over));
  const [desktop, monitor] = [await watcher(7001), await watcher(7003)];
  for (const dn of DNS) {
    await desktop.tlib.agentLogin(dn, `agent${dn}`);
    await desktop.tlib.agentReady(dn);
  }
  const load = { run: (count: number) => pace({ count, perSecond: PER_SECOND }, (over) => caller.call(over)) };
  await load.run(PLAN.warmUp);
  const before = [desktop.events(), monitor.events()] as const;
  const measured = await measureRounds([{ contestant: cluster, load }], { ...PLAN, warmUp: 0 });
  reportRounds('call through 5000', measured, 'at most 1,000 us');
  const calls = PLAN.rounds * PLAN.perRound;
  const perCall = [desktop, monitor].map(({ events }, at) => ((events() - (before[at] as number)) / calls).toFixed(1));
  console.log(`    events per call: ${perCall[0]} to the desktop, ${perCall[1]} to the monitor`);
  for (const { tlib } of [desktop, monitor]) tlib.close();
} finally {
  await cluster.stop();
  await Promise.all([carrier.close(), phonesEnd.close()]);
}
