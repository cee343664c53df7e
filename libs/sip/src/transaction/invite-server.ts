/** INVITE server transaction: RFC 3261 §17.2.1, with the Accepted state of RFC 6026 §7.1. */
import type { ServerEffects } from './effects.js';
import type { SipTimers, TransactionTimer } from './timers.js';

export type InviteServerState = 'Proceeding' | 'Completed' | 'Accepted' | 'Confirmed' | 'Terminated';

export class InviteServer<Response> {
  state: InviteServerState = 'Proceeding';
  #resendMs: number;
  #answered = false;

  constructor(readonly timers: SipTimers, readonly reliable: boolean) {
    this.#resendMs = timers.t1Ms;
  }

  start(out: ServerEffects<Response>): void {
    out.setTimer('Trying', this.timers.tryingMs);
  }

  /** The INVITE again. */
  onRequest(out: ServerEffects<Response>): void {
    if (this.state === 'Completed' || (this.state === 'Proceeding' && this.#answered)) out.resendResponse();
    // RFC 6026 §7.1: in Accepted the INVITE is absorbed; the user repeats its 2xx.
  }

  /** @returns false when the response may not be sent any more */
  respond(status: number, response: Response, out: ServerEffects<Response>): boolean {
    if (this.state === 'Accepted' && status >= 200 && status < 300) {
      out.sendResponse(response);
      return true;
    }
    if (this.state !== 'Proceeding') return false;
    out.stopTimer('Trying');
    this.#answered = true;
    out.sendResponse(response);
    if (status >= 300) this.#complete(out);
    else if (status >= 200) this.#accept(out);
    return true;
  }

  onAck(out: ServerEffects<Response>): void {
    if (this.state === 'Accepted') return out.deliverAck();
    if (this.state !== 'Completed') return;
    out.stopTimer('G');
    this.state = 'Confirmed';
    if (this.reliable) this.#terminate(out);
    else out.setTimer('I', this.timers.t4Ms);
  }

  onTimer(timer: TransactionTimer, out: ServerEffects<Response>): void {
    if (timer === 'Trying' && this.state === 'Proceeding') {
      this.#answered = true;
      out.sendTrying();
    } else if (timer === 'G' && this.state === 'Completed') {
      this.#resendMs = Math.min(2 * this.#resendMs, this.timers.t2Ms);
      out.resendResponse();
      out.setTimer('G', this.#resendMs);
    } else if (timer === 'H' && this.state === 'Completed') {
      this.state = 'Terminated';
      out.timedOut();
      out.terminated();
    } else if ((timer === 'I' && this.state === 'Confirmed') || (timer === 'L' && this.state === 'Accepted')) {
      this.#terminate(out);
    }
  }

  #accept(out: ServerEffects<Response>): void {
    this.state = 'Accepted';
    out.setTimer('L', 64 * this.timers.t1Ms);
  }

  #complete(out: ServerEffects<Response>): void {
    this.state = 'Completed';
    out.setTimer('H', 64 * this.timers.t1Ms);
    if (!this.reliable) out.setTimer('G', this.#resendMs);
  }

  #terminate(out: ServerEffects<Response>): void {
    this.state = 'Terminated';
    out.terminated();
  }
}
