/** One way to pass a request on: where it goes, how it looks there, and how long it may stay without any answer. */
import type { BranchFailure, Flow, Target } from '#sip';
import type { AccessName } from './access-names.js';

export type HopFailure = BranchFailure | 'busy';

export interface Hop {
  readonly to: Target | Flow;
  /** What our Via says. */
  readonly name: AccessName;
  /** Undefined: as long as the transaction's own timers allow. */
  readonly timeoutMs: number | undefined;
  /** The request without our Via. Asked for when the hop is tried. */
  bytes(): string;
  failed?(failure: HopFailure): void;
  /** Asked before it is tried, when another one failed: false passes it over. */
  mayLead?(): boolean;
  /** Calls back when whoever is there is gone, and somebody else may be asked: who has not answered yet never will. Answers how to stop that. */
  watch?(lost: () => void): () => void;
  /** Calls back when `to` leads to another process, which has taken over: what belongs to the request goes there. Answers how to stop that. */
  follow?(turned: () => void): () => void;
}
