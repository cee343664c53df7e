/** docs/specs/limits.md, "Invariants", 3: no refusal without a rule or reason, and none while the figure at the store is below the limit. */
import { Verdict } from './verdict.js';

export interface Refused {
  readonly call: string;
  readonly proxy: string;
  /** Rule that the record names, if that proxy has it, enabled, for that number, and no shadow. */
  readonly rule: string | undefined;
  readonly mode: string;
  /** `open`, `share` or `closed`; empty: by the store, or by what needs no store. */
  readonly withoutStore: string;
  /** The latest answer of the store that this proxy could have had; undefined: none yet. */
  readonly full: readonly string[] | undefined;
  /** It refuses whatever is counted. */
  readonly isAllBusy: boolean;
  /** The store failed this proxy for that call. */
  readonly storeFailed: boolean;
}

export class NoRefusalWithoutReason extends Verdict {
  refused({ call, proxy, rule, mode, withoutStore, full, isAllBusy, storeFailed }: Refused): void {
    if (mode === 'all-busy') return;
    if (withoutStore === 'open') return this.fail(`${proxy} refused ${call} although its policy without the store is open`);
    if (withoutStore !== '' && !storeFailed) return this.fail(`${proxy} took the policy ${withoutStore} for ${call} although the store answered`);
    if (withoutStore === 'closed') return;
    if (rule === undefined) return this.fail(`${proxy} refused ${call} without a rule`);
    if (withoutStore === '' && !isAllBusy && full?.includes(rule) !== true) this.fail(`${proxy} refused ${call} by ${rule}, which the store did not say`);
  }

  /** The store said that a check is full. `figure`: the most that it can have counted. */
  full(call: string, check: string, refuse: 'at-least' | 'at-most', figure: number, limit: number): void {
    const isThere = refuse === 'at-least' ? figure >= limit : figure <= limit;
    if (!isThere) this.fail(`${call} was refused by ${check}, limit ${limit}, while the store had ${figure}`);
  }
}
