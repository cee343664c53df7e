/** Architecture §9, 6: every SIP transaction ends, every final response reaches the one who asked, no dialog leaks. */
import { Verdict } from './verdict.js';

/** One end of SIP, a phone or a carrier, when all is quiet. */
export interface SipEnd {
  readonly name: string;
  /** Transactions of its own, or of others with it, without an outcome. */
  readonly pending: number;
  readonly dialogs: number;
}

export class SipEnds extends Verdict {
  readonly #troubles: { fromMs: number; toMs: number }[] = [];

  /** While a process stood still or a link was cut, a request may go unanswered for good. */
  trouble(fromMs: number, toMs: number): void {
    this.#troubles.push({ fromMs, toMs });
  }

  /** A request got no final response at all. */
  unanswered(name: string, method: string, sentMs: number, nowMs: number): void {
    if (this.#troubles.some(({ fromMs, toMs }) => fromMs <= nowMs && toMs >= sentMs)) return;
    this.fail(`${name} never had an answer to its ${method} of ${nowMs - sentMs} ms ago, and nothing was in the way`);
  }

  atQuiet(ends: readonly SipEnd[]): void {
    for (const { name, pending, dialogs } of ends) {
      if (pending !== 0) this.fail(`${name} has ${pending} transactions without an outcome`);
      if (dialogs !== 0) this.fail(`${name} has ${dialogs} dialogs that nobody ends`);
    }
  }
}
