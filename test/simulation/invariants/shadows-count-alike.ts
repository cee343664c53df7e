/** A shadow counts what the same rule refuses when it is in force, call by call (docs/specs/limits.md, "Slots": ghosts). */
import { Verdict } from './verdict.js';

export class ShadowsCountAlike extends Verdict {
  /** Calls, in the order in which they were made, that the rules refused, and that their shadows would have. */
  compare(refused: readonly string[], shadowed: readonly string[]): void {
    const other = [...refused.filter((call) => !shadowed.includes(call)), ...shadowed.filter((call) => !refused.includes(call))];
    if (other.length > 0) {
      this.fail(`rules refused ${refused.length} calls, and their shadows ${shadowed.length}: they differ on ${other.slice(0, 5).join(', ')}`);
    }
  }
}
