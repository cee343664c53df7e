/** What is in the way of call limits: the store dies or cannot be reached, proxies and session controllers die, stand still, or are cut off. One at a time. */
import type { SeededEntropy } from '#simulation';
import type { SimCluster } from '../cluster.js';
import type { Tally } from '../history.js';
import type { Watch } from '../watch.js';
import type { LimitsWatch } from './limits-watch.js';
import { LIMITER } from './sim-limiter-store.js';

export interface Stage {
  readonly cluster: SimCluster;
  readonly watch: Watch;
  readonly limitsWatch: LimitsWatch;
  readonly tally: Tally;
}

const LASTS_MS_MAX = 20_000;
const CUT_MS_MAX = 45_000;

export class LimitsTroubles {
  constructor(private readonly stage: Stage, private readonly random: SeededEntropy) {}

  until(untilMs: number): void {
    const { watch, limitsWatch, cluster: { world: { clock } } } = this.stage;
    const waitMs = this.random.between(1_000, this.random.chance(0.3) ? 40_000 : 12_000);
    const [lastsMs, begin] = this.#draw();
    const atMs = clock.nowMs() + waitMs;
    if (atMs + lastsMs >= untilMs) return;
    clock.setTimer(waitMs, () => {
      watch.sip.trouble(atMs, atMs + lastsMs);
      const end = begin();
      this.#tellTrouble(atMs + lastsMs);
      clock.setTimer(lastsMs, () => {
        end();
        limitsWatch.trouble();
        this.until(untilMs);
      });
    });
  }

  #tellTrouble(untilMs: number): void {
    const { limitsWatch, cluster: { world: { clock } } } = this.stage;
    limitsWatch.trouble();
    if (clock.nowMs() < untilMs) clock.setTimer(1_000, () => this.#tellTrouble(untilMs));
  }

  #draw(): [lastsMs: number, begin: () => () => void] {
    const { random } = this;
    const roll = random.fraction();
    const names = this.stage.cluster.serverNames;
    const anyOf = (letter: string): string => random.pick(names.filter((name) => name.startsWith(letter)));
    if (roll < 0.2) return [random.between(50, LASTS_MS_MAX), () => this.#crash(LIMITER)];
    if (roll < 0.35) return [random.between(500, CUT_MS_MAX), () => this.#cut([LIMITER], this.#some(names))];
    if (roll < 0.42) return [random.between(50, LASTS_MS_MAX), () => this.#pause(LIMITER)];
    if (roll < 0.55) return [random.between(500, CUT_MS_MAX), () => this.#cutBetween()];
    if (roll < 0.72) return [random.between(50, LASTS_MS_MAX), () => this.#crash(anyOf('N'))];
    if (roll < 0.84) return [random.between(50, LASTS_MS_MAX), () => this.#crash(anyOf('P'))];
    if (roll < 0.94) return [random.between(50, LASTS_MS_MAX), () => this.#pause(random.pick(names))];
    return [random.between(50, LASTS_MS_MAX), () => this.#cut([random.pick(names)], [...names, LIMITER])];
  }

  /** All, or a part of them. */
  #some(names: readonly string[]): readonly string[] {
    return this.random.chance(0.5) ? names : names.filter(() => this.random.chance(0.4));
  }

  #cutBetween(): () => void {
    const { cluster } = this.stage;
    const [left, right] = cluster.dataCentres.map((name) => cluster.machinesOf(name)) as [string[], string[]];
    return this.#cut([...left, LIMITER], right);
  }

  #cut(left: readonly string[], right: readonly string[]): () => void {
    const { cluster: { world }, tally } = this.stage;
    tally.cuts += 1;
    world.partition(left, right.filter((name) => !left.includes(name)));
    return () => world.heal();
  }

  #pause(name: string): () => void {
    const { cluster: { world }, tally } = this.stage;
    tally.pauses += 1;
    world.pause(name);
    return () => world.resume(name);
  }

  #crash(name: string): () => void {
    const { cluster: { world }, tally, watch } = this.stage;
    tally.crashes += 1;
    if (name.startsWith('N')) watch.crashed(name);
    world.crash(name);
    return () => void world.restart(name);
  }
}
