/** `switchover-on-sipp-oos` (PRX-23): a primary that no proxy answers gives its role to a backup that is answered. */
import type { Bus } from '#cluster';
import type { Clock, Log, Timer } from '#kernel';
import type { PairProxies } from './pair-proxies.js';

/** Of a half to the other, each second, beside the messages of the pair. */
export interface ReachNotice {
  readonly kind: 'reach';
  readonly from: string;
  readonly reaches: boolean;
}

export interface ProxyReachPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly proxies: Pick<PairProxies, 'ask'>;
}

export interface ProxyReachEvents {
  isPrimary(): boolean;
  yieldRole(): void;
}

const ASK_MS = 1_000;
/** Unanswered for so long, or with a notice that old, nothing is known to be reached. */
const FRESH_MS = 2_500;

export class ProxyReach {
  #reachedMs: number;
  #otherReachesMs = -Infinity;
  #timer: Timer | undefined;

  constructor(
    private readonly process: string, private readonly subject: string, private readonly oosForceMs: number,
    private readonly ports: ProxyReachPorts, private readonly events: ProxyReachEvents,
  ) {
    this.#reachedMs = ports.clock.nowMs();
  }

  start(): void {
    this.#tick();
  }

  heard({ from, reaches }: ReachNotice): void {
    if (from !== this.process && reaches) this.#otherReachesMs = this.ports.clock.nowMs();
  }

  close(): void {
    this.#timer?.cancel();
  }

  #tick(): void {
    const { clock, bus, proxies, log } = this.ports;
    const nowMs = clock.nowMs();
    this.#timer = clock.setTimer(ASK_MS, () => this.#tick());
    const silentMs = nowMs - this.#reachedMs;
    bus.publish(this.subject, { kind: 'reach', from: this.process, reaches: silentMs < FRESH_MS } satisfies ReachNotice);
    proxies.ask(undefined, () => { this.#reachedMs = clock.nowMs(); });
    if (!this.events.isPrimary() || silentMs < this.oosForceMs || nowMs - this.#otherReachesMs >= FRESH_MS) return;
    log.warn('no proxy answers this half; the other half takes over', { process: this.process, silentMs: Math.round(silentMs) });
    this.events.yieldRole();
  }
}
