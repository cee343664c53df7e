/** The timers of RFC 3261 §17 and table 4, with RFC 6026's L and M. One set per stack, so that two stacks never share. */

export interface SipTimers {
  /** Round-trip time estimate. */
  readonly t1Ms: number;
  /** The longest interval between retransmissions of a non-INVITE request or an INVITE response. */
  readonly t2Ms: number;
  /** How long a message may stay in the network. */
  readonly t4Ms: number;
  /** How long an INVITE waits for the user before the layer says 100 itself (§17.2.1). */
  readonly tryingMs: number;
  /** Timer D over unreliable transports: at least 32 s. */
  readonly timerDMs: number;
}

export const DEFAULT_TIMERS: SipTimers = { t1Ms: 500, t2Ms: 4000, t4Ms: 5000, tryingMs: 200, timerDMs: 32_000 };

/** The letters of table 4, and the unnamed 200 ms before a 100. */
export type TransactionTimer =
  | 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'Trying';

/** Timers that make something leave again or at last; the others end a state. A transaction runs one of each at most. */
export function isResendTimer(timer: TransactionTimer): boolean {
  return timer === 'A' || timer === 'E' || timer === 'G' || timer === 'Trying';
}
