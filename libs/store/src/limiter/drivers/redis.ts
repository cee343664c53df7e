/** Slots at one Redis that all share who must count as one: one script per verdict. */
import { RedisLink, type RedisLinkPorts } from '../../drivers/redis-link.js';
import { type RedisScript, runScript } from '../../drivers/redis-script.js';
import { checkClaim, checkHoldings, checkIds } from '../bounds.js';
import {
  ACQUIRED_BY, LATE_MS, type LimiterCheck, type LimiterClaim, type LimiterHolding, type LimiterStore, type LimiterTake, type LimiterVerdict,
} from '../port.js';
import { ACQUIRE, HOLD, RELEASE, USAGE } from './redis-scripts.js';

/** More than any figure. JSON has no infinity. */
const NO_LIMIT = 1e12;

export class RedisLimiterStore implements LimiterStore {
  readonly acquireNow = undefined;
  readonly #link: RedisLink;
  readonly #listeners = new Set<() => void>();

  /** Does not wait for the server: until it answers every method throws `StoreUnavailable`. */
  constructor({ url }: { readonly url: string }, ports: RedisLinkPorts) {
    this.#link = new RedisLink({ url, store: 'limiter' }, ports, { onUp: () => { for (const tell of [...this.#listeners]) tell(); } });
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  /** Resolves when the server answers. */
  connected(): Promise<void> {
    if (this.isUp) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.onUp(() => {
        stop();
        resolve();
      });
    });
  }

  onUp(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async acquire(id: string, claim: LimiterClaim, leaseMs: number): Promise<LimiterVerdict> {
    checkClaim(claim);
    const { checks, takes } = claim;
    const args = [id, ACQUIRED_BY, Math.ceil(leaseMs), JSON.stringify(checks.map(checkOf)), JSON.stringify(takes.map(takeOf))];
    const [admitted, ...full] = await this.#run(ACQUIRE, args);
    return { admitted: admitted === 1, full: full.map((place) => (checks[place] as LimiterCheck).name) };
  }

  async hold(holdings: readonly LimiterHolding[], leaseMs: number): Promise<readonly boolean[]> {
    checkHoldings(holdings);
    if (holdings.length === 0) return [];
    const heard = await this.#run(HOLD, [Math.ceil(leaseMs), ...holdings.map(holdingOf)]);
    return heard.map((each) => each === 1);
  }

  async release(ids: readonly string[]): Promise<readonly boolean[]> {
    checkIds(ids);
    if (ids.length === 0) return [];
    const freed = await this.#run(RELEASE, [LATE_MS, ...ids]);
    return freed.map((each) => each === 1);
  }

  usage(counters: readonly string[]): Promise<readonly number[]> {
    return this.#run(USAGE, counters);
  }

  async close(): Promise<void> {
    this.#link.close();
  }

  #run(script: RedisScript, args: readonly (string | number)[]): Promise<number[]> {
    return runScript(this.#link, script, [], args) as Promise<number[]>;
  }
}

const takeOf = ({ counter, until = [] }: LimiterTake): string[] => [counter, ...until];

const checkOf = ({ counters, way, combine, refuse, limit, ghosts = '', shadow }: LimiterCheck): unknown[] =>
  [counters, way, combine === 'any', refuse === 'at-most', Math.min(limit, NO_LIMIT), ghosts, shadow];

const holdingOf = ({ id, by, takes, was = '', amends = false }: LimiterHolding): string =>
  JSON.stringify([id, by, takes.map(takeOf), was, amends]);
