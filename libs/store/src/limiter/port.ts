/**
 * Slots of calls at counters, exact for all who share a store (docs/specs/limits.md). A slot is the lease of a call, so what nobody tells
 * any more comes free by itself. The record of a call is what each teller said of it last; whatever is told twice or late changes nothing.
 */

/** What a call has at a counter. */
export interface LimiterTake {
  /** Name of the counter: no spaces. */
  readonly counter: string;
  /** It ends when the call gets into one of these counters, by whichever teller, and stays over for as long as its teller goes on saying it. */
  readonly until?: readonly string[];
}

/**
 * One rule's question. Its figure is the sum over `counters` and `way` of the calls in each, where a call that is in two counts twice; without
 * calls that are also in `ghosts`, and without the call itself.
 */
export interface LimiterCheck {
  /** Of the rule: comes back in `full`. */
  readonly name: string;
  readonly counters: readonly string[];
  /** `any`: each of `counters` alone with all of `way`; one that is there is enough. */
  readonly combine: 'sum' | 'any';
  /** `at-least`: full when the figure is at or above the limit; `at-most`: at or below. */
  readonly refuse: 'at-least' | 'at-most';
  readonly limit: number;
  readonly way: readonly string[];
  /** Counter of the calls that a shadow would have refused. A full shadow takes a slot of the call there. */
  readonly ghosts?: string;
  /** Full is told, but refuses nothing. */
  readonly shadow: boolean;
}

export interface LimiterClaim {
  readonly checks: readonly LimiterCheck[];
  readonly takes: readonly LimiterTake[];
}

export interface LimiterVerdict {
  readonly admitted: boolean;
  /** Names of checks that are full, shadows too, in the order of the checks. */
  readonly full: readonly string[];
}

/** All that one teller knows of a call. */
export interface LimiterHolding {
  readonly id: string;
  /** Who tells. What it said before of this call is replaced; what others said stands. */
  readonly by: string;
  /** None: the teller has nothing to say of the call any more. */
  readonly takes: readonly LimiterTake[];
  /** The id under which a proxy acquired the call's slots: from now on that one is this call, and its record is over. */
  readonly was?: string;
  /** Only beside what somebody else tells who does not amend, and never for longer. */
  readonly amends?: boolean;
}

/** Every method throws `StoreUnavailable` when the server does not answer: what that means for a call is the caller's policy. */
export interface LimiterStore {
  /** `acquire` at once. There, where the store lives and dies with this process: such a one is never away. */
  readonly acquireNow: ((id: string, claim: LimiterClaim, leaseMs: number) => LimiterVerdict) | undefined;
  /**
   * One verdict, in one step: no check is full but shadows: the call has the slots of `takes`, and at the ghosts of each full shadow. Else it
   * has no slot more. The same call again replaces its takes. A call that a session controller has under another id (`was`) takes nothing more.
   */
  acquire(id: string, claim: LimiterClaim, leaseMs: number): Promise<LimiterVerdict>;
  /**
   * The slots of these calls by these tellers are exactly these, for `leaseMs` from now, whatever the limits. False: ignored, because the call was
   * released within the last 30 s, goes on under another id, or has no record to amend.
   */
  hold(holdings: readonly LimiterHolding[], leaseMs: number): Promise<readonly boolean[]>;
  /** Frees all slots of the calls, whoever told them; what is told of them for 30 s is late. False: nobody told of it, or it goes on under another id. */
  release(ids: readonly string[]): Promise<readonly boolean[]>;
  /** Calls in each counter. */
  usage(counters: readonly string[]): Promise<readonly number[]>;
  /** The store answers again, and may have lost what it had. Answers how to hear no more. */
  onUp(listener: () => void): () => void;
  close(): Promise<void>;
}

/** By which proxies take slots with a verdict. */
export const ACQUIRED_BY = 'sip-proxy';

/** Of one verdict, and of one batch: more is a mistake of the caller. */
export const CHECKS_MAX = 100;
export const TAKES_MAX = 300;
export const HOLDINGS_MAX = 100;
/** How long a release outlives its call. */
export const LATE_MS = 30_000;
