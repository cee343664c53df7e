/**
 * Call limits over two data centres: a carrier calls several numbers while their rules change, processes die, and the store is away, late, or starts again
 * with nothing (docs/specs/simulation.md; LIM-*).
 */
import type { Scenario, SeededEntropy } from '#simulation';
import { WITHOUT_STORE } from '#limits';
import { SimCluster } from '../cluster.js';
import { degrade, planOf, quiet, type Tally } from '../history.js';
import { Restless } from '../restless.js';
import { Watch } from '../watch.js';
import { LimitsTroubles } from './limits-troubles.js';
import { LimitsWatch } from './limits-watch.js';
import { consoleProcess, NUMBERS, RuleMaker } from './rule-maker.js';
import { SimLimiter } from './sim-limiter-store.js';

export interface LimitsOptions {
  readonly minutes: number;
  readonly calls: number;
  readonly debug?: (line: string) => void;
}

const SHAPE = { proxies: 4, nodes: 4, dataCentres: 2, agents: 6, router: true, monitors: false, habits: { readyAgainMs: 4_000 } } as const;
/** What died with its session controller. */
const LEASE_MS = 30_000;

export function limits({ minutes, calls, debug }: LimitsOptions, tally: Tally): Scenario {
  return async (world) => {
    const limiter = new SimLimiter(world);
    await limiter.start();
    const limitsWatch = new LimitsWatch(limiter, debug);
    const cluster = await SimCluster.start(world, { ...SHAPE, paired: world.seed % 2 === 0 }, {
      store: (ports) => limiter.client(ports),
      rules: (proxy, rules) => limitsWatch.rules(proxy, rules),
      verdict: (proxy, verdict) => limitsWatch.verdict(proxy, verdict),
    });
    const watch = new Watch(cluster, debug);
    limitsWatch.follow(cluster);
    const random = world.entropy.fork('limits');
    const atConsole = await world.start('console', consoleProcess(cluster.dataCentres, ['P1', 'P2', 'P3', 'P4']));
    await world.advance(1_000);
    const maker = new RuleMaker(atConsole, random.fork('rules'), WITHOUT_STORE[world.seed % 3] as (typeof WITHOUT_STORE)[number], () => world.clock.nowMs());
    let isReady = false;
    void maker.begin().then(() => { isReady = true; });
    await world.until(() => isReady);
    const untilMs = world.clock.nowMs() + minutes * 60_000;
    for (const phone of cluster.phones) phone.plan = () => planOf(random);
    degrade(world, random);
    limiter.faults = { loss: random.between(0, 20) / 1_000, doubles: random.between(0, 50) / 1_000 };
    new CarrierTraffic(cluster, limitsWatch, random.fork('traffic'), tally).spread(calls, untilMs);
    new Restless(cluster, random.fork('restless')).until(untilMs);
    maker.until(untilMs, world.clock);
    new LimitsTroubles({ cluster, watch, limitsWatch, tally }, random.fork('troubles')).until(untilMs);
    await world.advance(untilMs - world.clock.nowMs());
    limiter.faults = { loss: 0, doubles: 0 };
    await quiet(cluster);
    await world.advance(LEASE_MS);
    await limitsWatch.atQuiet();
    await watch.atQuiet();
  };
}

/** Calls to every number, with patience and without. */
class CarrierTraffic {
  constructor(
    private readonly cluster: SimCluster, private readonly watch: LimitsWatch, private readonly random: SeededEntropy, private readonly tally: Tally,
  ) {}

  spread(calls: number, untilMs: number): void {
    const { clock } = this.cluster.world;
    const spanMs = Math.max(1, untilMs - clock.nowMs() - 5_000);
    for (let i = 0; i < calls; i += 1) clock.setTimer(this.random.between(0, spanMs), () => this.#burst());
  }

  /** Some come together, by different proxies. */
  #burst(): void {
    const dialled = this.random.chance(0.6) ? '5000' : this.random.pick(NUMBERS);
    for (let i = this.random.chance(0.25) ? this.random.between(2, 4) : 1; i > 0; i -= 1) this.#dial(dialled);
  }

  #dial(dialled: string): void {
    const { random, tally, cluster: { carrier, world: { clock } } } = this;
    tally.calls += 1;
    const patienceMs = random.pick([random.between(0, 3_000), random.between(3_000, 20_000), random.between(20_000, 90_000)]);
    const talkMs = random.between(0, 45_000);
    carrier.use(random.pick(this.#ways()));
    const call = carrier.call(dialled, {
      connected: () => {
        tally.connected += 1;
        clock.setTimer(talkMs, () => call.hangUp());
      },
      ended: (how) => {
        if (how === 'failed') tally.failed += 1;
        if (how === 'cancelled') tally.abandoned += 1;
      },
    });
    this.watch.book.open(call, dialled, clock.nowMs());
    clock.setTimer(patienceMs, () => {
      if (call.state === 'Calling' || call.state === 'Ringing') call.hangUp();
    });
  }

  /** All proxies, from another one on. */
  #ways() {
    const { proxyTargets } = this.cluster;
    return proxyTargets.map((_target, i) => [...proxyTargets.slice(i), ...proxyTargets.slice(0, i)]);
  }
}
