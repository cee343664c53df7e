/** Reliable 1xx of one INVITE, RFC 3262: one at a time, repeated until its PRACK. */
import type { HeaderLine, ServerTransaction, SipRequest, SipResponse } from '#sip';
import type { LegPorts } from './leg.js';
import { RepeatedAnswer } from './repeated-answer.js';

type MakeResponse = (reliable: readonly HeaderLine[]) => SipResponse;

export class ReliableProvisional {
  #rseq: number;
  #current: RepeatedAnswer | undefined;
  /** §3: a second one waits for the PRACK of the first; only the newest is of interest then. */
  #next: MakeResponse | undefined;
  #afterwards: (() => void) | undefined;

  /** `unconfirmed`: 64*T1 without a PRACK, the INVITE should be refused (§3). */
  constructor(
    private readonly transaction: ServerTransaction, private readonly ports: LegPorts, private readonly unconfirmed: () => void,
  ) {
    // §3: the first RSeq is chosen from 1 to 2^31 - 1.
    this.#rseq = 1 + (ports.entropy.uint32() & 0xff_ffff);
  }

  send(make: MakeResponse): void {
    if (this.#current !== undefined) {
      this.#next = make;
      return;
    }
    this.#rseq += 1;
    const response = make([['Require', '100rel'], ['RSeq', String(this.#rseq)]]);
    this.#current = new RepeatedAnswer(this.ports.clock, this.transaction, response, this.unconfirmed);
    this.#current.start();
  }

  /** Calls `done` at once when nothing waits for a PRACK. */
  whenAcknowledged(done: () => void): void {
    this.#next = undefined;
    if (this.#current === undefined) done();
    else this.#afterwards = done;
  }

  /** @returns the status for the PRACK; §3: 481 when it matches nothing unacknowledged */
  onPrack(request: SipRequest): 200 | 481 {
    const [rseq, cseq, method] = (request.header('RAck') ?? '').split(/\s+/);
    const invite = this.transaction.request.cseq;
    const matches = Number(rseq) === this.#rseq && Number(cseq) === invite.seq && method === invite.method;
    if (this.#current === undefined || !matches) return 481;
    this.#current.stop();
    this.#current = undefined;
    // After the PRACK's own answer, as the caller sends it first.
    this.ports.clock.setTimer(0, () => this.#proceed());
    return 200;
  }

  stop(): void {
    this.#current?.stop();
    this.#next = undefined;
    this.#afterwards = undefined;
  }

  #proceed(): void {
    const next = this.#next;
    const afterwards = this.#afterwards;
    this.#next = undefined;
    this.#afterwards = undefined;
    if (next !== undefined) this.send(next);
    afterwards?.();
  }
}
