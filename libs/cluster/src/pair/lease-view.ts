/** What a half has seen of the lease, and whether it may take it over. */
import { PAIR, type SeenLease } from './pair-machine.types.js';

export class LeaseView {
  #lease: SeenLease | undefined;
  #changedMs = -Infinity;
  #readMs = -Infinity;
  readonly #letGo = new Set<string>();
  #letGoEpoch = 0;

  /** @param proxies how many proxies the data centre has */
  constructor(private readonly process: string, private readonly proxies: number) {}

  get lease(): SeenLease | undefined {
    return this.#lease;
  }

  start(nowMs: number): void {
    this.#changedMs = nowMs;
  }

  read(lease: SeenLease | undefined, nowMs: number): void {
    this.#readMs = nowMs;
    if (lease?.revision === this.#lease?.revision) return;
    this.#lease = lease;
    this.#changedMs = nowMs;
  }

  letGo(proxy: string, epoch: number): void {
    if (epoch !== this.#letGoEpoch) this.#letGo.clear();
    this.#letGoEpoch = epoch;
    this.#letGo.add(proxy);
  }

  /** Nobody renewed it for so long that it proves nothing any more. */
  lapsed(nowMs: number): boolean {
    return this.#isFresh(nowMs) && nowMs - this.#changedMs >= PAIR.LAPSE_MS;
  }

  /** It lapsed, but proxies may still prove that term. */
  needsProxies(nowMs: number): boolean {
    const lease = this.#lease;
    if (lease === undefined || !lease.lone || lease.owner === this.process || this.proxies === 0) return false;
    if (nowMs - this.#changedMs >= PAIR.PROXIES_LAPSE_MS) return false;
    // More than half of them, so that less than half is left to prove it.
    return lease.epoch !== this.#letGoEpoch || this.#letGo.size < Math.floor(this.proxies / 2) + 1;
  }

  /** @param givenUp epoch of the term that its primary ended by itself */
  mayTake(nowMs: number, givenUp: number): boolean {
    const lease = this.#lease;
    if (!this.#isFresh(nowMs)) return false;
    if (lease !== undefined && (lease.owner === this.process || lease.epoch <= givenUp)) return true;
    return this.lapsed(nowMs) && !this.needsProxies(nowMs);
  }

  #isFresh(nowMs: number): boolean {
    return nowMs - this.#readMs < PAIR.PROOF_MS;
  }
}
