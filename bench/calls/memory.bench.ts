/** What a registration and a live call keep in memory, all tiers in one process: the growth after garbage collection, when transactions are over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TlibClient } from '#tlib/client';
import { Caller } from './caller.js';
import { type NodeContestant, startApp } from './contestant.js';
import { pace } from './pace.js';
import { Phones } from './phones.js';
import type { MemoryReport } from './probe.js';
import { answersOptions } from './ready.js';
import { UdpEnd } from './udp-end.js';

const PHONES = 30_000;
const CALLS = 2_000;
const FIRST_DN = 100_000;
const REALM = 'sip.cordboard.test';
const HOST = '127.0.31.81';
const CARRIER = '127.0.31.82';
const PHONE_HOST = '127.0.31.83';
/** Longest of the transaction timers, and a little. */
const TRANSACTIONS_MS = 34_000;

const CONFIG = `
switch: { name: Bench, access-point: ${REALM}, external-contact: phones.cordboard.test, options: { authenticate-requests: invite } }
applications:
  SIPP: { type: sip-proxy, host: ${HOST}, ports: { sip: 5060 } }
  SIPS: { type: sip-server, server-id: 1, host: ${HOST}, ports: { sip: 5070, TCport: 7001, SmartProxy: 7003 } }
dns:
  - { numbers: ${FIRST_DN}-${FIRST_DN + PHONES - 1}, type: Extension, options: { contact: "*", password: "secret-\${number}" } }
  - { number: Trunk_SBC, type: Trunk, options: { contact: "sip:${CARRIER}:5060", oos-check: 0 } }
`;

function report(what: string, before: MemoryReport, after: MemoryReport, count: number, aim: string): void {
  const heap = (after.heapBytes - before.heapBytes) / count / 1024;
  const rss = (after.rssBytes - before.rssBytes) / count / 1024;
  console.log(`${`${what}: all tiers in one process`.padEnd(60)} ${heap.toFixed(1).padStart(10)} KB heap, ${rss.toFixed(1)} KB resident (aim: ${aim})`);
}

async function settled(cluster: NodeContestant): Promise<MemoryReport> {
  await sleep(TRANSACTIONS_MS);
  return cluster.memory();
}

const carrier = await UdpEnd.open(CARRIER, 5060);
const phoneEnd = await UdpEnd.open(PHONE_HOST, 5060);
const phones = new Phones(phoneEnd, { registrar: { host: HOST, port: 5060 }, realm: REALM, expiresS: 3_600 });
const caller = new Caller(carrier, { next: { host: HOST, port: 5060 }, uri: (n) => `sip:${FIRST_DN + n}@${REALM}`, talkMs: undefined });
const cluster = await startApp('all tiers in one process', 'cordboard', CONFIG);
try {
  await answersOptions(HOST, 5060);
  const monitor = new TlibClient({ addresses: [{ host: HOST, port: 7003 }], applicationName: 'Bench' });
  await monitor.connect();
  const register = (count: number, from: number) => {
    let next = FIRST_DN + from;
    return pace({ count, perSecond: 2_500 }, (over) => phones.register(String(next++), over));
  };
  // What is allocated once, and grows no more, is in place after these.
  let failed = await register(CALLS + 1, 0) + await pace({ count: 200, perSecond: 200 }, (over) => caller.call(over));
  caller.hangUpAll();
  const empty = await settled(cluster);
  failed += await register(PHONES - CALLS - 1, CALLS + 1);
  const registered = await settled(cluster);
  report('a registration', empty, registered, PHONES - CALLS - 1, 'at most 4 KB');
  failed += await pace({ count: CALLS - 200, perSecond: 200 }, (over) => caller.call(over));
  const talking = await settled(cluster);
  report('a live call', registered, talking, CALLS - 200, 'at most 40 KB');
  caller.hangUpAll();
  if (failed > 0) throw new Error(`${failed} registrations or calls failed`);
  monitor.close();
} finally {
  await cluster.stop();
  await Promise.all([carrier.close(), phoneEnd.close()]);
}
