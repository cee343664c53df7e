/** Feeds the overload machine with what the process measures, and asks it for each new call. */
import type { Clock, Counter, Log, Meter } from '#kernel';
import type { LoopLateness } from '#tier';
import { Overload, type OverloadLevel } from '../machines/overload.js';

export interface OverloadPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Absent: nobody measures, so nothing is refused. */
  readonly loop?: LoopLateness | undefined;
}

export class OverloadGuard {
  readonly #loop: LoopLateness | undefined;
  readonly #overload: Overload;
  readonly #began: Counter;
  readonly #refused: Counter;
  #level: OverloadLevel = 'normal';
  #unwatch: (() => void) | undefined;

  /** @param boundMs `overload-lateness`; 0: off */
  constructor(boundMs: number, private readonly ports: OverloadPorts) {
    const { loop, meter } = ports;
    this.#loop = boundMs === 0 ? undefined : loop;
    this.#overload = new Overload(boundMs);
    this.#began = meter.counter('sc_overloads_total', 'Times that the node began to refuse new calls because its event loop ran late');
    this.#refused = meter.counter('sc_overload_refused_total', 'New calls refused because the event loop of the node ran late');
    meter.gauge('sc_overload_level', '1 while the node limits new calls, since its event loop runs late', () => (this.#overload.level === 'busy' ? 1 : 0));
    meter.gauge('sc_overload_limit', 'New calls per second that the node takes then; 0 = as many as come', () => this.#overload.limit ?? 0);
    meter.gauge('sc_overload_late_ms', 'How late the event loop runs, averaged over a second', () => this.#overload.lateMs);
  }

  start(): void {
    this.#unwatch = this.#loop?.watch((lateMs) => {
      this.#overload.onSample(lateMs, this.ports.clock.nowMs());
      this.#tellChange();
    });
  }

  close(): void {
    this.#unwatch?.();
  }

  /** To be asked once for each new call, after everything else that may refuse it. */
  admits(): boolean {
    if (this.#loop === undefined) return true;
    const admitted = this.#overload.admits(this.#loop.overdueMs(), this.ports.clock.nowMs());
    if (!admitted) this.#refused.add();
    this.#tellChange();
    return admitted;
  }

  /** Once for each change and not for each call: it is no time for more work. */
  #tellChange(): void {
    const { level, limit, lateMs } = this.#overload;
    if (level === this.#level) return;
    this.#level = level;
    if (level === 'normal') return this.ports.log.info('the event loop is in time again: all new calls are taken');
    this.#began.add();
    this.ports.log.warn('the event loop runs late: new calls are refused in part', { lateMs: Math.round(lateMs), callsPerSecond: limit });
  }
}
