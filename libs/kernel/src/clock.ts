/** Time as a port: machines are told the time, shells ask a `Clock` for it and for timers. */

/** A running timer. `cancel` after it fired, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; never goes back within a process. */
  nowMs(): number;
  /** Calls `fire` once, no earlier than `delayMs` from now. Never calls it synchronously. */
  setTimer(delayMs: number, fire: () => void): Timer;
}
