/**
 * Call limits with 10,000 rules and 1,000,000 blocked numbers: what they add to a proxied call of a trunk, beside the same proxy that knows no trunk
 * and so asks nothing. Each proxy with a limiter runs beside one without, and beside no other: four proxies, two of them with a million numbers, take
 * each other's caches, and cost up to a third more. A row is several pairs of processes: one process costs a fifth more or less than the next one of the
 * same program, for as long as it runs. How much that leaves, the first row says: the proxy without a limiter beside itself. A call is kept for 32 s, and
 * large collections of garbage come once in ten thousand calls: so rounds begin when the first calls are over, and are long.
 */
import { loadavg } from 'node:os';
import { RULES_MAX } from '#limits';
import { startRedis } from '#servers';
import { Callee } from './callee.js';
import { Caller } from './caller.js';
import { type NodeContestant, startModule } from './contestant.js';
import { callerOf, dialledBy } from './limits-load.js';
import { type Operation, pace } from './pace.js';
import { answersOptions } from './ready.js';
import { besideOther, type Entrant, measureRounds, type Measurement, ofAll, reportRounds, together } from './rounds.js';
import { UdpEnd } from './udp-end.js';
import { fetchedRedis } from './verdicts.js';

/** As in proxied-call.bench.ts. */
const PER_SECOND = 500;
const PLAN = { warmUp: 0, settling: 4, rounds: 12, perRound: 2_000 };
/** Who is measured first in each round costs a twentieth more: so an even number, and turns. */
const PAIRS = 4;
/** One for each rule: its first call works out its schedule and its questions, and makes its metrics. */
const FIRST = { count: RULES_MAX, perSecond: 1_500 };
const ACCESS_POINT = 'sip.cordboard.test';

interface Hosts {
  readonly host: string;
  readonly callerHost: string;
  readonly calleeHost: string;
}

const TRUNK = (callerHost: string): string =>
  `  - { number: Trunk_SBC, type: Trunk, options: { contact: "sip:${callerHost}:5060", oos-check: 0, country-code: "81" } }\n`;

const config = ({ host, callerHost, calleeHost }: Hosts, hasTrunk: boolean, redis: string | undefined) => `
switch: { name: Bench, access-point: ${ACCESS_POINT}, external-contact: phones.cordboard.test }
${redis === undefined ? '' : `stores: { limiter: { driver: redis, data-centres: { dc1: "${redis}" } } }`}
applications:
  SIPP: { type: sip-proxy, geo-location: dc1, host: ${host}, ports: { sip: 5060 }, options: { oos-check: 1 } }
  SIPS: { type: sip-server, geo-location: dc1, server-id: 1, host: ${calleeHost}, ports: { sip: 5060 } }
dns:
  - { number: 7001, type: Extension }
${hasTrunk ? TRUNK(callerHost) : ''}`;

interface Ends {
  readonly entrant: Entrant & { readonly contestant: NodeContestant };
  warm(): Promise<number>;
  close(): Promise<void>;
}

/** A proxy with callers and callees of its own: .X1 the proxy, .X2 callers, .X3 callees. */
async function enter(block: number, name: string, limits: 'none' | 'full', more: { hasTrunk: boolean; redis?: string }): Promise<Ends> {
  const [host, callerHost, calleeHost] = [1, 2, 3].map((n) => `127.0.31.${block * 10 + n}`) as [string, string, string];
  const [near, far] = [await UdpEnd.open(callerHost, 5060), await UdpEnd.open(calleeHost, 5060)];
  void new Callee(far, { contact: `sip:n1@${ACCESS_POINT}`, toTag: (n) => `n1.${n}` });
  const contestant = await startModule(name, 'limited-proxy.js', [limits], config({ host, callerHost, calleeHost }, more.hasTrunk, more.redis));
  await answersOptions(host, 5060);
  const uri = (n: number): string => `sip:${dialledBy(n)}@${ACCESS_POINT}`;
  const caller = new Caller(near, { next: { host, port: 5060 }, uri, user: callerOf, talkMs: 0 });
  const call: Operation = (over) => caller.call(over);
  const load = { run: (count: number) => pace({ count, perSecond: PER_SECOND }, call) };
  return {
    entrant: { contestant, load },
    warm: () => pace(FIRST, call),
    close: async () => {
      await contestant.stop();
      await Promise.all([near.close(), far.close()]);
    },
  };
}

interface Measured {
  readonly name: string;
  readonly limits: 'none' | 'full';
  readonly hasTrunk: boolean;
  readonly redis?: string;
}

async function besideNone(block: number, measured: Measured): Promise<void> {
  const runs: Measurement[][] = [];
  for (let pair = 1; pair <= PAIRS; pair += 1) runs.push(await onePair(block, measured, pair));
  const all = together(runs);
  reportRounds('proxied call', all, 'less than 1.10 x without a limiter');
  const [limited, without] = all as [Measurement, Measurement];
  const ratios = runs.map(([ours, other]) => ofAll(ours as Measurement, other as Measurement));
  const added = besideOther(limited, without, (cost, beside) => cost - beside);
  const pairs = ratios.map((each) => each.toFixed(2)).sort().join(', ');
  console.log(`    ${added.toFixed(1)} us added; all calls together ${ofAll(limited, without).toFixed(2)} x, each pair of processes ${pairs} x`);
}

/** In every other pair the one without is started first: who was, has waited for the other one, and collected garbage meanwhile. */
async function onePair(block: number, { name, limits, ...more }: Measured, pair: number): Promise<Measurement[]> {
  const starts = [() => enter(block, name, limits, more), () => enter(block + 1, 'without a limiter', 'none', { hasTrunk: false })];
  const order = pair % 2 === 0 ? [1, 0] : [0, 1];
  const entered: Ends[] = [];
  try {
    for (const at of order) entered.push(await starts[at]!());
    for (const each of entered) await each.warm();
    const both = order.map((at) => entered[at]!);
    const measured = await measureRounds(both.map(({ entrant }) => entrant), PLAN);
    for (const { entrant: { contestant } } of pair === PAIRS ? both : []) {
      const { heapBytes, rssBytes } = await contestant.memory();
      console.log(`    ${contestant.name}: ${(heapBytes / 2 ** 20).toFixed(0)} MB heap and buffers, ${(rssBytes / 2 ** 20).toFixed(0)} MB resident`);
    }
    return measured;
  } finally {
    await Promise.all(entered.map((each) => each.close()));
  }
}

console.log(`    load average ${loadavg().map((each) => each.toFixed(1)).join(', ')}`);
const binary = fetchedRedis();
const redis = binary === undefined ? undefined : await startRedis({ server: binary });
try {
  await besideNone(8, { name: 'without a limiter, too', limits: 'none', hasTrunk: false });
  await besideNone(10, { name: '10,000 rules, in memory', limits: 'full', hasTrunk: true });
  await besideNone(12, { name: 'no rules, in memory', limits: 'none', hasTrunk: true });
  if (redis !== undefined) await besideNone(14, { name: '10,000 rules, Redis', limits: 'full', hasTrunk: true, redis: redis.url });
} finally {
  await redis?.close();
}
console.log(`    load average ${loadavg().map((each) => each.toFixed(1)).join(', ')}`);
