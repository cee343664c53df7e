/** docs/specs/limits.md, "Invariants", 4: a refused call has no slot. */
import { Verdict } from './verdict.js';

export class RefusedHasNoSlot extends Verdict {
  /** What the store has at the counters that the call asked for, just before and just after it refused. */
  refused(call: string, before: readonly number[], after: readonly number[]): void {
    if (before.join() !== after.join()) this.fail(`${call} was refused, and its counters went from ${before.join()} to ${after.join()}`);
  }

  /** A call that proxies refused by the store's answer and none let in. */
  slot(call: string, by: string): void {
    this.fail(`${call} was refused, and has a slot by ${by}`);
  }
}
