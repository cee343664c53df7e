/** Non-INVITE client transaction: RFC 3261 §17.1.2. */
import type { ClientEffects } from './effects.js';
import type { SipTimers, TransactionTimer } from './timers.js';

export type NonInviteClientState = 'Trying' | 'Proceeding' | 'Completed' | 'Terminated';

export class NonInviteClient<Response> {
  state: NonInviteClientState = 'Trying';
  #resendMs: number;

  constructor(readonly timers: SipTimers, readonly reliable: boolean, readonly timeoutMs = 64 * timers.t1Ms) {
    this.#resendMs = timers.t1Ms;
  }

  start(out: ClientEffects<Response>): void {
    out.sendRequest();
    out.setTimer('F', this.timeoutMs);
    if (!this.reliable) out.setTimer('E', this.#resendMs);
  }

  onResponse(status: number, response: Response, out: ClientEffects<Response>): void {
    if (this.state !== 'Trying' && this.state !== 'Proceeding') return;
    if (status < 200) {
      this.state = 'Proceeding';
      out.deliver(response);
    } else {
      this.#complete(response, out);
    }
  }

  onTimer(timer: TransactionTimer, out: ClientEffects<Response>): void {
    if (this.state === 'Completed' && timer === 'K') return this.#terminate(out);
    if (this.state !== 'Trying' && this.state !== 'Proceeding') return;
    if (timer === 'F') return this.#fail('timeout', out);
    if (timer !== 'E') return;
    // §17.1.2.2: doubling up to T2; every T2 once a provisional response shows that the request arrived.
    this.#resendMs = this.state === 'Proceeding' ? this.timers.t2Ms : Math.min(2 * this.#resendMs, this.timers.t2Ms);
    out.sendRequest();
    out.setTimer('E', this.#resendMs);
  }

  onTransportError(out: ClientEffects<Response>): void {
    if (this.state === 'Trying' || this.state === 'Proceeding') this.#fail('transport', out);
  }

  #complete(response: Response, out: ClientEffects<Response>): void {
    this.state = 'Completed';
    out.stopTimer('E');
    out.stopTimer('F');
    if (this.reliable) {
      out.deliver(response);
      this.#terminate(out);
    } else {
      out.setTimer('K', this.timers.t4Ms);
      out.deliver(response);
    }
  }

  #fail(reason: 'timeout' | 'transport', out: ClientEffects<Response>): void {
    this.state = 'Terminated';
    out.fail(reason);
    out.terminated();
  }

  #terminate(out: ClientEffects<Response>): void {
    this.state = 'Terminated';
    out.terminated();
  }
}
