/** A live call as the directory keeps it. */
import type { Machine, Timer } from '#kernel';
import type { CallEffect, CallIdentity, CallInput, CallSnapshot, CallSummary, CallView } from '#telephony';
import type { TEvent } from '#tlib';
import type { CallSlots } from '../machines/call-slots.js';

/** What the directory needs of the call machine of `#telephony`. */
export interface CallMachine extends Machine<CallInput, CallEffect> {
  /** The call as a DN sees it; undefined when the DN has no part in it any more. */
  viewOf(dn: string): CallView | undefined;
  summary(): CallSummary;
  /** DNs that were told of the call and still have a part in it. */
  dns(): string[];
  /** Call-monitoring events that tell it as it is. */
  picture(): TEvent[];
  /** All that it is made of, to be serialised before the next input. */
  readonly state: Readonly<CallSnapshot>;
}

export interface CallRecord {
  readonly identity: CallIdentity;
  readonly machine: CallMachine;
  readonly timers: Map<string, Timer>;
  /** DNs that were told of this call and still have a part in it. */
  readonly dns: Set<string>;
  /** Of the latest input, or of a sign of life of a leg. */
  lastActiveMs: number;
  /** At the limiter store, as far as its state does not say them. */
  slots: CallSlots | undefined;
  /** The limiter store was told of it. */
  counts: boolean;
  ended: boolean;
  /** Torn down because of a bug. */
  broken: boolean;
}
