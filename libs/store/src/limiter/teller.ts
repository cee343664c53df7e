/**
 * What a process knows of the calls that it counts: what is true now, told to the store in batches, and again in each third of the lease. Nothing
 * waits for it. While the store is away nothing is kept but what is true; when it is back all is told.
 */
import type { Clock, Counter, Log, Meter, Timer } from '#kernel';
import { StoreUnavailable } from '../unavailable.js';
import type { LimiterHolding, LimiterStore, LimiterTake } from './port.js';

export interface LimitsTellerPorts {
  readonly store: LimiterStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface LimitsTellerOptions {
  /** Unique among those who tell of the same calls; the same for both halves of a pair. */
  readonly by: string;
  /** Of the metrics. */
  readonly tier: string;
  readonly leaseMs: number;
  /** Present: what it tells needs a record that somebody else keeps. Hears which calls have none any more, and tells no more of those. */
  readonly gone?: (id: string) => void;
}

interface Told {
  readonly holding: LimiterHolding;
  toldMs: number;
  unheard: number;
}

/** One script of a store blocks the verdicts of others for so long. */
const BATCH = 25;
const RETRY_MS = 1_000;
/** Who keeps the record may be a moment later. */
const UNHEARD_MS = 200;
const UNHEARD_MAX = 5;
const TICKS_PER_LEASE = 30;

export class LimitsTeller {
  /** By call, those that were told longest ago first. */
  readonly #held = new Map<string, Told>();
  readonly #changed = new Set<string>();
  /** Released calls that the store has not heard of, and when. */
  readonly #ended = new Map<string, number>();
  readonly #told: Counter;
  readonly #failures: Counter;
  readonly #timers = new Map<'flush' | 'renew' | 'unheard', Timer>();
  readonly #stopHearing: () => void;
  #isTelling = false;
  #isClosed = false;

  constructor(private readonly ports: LimitsTellerPorts, private readonly options: LimitsTellerOptions) {
    const labels = { tier: options.tier };
    this.#told = ports.meter.counter('limits_told_total', 'Calls whose slots were told to the limiter store, renewals too', labels);
    this.#failures = ports.meter.counter('limits_tell_failures_total', 'Batches that the limiter store did not take; they are told again', labels);
    ports.meter.gauge('limits_held', 'Calls with slots that this tier tells of', () => this.#held.size, labels);
    this.#stopHearing = ports.store.onUp(() => this.#tellAll());
  }

  /** From now on the slots of the call are these. `was`: as in `LimiterHolding`. */
  hold(id: string, takes: readonly LimiterTake[], was?: string): void {
    const before = this.#held.get(id);
    if (before === undefined ? takes.length === 0 : isSame(before.holding.takes, takes)) return;
    const { by, gone } = this.options;
    const holding: LimiterHolding = { id, by, takes, ...(was === undefined ? {} : { was }), ...(gone === undefined ? {} : { amends: true }) };
    this.#held.set(id, { holding, toldMs: -Infinity, unheard: 0 });
    this.#changed.add(id);
    this.#flushIn(0);
    this.#renewLater();
  }

  /** The call is over. Told at once: whoever hears that a call has ended may bring the next one. */
  release(id: string, was?: string): void {
    this.#forget(id);
    const nowMs = this.ports.clock.nowMs();
    for (const each of was === undefined ? [id] : [id, was]) this.#ended.set(each, nowMs);
    void this.#flush();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopHearing();
    for (const timer of this.#timers.values()) timer.cancel();
  }

  #tellAll(): void {
    for (const id of this.#held.keys()) this.#changed.add(id);
    this.#flushIn(0);
  }

  #flushIn(ms: number): void {
    if (this.#isTelling) return;
    this.#arm('flush', ms, () => void this.#flush());
  }

  #arm(name: 'flush' | 'renew' | 'unheard', ms: number, fire: () => void): void {
    this.#timers.get(name)?.cancel();
    if (this.#isClosed) return;
    this.#timers.set(name, this.ports.clock.setTimer(ms, () => {
      this.#timers.delete(name);
      fire();
    }));
  }

  async #flush(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#timers.get('flush')?.cancel();
    this.#timers.delete('flush');
    let retry = false;
    try {
      while (!this.#isClosed && this.#ended.size + this.#changed.size > 0) {
        await this.#tellEnded();
        await this.#tellChanged();
      }
    } catch (error) {
      retry = true;
      this.#failures.add();
      if (!(error instanceof StoreUnavailable)) this.ports.log.error('slots of calls could not be told', { error });
    } finally {
      this.#isTelling = false;
    }
    if (retry) this.#flushIn(RETRY_MS);
  }

  async #tellEnded(): Promise<void> {
    const freeMs = this.ports.clock.nowMs() - this.options.leaseMs;
    for (const [id, endedMs] of this.#ended) if (endedMs <= freeMs) this.#ended.delete(id);
    const ids = [...this.#ended.keys()].slice(0, BATCH);
    if (ids.length === 0) return;
    await this.ports.store.release(ids);
    for (const id of ids) this.#ended.delete(id);
  }

  async #tellChanged(): Promise<void> {
    const batch: Told[] = [];
    for (const id of this.#changed) {
      if (batch.length === BATCH) break;
      const told = this.#held.get(id);
      if (told === undefined) this.#changed.delete(id);
      else batch.push(told);
    }
    if (batch.length === 0) return;
    for (const { holding } of batch) this.#changed.delete(holding.id);
    try {
      const heard = await this.ports.store.hold(batch.map(({ holding }) => holding), this.options.leaseMs);
      this.#told.add(batch.length);
      batch.forEach((told, i) => this.#heard(told, heard[i] === true));
    } catch (error) {
      for (const { holding } of batch) this.#changed.add(holding.id);
      throw error;
    }
  }

  #heard(told: Told, isHeard: boolean): void {
    const { id, takes } = told.holding;
    // It changed, or ended, meanwhile.
    if (this.#held.get(id) !== told) return;
    if (isHeard && takes.length === 0) return this.#forget(id);
    this.#held.delete(id);
    this.#held.set(id, told);
    told.toldMs = this.ports.clock.nowMs();
    told.unheard = isHeard ? 0 : told.unheard + 1;
    if (isHeard || this.options.gone === undefined) return;
    if (told.unheard < UNHEARD_MAX) return this.#unheardLater();
    this.#forget(id);
    this.options.gone(id);
  }

  #forget(id: string): void {
    this.#held.delete(id);
    this.#changed.delete(id);
  }

  #unheardLater(): void {
    if (this.#timers.has('unheard')) return;
    this.#arm('unheard', UNHEARD_MS, () => {
      for (const [id, { unheard }] of this.#held) if (unheard > 0) this.#changed.add(id);
      this.#flushIn(0);
    });
  }

  #renewLater(): void {
    if (this.#timers.has('renew')) return;
    this.#arm('renew', this.options.leaseMs / TICKS_PER_LEASE, () => this.#renew());
  }

  #renew(): void {
    if (this.#held.size === 0) return;
    const { leaseMs } = this.options;
    const dueMs = this.ports.clock.nowMs() - leaseMs / 3 + leaseMs / TICKS_PER_LEASE;
    for (const [id, { toldMs }] of this.#held) {
      if (toldMs > dueMs) break;
      if (toldMs > -Infinity) this.#changed.add(id);
    }
    if (this.#changed.size > 0 && !this.#timers.has('flush')) this.#flushIn(0);
    this.#renewLater();
  }
}

function isSame(a: readonly LimiterTake[], b: readonly LimiterTake[]): boolean {
  return a.length === b.length && a.every(({ counter }, i) => counter === b[i]?.counter);
}
