/**
 * docs/specs/limits.md, "Invariants", 2: no call that the store lets in brings a counter above the limit. Compared are the store's own figure, and the calls
 * that truly live. Of those, calls that the store could not know of do not count: let in without it, lost with it, or not told for a lease.
 */
import { Verdict } from './verdict.js';

export interface LetIn {
  readonly call: string;
  readonly check: string;
  readonly limit: number;
  /** Of the store after it took the call's slots, the call itself among them. */
  readonly figure: number;
  /** Other calls that live and that the store was told of; undefined where the check is not of calls to numbers. */
  readonly others: number | undefined;
}

export class NeverAboveLimit extends Verdict {
  letIn({ call, check, limit, figure, others }: LetIn): void {
    if (figure > limit) this.fail(`${call} was let in by ${check} of ${limit}, which has ${figure} with it`);
    if (others !== undefined && others >= limit) this.fail(`${call} was let in by ${check} of ${limit} although ${others} others live`);
  }
}
