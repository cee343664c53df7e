/** Architecture §9, 4: a queued caller is routed, abandoned or default-routed in bounded time; none is forgotten. */
import type { TEvent } from '#tlib';
import { Verdict } from './verdict.js';

const LEAVES: ReadonlySet<string> = new Set(['EventDiverted', 'EventAbandoned', 'EventReleased']);

export class BoundedWait extends Verdict {
  /** Since when the call waits, by Routing Point and ConnID, oldest first. */
  readonly #since = new Map<string, number>();

  constructor(private readonly maxMs: number) {
    super();
  }

  /** What the session controller says of a Routing Point. */
  heard(event: TEvent, nowMs: number): void {
    const key = `${String(event['ThisDN'])} ${String(event['ConnID'])}`;
    if (event.msg === 'EventQueued') this.#since.set(key, nowMs);
    else if (LEAVES.has(event.msg)) this.#since.delete(key);
  }

  /** A picture instead of events: these are all calls of that session controller at the Routing Point. ConnIDs tell whose they are. */
  pictured(point: string, connIDs: readonly string[], isOurs: (connID: string) => boolean): void {
    for (const key of [...this.#since.keys()]) {
      const [at, connID = ''] = key.split(' ');
      if (at === point && isOurs(connID) && !connIDs.includes(connID)) this.#since.delete(key);
    }
  }

  /** Now and then, and after each step. */
  at(nowMs: number): void {
    const [oldest] = this.#since;
    if (oldest === undefined || nowMs - oldest[1] <= this.maxMs) return;
    this.fail(`the call at ${oldest[0]} has waited for ${Math.round((nowMs - oldest[1]) / 1_000)} s`);
  }

  atQuiet(): void {
    const [oldest] = this.#since;
    if (oldest !== undefined) this.fail(`the call at ${oldest[0]} is forgotten there`);
  }
}
