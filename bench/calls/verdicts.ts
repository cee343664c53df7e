/** Verdicts without a proxy around them: how many one process gives, and how long one takes at a Redis. */
import { findRedis, type RedisBinary } from '#servers';
import { CountingMeter, silentLog, SystemClock } from '#kernel';
import { AniList, type CallFacts, outcomeOf, type Question, RuleTable } from '#limits';
import { type LimiterStore, MemoryLimiterStore } from '#store';
import { RedisLimiterStore } from '#store/redis';
import { quantile } from '../median.js';
import { measureAsync } from '../micro/measure.js';
import { cpuMicrosOf, familyOf } from './cpu.js';
import { callerOf, dialledBy, manyAnis, manyRules, PLAN } from './limits-load.js';
import { type Operation, pace } from './pace.js';

const LEASE_MS = 30_000;
const PER_ROUND = 20_000;
/** Calls that live at a time. */
const LIVE = 2_000;
const SECONDS = 8;
const TALK_MS = 1_000;
const AIM_MS = 2;

export function fetchedRedis(): RedisBinary | undefined {
  const found = findRedis();
  if (found === undefined) console.log('  no redis-server, so its rows are missing: node scripts/fetch-servers.mjs');
  return found;
}

let table: RuleTable | undefined;

function fullTable(): RuleTable {
  if (table !== undefined) return table;
  const ani = new AniList();
  for (const entry of manyAnis()) if (!ani.add(entry, 0).ok) throw new Error(`${entry.number} is not taken`);
  table = RuleTable.of('dnis', ani, manyRules());
  return table;
}

const factsOf = (n: number): CallFacts => ({ dnis: dialledBy(n), ani: callerOf(n), plan: PLAN, nowMs: Date.now() });

function questionOf(n: number): Question {
  const decision = fullTable().decide(factsOf(n));
  if (decision.kind !== 'ask') throw new Error(`call ${n} is refused`);
  return decision;
}

async function verdict(store: LimiterStore, id: string, question: Question): Promise<void> {
  const { full } = await store.acquire(id, question, LEASE_MS);
  if (outcomeOf(question, full).refusal !== undefined) throw new Error(`${id} is refused`);
}

/** Each verdict begins when the one before is given, and ends the oldest call. */
export async function memoryVerdicts(): Promise<void> {
  const store = new MemoryLimiterStore(new SystemClock());
  let n = 0;
  const tableOnly = await measureAsync('verdict: rules and block list alone', PER_ROUND, async () => {
    for (let left = PER_ROUND; left > 0; left -= 1) questionOf(n += 1);
  });
  const startedMs = performance.now();
  const from = n;
  const whole = await measureAsync('verdict: in memory, and the end of a call', PER_ROUND, async () => {
    for (let left = PER_ROUND; left > 0; left -= 1) {
      n += 1;
      await verdict(store, `c${n}`, questionOf(n));
      await store.release([`c${n - LIVE}`]);
    }
  });
  const perSecond = (n - from) / (performance.now() - startedMs) * 1_000;
  for (const { name, cpuMicros } of [tableOnly, whole]) console.log(`${name.padEnd(60)} ${cpuMicros.toFixed(1).padStart(10)} us CPU`);
  console.log(`    ${Math.round(1e6 / whole.cpuMicros)} verdicts per second of CPU time, ${Math.round(perSecond)}/s by the clock`);
}

const redisAt = async (url: string): Promise<RedisLimiterStore> => {
  const store = new RedisLimiterStore({ url }, { clock: new SystemClock(), log: silentLog, meter: new CountingMeter() });
  await store.connected();
  return store;
};

const percentiles = (times: readonly number[]): string =>
  [0.5, 0.95, 0.99].map((share) => quantile(times, share).toFixed(2)).map((ms, at) => `${['median', 'p95', 'p99'][at]} ${ms}`).join(', ');

async function paced(perSecond: number, one: Operation): Promise<number> {
  await pace({ count: perSecond, perSecond, sleeps: true }, one);
  return pace({ count: perSecond * SECONDS, perSecond, sleeps: true }, one);
}

/** The floor: a script that counts nothing, at the same pace. */
export async function roundTrips(url: string, rates: readonly number[]): Promise<void> {
  const store = await redisAt(url);
  for (const perSecond of rates) {
    const times: number[] = [];
    await paced(perSecond, (over) => {
      const startedMs = performance.now();
      store.usage([]).then(() => {
        times.push(performance.now() - startedMs);
        over();
      }, (error: unknown) => over(String(error)));
    });
    console.log(`${`empty script at Redis, ${perSecond}/s`.padEnd(60)} ${percentiles(times.slice(perSecond))} ms`);
  }
  await store.close();
}

/** CPU time of the Redis that this process started, which has no other child meanwhile. */
const serverMicros = (): number => cpuMicrosOf(familyOf(process.pid).slice(1));

/** Each call as proxy and session controller tell it: a verdict, the slots under its ConnID, and after a second its end. */
export async function latencyAt(url: string, perSecond: number): Promise<void> {
  const [proxy, controller] = [await redisAt(url), await redisAt(url)];
  const times: number[] = [];
  const ends: Promise<unknown>[] = [];
  let n = 0;
  const before = serverMicros();
  const failed = await paced(perSecond, (over) => {
    n += 1;
    const [id, connId, startedMs] = [`slot${perSecond}.${n}`, `call${perSecond}.${n}`, performance.now()];
    const question = questionOf(n);
    const told = async (): Promise<void> => {
      await verdict(proxy, id, question);
      times.push(performance.now() - startedMs);
      over();
      await controller.hold([{ id: connId, by: 'sc', takes: question.takes, was: id }], LEASE_MS);
      await new Promise((resolve) => { setTimeout(resolve, TALK_MS); });
      await controller.release([connId]);
    };
    ends.push(told().catch((error: unknown) => over(String(error))));
  });
  await Promise.all(ends);
  const serverUs = (serverMicros() - before) / n;
  const measured = times.slice(perSecond);
  const trouble = failed === 0 ? '' : `   ${failed} FAILED`;
  if (failed > 0) process.exitCode = 1;
  const aim = `aim: p99 under ${AIM_MS} ms, ${quantile(measured, 0.99) < AIM_MS ? 'met' : 'missed'}`;
  console.log(`${`verdict at Redis, ${perSecond}/s`.padEnd(60)} ${percentiles(measured)} ms${trouble} (${aim})`);
  console.log(`    ${serverUs.toFixed(0)} us CPU of the server for a call: verdict, slots told again, end`);
  await Promise.all([proxy.close(), controller.close()]);
}
