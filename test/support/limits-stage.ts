/** A pair and a node of its own behind two proxies, call limits in a Redis, numbers with a limit each, a carrier that calls them. */
import { CountingMeter, silentLog, SystemClock } from '#kernel';
import { dnisCounter, waitingCounter, wayCounter } from '#limits';
import { type RedisBinary, type RedisServer, startRedis } from '#servers';
import { type Call, openSoftphones, type Softphones } from '#softphone';
import { RedisLimiterStore } from '#store/redis';
import { Redis } from 'ioredis';
import { becomes } from './becomes.js';
import { Carrier, type Placed } from './carrier.js';
import { LimitsApi } from './limits-api.js';
import { type Halves, type RunningSwitch, startPair } from './running-switch.js';

/** What a process that died leaves behind counts for so long. A pair changes halves within it on a machine that is busy, too. */
export const LEASE_S = 10;
export const LIMIT = 3;
const START_MS = 60_000;
const CLEAR_MS = 10_000;

/** Extensions with a rule `concurrent`, closed without a store, and Routing Points with a rule `waiting`, open without one. */
export const TALK: readonly string[] = ['7001', '7002', '7003', '7004'];
export const WAIT: readonly string[] = ['5100', '5101', '5102', '5103'];
export const NUMBERS: readonly string[] = [...TALK, ...WAIT];

export interface Counted {
  /** By number: what its rule counts, and the calls that session controllers have. */
  readonly used: Readonly<Record<string, number>>;
  readonly calls: Readonly<Record<string, number>>;
  /** Of calls in the store. */
  readonly records: number;
}

interface ListedCall {
  readonly connID: string;
  readonly ani: string;
  readonly dnis: string;
  readonly node: string;
}

export class LimitsStage {
  private constructor(
    readonly running: RunningSwitch, readonly redis: RedisServer, readonly api: LimitsApi, readonly carrier: Carrier,
    private readonly phones: Softphones, private readonly store: RedisLimiterStore, private readonly probe: Redis,
  ) {}

  static async start(binary: RedisBinary): Promise<LimitsStage> {
    const redis = await startRedis({ server: binary });
    const running = await startPair({ queues: `${WAIT[0]}-${WAIT.at(-1)}`, limiter: redis.url, options: { 'limiter-lease': LEASE_S } }, true);
    const { plan } = running;
    const store = new RedisLimiterStore({ url: redis.url }, { clock: new SystemClock(), log: silentLog, meter: new CountingMeter() });
    const probe = new Redis(redis.url);
    probe.on('error', () => {});
    await store.connected();
    const phones = await openSoftphones({
      listen: [{ transport: 'udp', host: plan.phones, port: 0 }], nameserver: { host: plan.dns.host, port: 5300 },
    });
    for (const user of TALK) {
      phones.add({ user, domain: plan.accessPoint, password: `secret-${user}`, callsMax: 100, plan: () => ({ ringMs: 0, answerMs: 10 }) });
    }
    const stage = new LimitsStage(
      running, redis, new LimitsApi(`http://${plan.console.host}:8080`), await Carrier.open(plan.carrier), phones, store, probe,
    );
    await stage.#prepare();
    return stage;
  }

  async #prepare(): Promise<void> {
    await becomes(() => this.halves(), (halves) => halves !== undefined, START_MS);
    const registered = await Promise.all(TALK.map((user) => this.phones.phone(user)!.register()));
    if (registered.some((status) => status !== 200)) throw new Error(`phones are registered with ${registered.join(', ')}`);
    for (const dnis of TALK) await this.api.rule(`r${dnis}`, { dnis, type: 'concurrent', limit: LIMIT, withoutStore: 'closed' });
    for (const dnis of WAIT) await this.api.rule(`r${dnis}`, { dnis, type: 'waiting', limit: LIMIT, queues: [dnis], withoutStore: 'open' });
    await this.api.mode('dnis');
  }

  proxy(n: number): string {
    return this.running.proxies[n % this.running.proxies.length]!;
  }

  dial(called: string, n: number): Call {
    return this.carrier.dial(called, this.proxy(n));
  }

  place(called: string, n: number): Promise<Placed> {
    return this.carrier.place(called, this.proxy(n));
  }

  /** Of all session controllers that answer. */
  async calls(): Promise<readonly ListedCall[]> {
    return (await this.running.ask('calls list')).flatMap(({ result }) => (result?.['calls'] ?? []) as ListedCall[]);
  }

  /** Ends what a test that failed has left behind. */
  async clear(): Promise<void> {
    this.carrier.hangUp();
    await becomes(() => this.figures(), (figures) => [...figures.values()].every((figure) => figure === 0), CLEAR_MS);
    for (const { connID, node } of await this.calls()) await this.running.ask('calls clear', { connID }, `${node}/session-controller`);
  }

  /** Undefined while they do not know each other. */
  halves(): Promise<Halves | undefined> {
    return this.running.halves().catch(() => undefined);
  }

  async counted(): Promise<Counted> {
    const [usage, calls, records] = await Promise.all([this.api.usage(), this.calls(), this.probe.keys('cb:lim:r:*')]);
    const by = (count: (number: string) => number): Record<string, number> => Object.fromEntries(NUMBERS.map((number) => [number, count(number)]));
    return {
      used: by((number) => usage.get(`r${number}`)?.used ?? NaN), calls: by((number) => calls.filter(({ dnis }) => dnis === number).length),
      records: records.length,
    };
  }

  /** By number, as a verdict sees it at one moment. */
  async figures(): Promise<ReadonlyMap<string, number>> {
    const counters = [...TALK.map((dnis) => [dnisCounter(dnis)]), ...WAIT.map((queue) => [waitingCounter(queue), wayCounter([queue])])];
    const counts = await this.store.usage(counters.flat());
    let at = 0;
    return new Map(NUMBERS.map((number, n) => [number, counters[n]!.reduce((sum) => sum + counts[at++]!, 0)]));
  }

  async stop(): Promise<void> {
    await Promise.all([this.carrier.close(), this.phones.close()]);
    this.probe.disconnect();
    await this.store.close();
    await this.running.stop();
    await this.redis.close();
  }
}
