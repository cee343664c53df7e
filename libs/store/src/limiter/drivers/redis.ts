/** Slots at one Redis that all proxies of a data centre, or of all, share: one script per verdict. */
import { assert } from '#kernel';
import { RedisLink, type RedisLinkPorts } from '../../drivers/redis-link.js';
import { type RedisScript, runScript } from '../../drivers/redis-script.js';
import { CLAIMS_MAX, type LimiterClaim, type LimiterStore, type LimiterVerdict, RENEWALS_MAX } from '../port.js';
import { ACQUIRE, RELEASE, RENEW, USAGE } from './redis-scripts.js';

const counterKey = (counter: string): string => `cb:lim:c:${counter}`;
const callKey = (callId: string): string => `cb:lim:k:${callId}`;

export class RedisLimiterStore implements LimiterStore {
  readonly #link: RedisLink;
  #whenUp: (() => void)[] = [];

  /** Does not wait for the server: until it answers every method throws `StoreUnavailable`. */
  constructor({ url }: { readonly url: string }, ports: RedisLinkPorts) {
    this.#link = new RedisLink({ url, store: 'limiter' }, ports, {
      onUp: () => {
        for (const tell of this.#whenUp.splice(0)) tell();
      },
    });
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  /** Resolves when the server answers. */
  connected(): Promise<void> {
    return this.isUp ? Promise.resolve() : new Promise((resolve) => void this.#whenUp.push(resolve));
  }

  async acquire(callId: string, claims: readonly LimiterClaim[], leaseMs: number): Promise<LimiterVerdict> {
    assert(claims.length <= CLAIMS_MAX, `at most ${CLAIMS_MAX} claims`);
    const keys = [callKey(callId), ...claims.map(({ counter }) => counterKey(counter))];
    const args = claims.flatMap(({ counter, limit, shadow }) => [counter, limit === Infinity ? -1 : limit, shadow === true ? 1 : 0]);
    const [admitted, ...full] = await this.#run(ACQUIRE, keys, [callId, Math.ceil(leaseMs), ...args]);
    return { admitted: admitted === 1, full: full.map((place) => (claims[place] as LimiterClaim).counter) };
  }

  async renew(callIds: readonly string[], leaseMs: number): Promise<readonly string[]> {
    assert(callIds.length <= RENEWALS_MAX, `at most ${RENEWALS_MAX} renewals`);
    const lost = await this.#run(RENEW, callIds.map(callKey), [Math.ceil(leaseMs), ...callIds]);
    return lost.map((place) => callIds[place] as string);
  }

  async release(callId: string): Promise<boolean> {
    return await runScript(this.#link, RELEASE, [callKey(callId)], [callId]) !== 0;
  }

  usage(counters: readonly string[]): Promise<readonly number[]> {
    return this.#run(USAGE, counters.map(counterKey), []);
  }

  async close(): Promise<void> {
    this.#link.close();
  }

  #run(script: RedisScript, keys: readonly string[], args: readonly (string | number)[]): Promise<number[]> {
    return runScript(this.#link, script, keys, args) as Promise<number[]>;
  }
}
