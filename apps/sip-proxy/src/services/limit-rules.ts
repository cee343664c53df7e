/** What a verdict needs: the rules in force, and where calls are counted. */
import type { RuleTable } from '#limits';
import type { LimiterStore } from '#store';
import type { VerdictSink } from './verdict-sink.js';

/** A table does not change, but for its block list: another rule makes another table. */
export interface LimitRules {
  readonly table: RuleTable;
  /** Called with the table as it is, and whenever it is another one. Answers how to hear no more. */
  watch(listener: (table: RuleTable) => void): () => void;
}

export interface CallLimits {
  readonly rules: LimitRules;
  readonly store: LimiterStore;
  /** Absent: nobody records verdicts. */
  readonly sink?: VerdictSink;
  /** Verdicts that may wait for the store; 65,536 unless given. */
  readonly pendingMax?: number;
}
