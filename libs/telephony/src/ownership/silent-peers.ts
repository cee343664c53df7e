/** T-Controllers that fell silent: lost when they stay so for `tc-reconnect-timeout` (TC-10, TC-11). */
import type { Clock, Timer } from '#kernel';

export class SilentPeers {
  readonly #timers = new Map<string, Timer>();

  constructor(private readonly timeoutMs: number, private readonly clock: Clock, private readonly lost: (node: string) => void) {}

  fell(node: string): void {
    if (this.timeoutMs === 0) return this.lost(node);
    this.spoke(node);
    this.#timers.set(node, this.clock.setTimer(this.timeoutMs, () => {
      this.#timers.delete(node);
      this.lost(node);
    }));
  }

  spoke(node: string): void {
    this.#timers.get(node)?.cancel();
    this.#timers.delete(node);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
