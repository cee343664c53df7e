/**
 * Targets that failed lately. They go to the end of a list, never out of it: one failed call costs its target a place
 * in the queue for a bounded time, and the name keeps all its ways (DNS-05, DNS-17).
 */
import { flowKey, type Target } from '../transport/port.js';

const AVOIDED_MAX = 1000;

export class FailedTargets {
  readonly #untilMs = new Map<string, number>();

  constructor(readonly avoidMs: number, readonly max = AVOIDED_MAX) {}

  get size(): number {
    return this.#untilMs.size;
  }

  failed(target: Target, nowMs: number): void {
    const key = keyOf(target);
    this.#untilMs.delete(key);
    this.#untilMs.set(key, nowMs + this.avoidMs);
    if (this.#untilMs.size <= this.max) return;
    for (const oldest of this.#untilMs.keys()) {
      this.#untilMs.delete(oldest);
      return;
    }
  }

  worked(target: Target): void {
    if (this.#untilMs.size > 0) this.#untilMs.delete(keyOf(target));
  }

  /** The same targets, those to be avoided last; order is kept otherwise. */
  order(targets: readonly Target[], nowMs: number): readonly Target[] {
    if (this.#untilMs.size === 0 || targets.length < 2) return targets;
    const good: Target[] = [];
    const avoided: Target[] = [];
    for (const target of targets) (this.#isAvoided(target, nowMs) ? avoided : good).push(target);
    return good.concat(avoided);
  }

  #isAvoided(target: Target, nowMs: number): boolean {
    const key = keyOf(target);
    const untilMs = this.#untilMs.get(key);
    if (untilMs === undefined) return false;
    if (nowMs < untilMs) return true;
    this.#untilMs.delete(key);
    return false;
  }
}

function keyOf(target: Target): string {
  return flowKey(target.transport, target.host, target.port);
}
