/** docs/specs/limits.md, "Invariants", 1: the slots taken at a counter are those of calls that live, or of ones that died less than a lease ago. */
import { Verdict } from './verdict.js';

/** Between the end of a call and what its session controller says next; the book of calls is looked at in steps. */
const TURN_MS = 1_000;

export interface Slot {
  readonly call: string;
  readonly by: string;
  /** When the latest lease of it was told. */
  readonly sentMs: number;
  /** Undefined: it lives. */
  readonly endedMs: number | undefined;
}

export class SlotsOfLiveCalls extends Verdict {
  /** A session controller says that a call has slots. */
  tells(node: string, call: string, isThere: boolean): void {
    if (!isThere) this.fail(`${node} holds slots of ${call}, which it does not have`);
  }

  /** A lease that lasts. What a proxy tells starts with its verdict, perhaps after the caller is gone: its own end is the lease's. */
  slot({ call, by, sentMs, endedMs }: Slot): void {
    if (endedMs === undefined || by === 'sip-proxy' || sentMs <= endedMs + TURN_MS) return;
    this.fail(`${by} held a slot of ${call} ${sentMs - endedMs} ms after it had ended`);
  }

  /** The store's figure, and how many calls it was told of. */
  counted(counter: string, figure: number, told: number): void {
    if (figure !== told) this.fail(`the store has ${figure} calls at ${counter}, and was told of ${told}`);
  }

  /** A call lives at a session controller that could have told of it for so long, and has no slot. */
  missing(call: string, calmMs: number): void {
    this.fail(`${call} lives and has no slot, although nothing was in the way for ${calmMs} ms`);
  }

  /** Nothing lives any more, for longer than a lease. */
  atQuiet(counter: string, figure: number, live: number): void {
    if (figure !== live) this.fail(`at quiet ${counter} has ${figure}, and ${live} live`);
  }
}
