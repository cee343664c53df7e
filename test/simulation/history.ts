/** One history of the cluster: trouble and traffic by a seed, then heal, quiet, and the verdict (docs/specs/simulation.md). */
import { type History, runScenario, type Scenario, type SeededEntropy, type World } from '#simulation';
import type { CallPlan } from './actors/phone.js';
import { SimCluster } from './cluster.js';
import { Restless } from './restless.js';
import { dnOf, SERVED_POINT, UNSERVED_POINT } from './switch.js';
import { Watch } from './watch.js';

export interface HistoryOptions {
  readonly minutes: number;
  readonly calls: number;
  /** Gets a line for each event that a client hears and each message between tiers. */
  readonly debug?: (line: string) => void;
}

export interface Tally {
  calls: number;
  connected: number;
  failed: number;
  abandoned: number;
  pauses: number;
  cuts: number;
  crashes: number;
  /** Of the bus in one data centre. */
  outages: number;
  /** Phones that registered in the other data centre. */
  moves: number;
}

export const noTally = (): Tally => ({ calls: 0, connected: 0, failed: 0, abandoned: 0, pauses: 0, cuts: 0, crashes: 0, outages: 0, moves: 0 });

const SHAPE = { proxies: 2, nodes: 2, agents: 5, router: true, monitors: true, habits: { readyAgainMs: 4_000 } } as const;
/** Longer than any time-out of SIP (64*T1 twice, and Timer C has nothing to wait for), a registration's refresh, and a repeated event. */
const QUIET_MS = 100_000;
const PAUSE_MAX_MS = 20_000;

export async function runHistory(seed: number, options: HistoryOptions): Promise<{ history: History; tally: Tally }> {
  const tally = noTally();
  const history = await runScenario(seed, story(options, tally));
  return { history, tally };
}

function story({ minutes, calls, debug }: HistoryOptions, tally: Tally): Scenario {
  return async (world) => {
    const cluster = await SimCluster.start(world, SHAPE);
    const watch = new Watch(cluster, debug);
    const random = world.entropy.fork('story');
    const untilMs = world.clock.nowMs() + minutes * 60_000;
    for (const phone of cluster.phones) phone.plan = () => planOf(random);
    degrade(world, random);
    new Traffic(cluster, random, tally).spread(calls, untilMs);
    new Restless(cluster, random.fork('restless')).until(untilMs);
    new Troubles(cluster, watch, random, tally).until(untilMs);
    await world.advance(untilMs - world.clock.nowMs());
    await quiet(cluster);
    await watch.atQuiet();
  };
}

export function degrade(world: World, random: SeededEntropy): void {
  world.network.setQuality({
    delayMsMin: 1, delayMsMax: random.between(2, 120), loss: random.between(0, 60) / 1_000, duplication: random.between(0, 50) / 1_000,
  });
}

export async function quiet(cluster: SimCluster): Promise<void> {
  const { world } = cluster;
  for (const name of cluster.serverNames) world.resume(name);
  world.heal();
  world.network.setQuality({ delayMsMin: 1, delayMsMax: 5, loss: 0, duplication: 0 });
  for (const ua of [cluster.carrier, ...cluster.phones.map((phone) => phone.ua)]) for (const call of ua.liveCalls) call.hangUp();
  for (const phone of cluster.phones) phone.plan = () => ({ kind: 'reject', status: 480, afterMs: 100 });
  await world.advance(QUIET_MS);
}

export function planOf(random: SeededEntropy): CallPlan {
  const ringMs = random.between(0, 800);
  const roll = random.fraction();
  if (roll < 0.6) {
    const plan = { kind: 'answer', ringMs, answerMs: random.between(0, 6_000) } as const;
    return random.chance(0.5) ? plan : { ...plan, talkMs: random.between(0, 15_000) };
  }
  if (roll < 0.72) return { kind: 'reject', status: 486, afterMs: random.between(0, 500) };
  if (roll < 0.84) return { kind: 'reject', ringMs, status: random.pick([603, 480, 486, 500]), afterMs: random.between(0, 3_000) };
  return { kind: 'silent', ringMs };
}

/** Callers of every kind. */
export class Traffic {
  constructor(private readonly cluster: SimCluster, private readonly random: SeededEntropy, private readonly tally: Tally) {}

  spread(calls: number, untilMs: number): void {
    const { clock } = this.cluster.world;
    const spanMs = Math.max(1, untilMs - clock.nowMs() - 5_000);
    for (let i = 0; i < calls; i += 1) clock.setTimer(this.random.between(0, spanMs), () => this.#call());
  }

  #call(): void {
    const { random, cluster } = this;
    const roll = random.fraction();
    if (roll < 0.65) return this.#fromOutside(SERVED_POINT);
    if (roll < 0.72) return this.#fromOutside(UNSERVED_POINT);
    if (roll < 0.82) return this.#fromOutside(dnOf(random.between(0, cluster.shape.agents - 1)));
    this.#fromPhone();
  }

  #fromOutside(dialled: string): void {
    this.#dial(this.cluster.carrier, dialled);
  }

  #fromPhone(): void {
    const caller = this.random.pick(this.cluster.phones);
    const callee = this.random.pick(this.cluster.phones);
    if (caller.ua.liveCalls.length === 0) this.#dial(caller.ua, callee === caller ? SERVED_POINT : callee.dn);
  }

  #dial(ua: SimCluster['carrier'], dialled: string): void {
    const { random, tally } = this;
    const { clock } = this.cluster.world;
    tally.calls += 1;
    const patienceMs = random.pick([random.between(0, 3_000), random.between(3_000, 20_000), random.between(20_000, 90_000)]);
    const talkMs = random.between(0, 20_000);
    const call = ua.call(dialled, {
      connected: () => {
        tally.connected += 1;
        clock.setTimer(talkMs, () => call.hangUp());
      },
      ended: (how) => {
        if (how === 'failed') tally.failed += 1;
        if (how === 'cancelled') tally.abandoned += 1;
      },
    });
    clock.setTimer(patienceMs, () => {
      if (call.state === 'Calling' || call.state === 'Ringing') call.hangUp();
    });
  }
}

/** Processes that stand still, or are cut off, one at a time; all is well again before the story ends. */
class Troubles {
  constructor(
    private readonly cluster: SimCluster, private readonly watch: Watch, private readonly random: SeededEntropy, private readonly tally: Tally,
  ) {}

  until(untilMs: number): void {
    const { world } = this.cluster;
    const waitMs = this.random.between(2_000, 30_000);
    const lastsMs = this.random.between(50, PAUSE_MAX_MS);
    const atMs = world.clock.nowMs() + waitMs;
    if (atMs + lastsMs >= untilMs) return;
    world.clock.setTimer(waitMs, () => {
      this.watch.sip.trouble(atMs, atMs + lastsMs);
      const end = this.random.chance(0.7) ? this.#pause() : this.#cut();
      world.clock.setTimer(lastsMs, () => {
        end();
        this.until(untilMs);
      });
    });
  }

  #pause(): () => void {
    const { world, serverNames } = this.cluster;
    const name = this.random.pick(serverNames);
    this.tally.pauses += 1;
    world.pause(name);
    return () => world.resume(name);
  }

  /** From all servers, or from one. */
  #cut(): () => void {
    const { world, serverNames } = this.cluster;
    const name = this.random.pick(serverNames);
    const others = serverNames.filter((other) => other !== name);
    this.tally.cuts += 1;
    world.partition([name], this.random.chance(0.5) ? others : [this.random.pick(others)]);
    return () => world.heal();
  }
}
