/**
 * Two data centres of two nodes each: phones that move between them while their agents talk, cuts between them, processes that stand
 * still, and processes that die and start again (docs/specs/simulation.md; HA-07, HA-08, HA-10).
 */
import type { Scenario, SeededEntropy, WorldOptions } from '#simulation';
import { SimCluster } from './cluster.js';
import { degrade, planOf, quiet, type Tally, Traffic } from './history.js';
import { Restless } from './restless.js';
import { Watch } from './watch.js';

export const TWO_DATA_CENTRES: WorldOptions = { dataCentres: ['dc1', 'dc2'] };

export interface TwoDataCentresOptions {
  readonly minutes: number;
  readonly calls: number;
  /** Only cuts between the data centres, and outages of the bus in one of them. */
  readonly busOutages?: boolean;
  readonly debug?: (line: string) => void;
}

const SHAPE = { proxies: 4, nodes: 4, dataCentres: 2, agents: 6, router: true, monitors: true, habits: { readyAgainMs: 4_000 } } as const;
const LASTS_MS_MAX = 20_000;
const CUT_MS_MAX = 45_000;
const AWAY_MS_MAX = 15_000;

export function twoDataCentres({ minutes, calls, busOutages = false, debug }: TwoDataCentresOptions, tally: Tally): Scenario {
  return async (world) => {
    const cluster = await SimCluster.start(world, SHAPE);
    const watch = new Watch(cluster, debug);
    const random = world.entropy.fork('story');
    const untilMs = world.clock.nowMs() + minutes * 60_000;
    for (const phone of cluster.phones) phone.plan = () => planOf(random);
    degrade(world, random);
    new Traffic(cluster, random, tally).spread(calls, untilMs);
    new Restless(cluster, random.fork('restless')).until(untilMs);
    new Travellers(cluster, random.fork('travellers'), tally).until(untilMs);
    new Disasters(cluster, watch, random.fork('disasters'), tally, busOutages).until(untilMs);
    await world.advance(untilMs - world.clock.nowMs());
    await quiet(cluster);
    await watch.atQuiet();
  };
}

/** Phones whose proxies are those of the other data centre from now on. */
class Travellers {
  constructor(private readonly cluster: SimCluster, private readonly random: SeededEntropy, private readonly tally: Tally) {}

  until(untilMs: number): void {
    const { world, phones, dataCentres } = this.cluster;
    const waitMs = this.random.between(1_000, 12_000);
    if (world.clock.nowMs() + waitMs >= untilMs) return;
    world.clock.setTimer(waitMs, () => {
      this.tally.moves += 1;
      this.random.pick(phones).moveTo(this.cluster.proxiesOf(this.random.pick(dataCentres)));
      this.until(untilMs);
    });
  }
}

/** One at a time; all is well again before the story ends. */
class Disasters {
  constructor(
    private readonly cluster: SimCluster, private readonly watch: Watch, private readonly random: SeededEntropy, private readonly tally: Tally,
    private readonly busOutages: boolean,
  ) {}

  until(untilMs: number): void {
    const { world } = this.cluster;
    const [lastsMs, begin] = this.#draw();
    const waitMs = this.random.between(1_000, 15_000);
    const atMs = world.clock.nowMs() + waitMs;
    if (atMs + lastsMs >= untilMs) return;
    world.clock.setTimer(waitMs, () => {
      this.watch.sip.trouble(atMs, atMs + lastsMs);
      const end = begin();
      world.clock.setTimer(lastsMs, () => {
        end();
        this.until(untilMs);
      });
    });
  }

  #draw(): [lastsMs: number, begin: () => () => void] {
    const roll = this.random.fraction();
    if (this.busOutages) return [this.random.between(500, CUT_MS_MAX), () => (roll < 0.6 ? this.#noBus() : this.#cutBetween())];
    if (roll < 0.4) return [this.random.between(500, CUT_MS_MAX), () => this.#cutBetween()];
    if (roll < 0.65) return [this.random.between(50, LASTS_MS_MAX), () => this.#pause()];
    if (roll < 0.75) return [this.random.between(50, LASTS_MS_MAX), () => this.#cutOff()];
    return [this.random.between(50, AWAY_MS_MAX), () => this.#crash()];
  }

  #cutBetween(): () => void {
    const { world, dataCentres } = this.cluster;
    const [left, right] = dataCentres.map((name) => this.cluster.machinesOf(name)) as [string[], string[]];
    this.tally.cuts += 1;
    world.partition(left, right);
    return () => world.heal();
  }

  /** All its servers of the bus at once. */
  #noBus(): () => void {
    const { world, dataCentres } = this.cluster;
    this.tally.outages += 1;
    world.network.loseBus(this.cluster.machinesOf(this.random.pick(dataCentres)));
    return () => world.heal();
  }

  #cutOff(): () => void {
    const { world, serverNames } = this.cluster;
    const name = this.random.pick(serverNames);
    this.tally.cuts += 1;
    world.partition([name], serverNames.filter((other) => other !== name));
    return () => world.heal();
  }

  #pause(): () => void {
    const { world, serverNames } = this.cluster;
    const name = this.random.pick(serverNames);
    this.tally.pauses += 1;
    world.pause(name);
    return () => world.resume(name);
  }

  #crash(): () => void {
    const { world, serverNames } = this.cluster;
    const name = this.random.pick(serverNames.filter((each) => each.startsWith('N')));
    this.tally.crashes += 1;
    this.watch.crashed(name);
    world.crash(name);
    return () => void world.restart(name);
  }
}
