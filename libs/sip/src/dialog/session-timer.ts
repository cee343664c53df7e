/** Session timers, RFC 4028: a call whose other end is gone ends, and does not wait for ever for a BYE. */

/** What both ends agreed on. Plain data, kept with the dialog. */
export interface SessionTimerState {
  /** Session-Expires, seconds. */
  readonly intervalS: number;
  /** The largest Min-SE seen in this dialog, seconds (§7.1). */
  readonly minSeS: number;
  readonly refresher: 'local' | 'remote';
  /** Epoch milliseconds when the session was last refreshed; deadlines follow from it, also on another node. */
  readonly refreshedAtMs: number;
}
