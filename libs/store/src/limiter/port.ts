/**
 * Slots of calls at counters, exact for all who share a store: "one more if that stays below the limit", at several counters in one
 * step. A slot is the lease of a call id, so what nobody renews comes free by itself.
 */

export interface LimiterClaim {
  /** Name of the counter: no spaces. */
  readonly counter: string;
  /** Slots at most. `Infinity` takes one in any case: a call that is already there. */
  readonly limit: number;
  /** A full counter is told and takes no slot, but does not refuse the call. */
  readonly shadow?: boolean;
}

export interface LimiterVerdict {
  readonly admitted: boolean;
  /** Counters that are full, shadows too, in the order of the claims. */
  readonly full: readonly string[];
}

/** Every method throws `StoreUnavailable` when the server does not answer: what that means for a call is the caller's policy. */
export interface LimiterStore {
  /**
   * Takes a slot at every counter of the claims, or at none when one that is no shadow is full. A counter at which the call has a slot
   * is never full for it, and counts it once. Refused, the call keeps what it had.
   */
  acquire(callId: string, claims: readonly LimiterClaim[], leaseMs: number): Promise<LimiterVerdict>;
  /** Every slot of these calls lasts `leaseMs` from now. Answers the calls that have none any more. */
  renew(callIds: readonly string[], leaseMs: number): Promise<readonly string[]>;
  /** Frees every slot of the call. False: it had none. */
  release(callId: string): Promise<boolean>;
  /** Slots taken, in the order of the counters. */
  usage(counters: readonly string[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Claims of one call, and calls of one renewal: more is a mistake of the caller. */
export const CLAIMS_MAX = 100;
export const RENEWALS_MAX = 1_000;
