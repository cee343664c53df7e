/**
 * The same calls twice without trouble, once with rules in force and once with their shadows: which calls the rules refuse, and which the shadows say they
 * would have (docs/specs/simulation.md). A call lasts for as long as its caller wants, whoever answers it, so that ghosts change nothing but figures.
 */
import type { RuleInput } from '#limits';
import type { Scenario, SeededEntropy } from '#simulation';
import { SimCluster } from '../cluster.js';
import { quiet } from '../history.js';
import { LimitsWatch } from './limits-watch.js';
import { consoleProcess, inputOf, RuleMaker } from './rule-maker.js';
import { SimLimiter } from './sim-limiter-store.js';

const SHAPE = { proxies: 4, nodes: 4, dataCentres: 2, agents: 2, router: true, monitors: false, habits: { readyAgainMs: 1_000 } } as const;
export const SHADOW_CALLS = 60;
const SPAN_MS = 60_000;
/** Calls begin on a tick and end between two, far enough from each other for every message of theirs. */
const TICK_MS = 400;
/** Before `router-timeout` sends a call away from a number that nobody routes. */
const LASTS_TICKS_MAX = 20;

/** @param refused is filled with the names of the calls that were refused, or that shadows would have refused */
export function shadows(shadow: boolean, refused: string[]): Scenario {
  return async (world) => {
    const limiter = new SimLimiter(world);
    await limiter.start();
    const watch = new LimitsWatch(limiter);
    const names = new Map<string, string>();
    const cluster = await SimCluster.start(world, SHAPE, {
      store: (ports) => limiter.client(ports),
      rules: (proxy, rules) => watch.rules(proxy, rules),
      verdict: (proxy, verdict) => {
        watch.verdict(proxy, verdict);
        if (verdict.verdict !== 'passed') refused.push(names.get(verdict.callId) ?? verdict.callId);
      },
    });
    watch.follow(cluster);
    const atConsole = await world.start('console', consoleProcess(cluster.dataCentres, ['P1', 'P2', 'P3', 'P4']));
    await world.advance(1_000);
    const random = world.entropy.fork('shadows');
    const maker = new RuleMaker(atConsole, random.fork('rules'), 'open', () => world.clock.nowMs());
    let isReady = false;
    void maker.begin(rulesOf(random, shadow)).then(() => { isReady = true; });
    await world.until(() => isReady);
    // What the rules' making took differs between none and one more message.
    await world.advance(TICK_MS - world.clock.nowMs() % TICK_MS);
    for (let number = 1; number <= SHADOW_CALLS; number += 1) dialLater(cluster, watch, random, number, names);
    await world.advance(SPAN_MS + LASTS_TICKS_MAX * TICK_MS + 5_000);
    await quiet(cluster);
    await watch.atQuiet();
  };
}

function rulesOf(random: SeededEntropy, shadow: boolean): RuleInput[] {
  const limit = random.between(1, 4);
  const served = inputOf({ dnis: '5000', type: 'concurrent', limit: random.between(1, 4), shadow });
  const unserved = random.pick([
    { type: 'concurrent' }, { type: 'waiting', queues: ['5001'] }, { type: 'waiting-and-interactions', queues: ['5001'] },
  ] as const);
  // A sum of the other number, too, which has no rule then: its ghosts would be in the sum.
  if (random.chance(0.3)) return [inputOf({ dnis: '5001', type: 'concurrent-sum', dnisAlso: ['5000'], limit: limit + 2, shadow })];
  return [served, inputOf({ dnis: '5001', limit, shadow, ...unserved })];
}

function dialLater(cluster: SimCluster, watch: LimitsWatch, random: SeededEntropy, number: number, names: Map<string, string>): void {
  const { carrier, world: { clock }, proxyTargets } = cluster;
  // Two calls of one tick are told apart by milliseconds, so that both runs see them in the same order.
  const atMs = random.between(0, Math.floor(SPAN_MS / TICK_MS)) * TICK_MS + 3 * number;
  const lastsMs = (random.between(0, LASTS_TICKS_MAX) + 0.6) * TICK_MS;
  const dialled = random.chance(0.5) ? '5000' : '5001';
  const way = random.pick(proxyTargets);
  clock.setTimer(atMs, () => {
    carrier.use([way]);
    const call = carrier.call(dialled, {});
    names.set(call.invite.callId, `call ${number} to ${dialled}`);
    watch.book.open(call, dialled, clock.nowMs());
    clock.setTimer(lastsMs, () => call.hangUp());
  });
}
