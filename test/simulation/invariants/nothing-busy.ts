/** Architecture §9, 5: when nothing is live, nothing is busy. */
import { Verdict } from './verdict.js';

/** Something that may be busy, and how much of it is. */
export interface Count {
  readonly what: string;
  readonly busy: number;
}

export class NothingBusy extends Verdict {
  atQuiet(counts: readonly Count[]): void {
    const left = counts.filter(({ busy }) => busy !== 0);
    if (left.length > 0) this.fail(`still busy: ${left.map(({ what, busy }) => `${busy} ${what}`).join(', ')}`);
  }
}
