/** INVITE client transaction: RFC 3261 §17.1.1, with the Accepted state of RFC 6026 §7.2. */
import type { ClientEffects } from './effects.js';
import type { SipTimers, TransactionTimer } from './timers.js';

export type InviteClientState = 'Calling' | 'Proceeding' | 'Completed' | 'Accepted' | 'Abandoned' | 'Terminated';

export class InviteClient<Response> {
  state: InviteClientState = 'Calling';
  #resendMs: number;

  constructor(readonly timers: SipTimers, readonly reliable: boolean, readonly timeoutMs = 64 * timers.t1Ms) {
    this.#resendMs = timers.t1Ms;
  }

  start(out: ClientEffects<Response>): void {
    out.sendRequest();
    out.setTimer('B', this.timeoutMs);
    if (!this.reliable) out.setTimer('A', this.#resendMs);
  }

  onResponse(status: number, response: Response, out: ClientEffects<Response>): void {
    switch (this.state) {
      case 'Calling':
      case 'Proceeding':
        return this.#progress(status, response, out);
      case 'Completed':
        // §17.1.1.2: the server has not seen our ACK. The user has had its response.
        if (status >= 300) out.sendAck(response);
        return;
      case 'Accepted':
        // RFC 6026 §7.2: a 2xx of another fork, or one again because its ACK was lost. The ACK is the user's.
        if (status >= 200 && status < 300) out.deliver(response);
        return;
      case 'Abandoned':
        if (status < 200) out.withdraw();
        else if (status >= 300) out.sendAck(response);
        return;
      case 'Terminated':
        return;
    }
  }

  onTimer(timer: TransactionTimer, out: ClientEffects<Response>): void {
    if (timer === 'A' && this.state === 'Calling') {
      this.#resendMs *= 2;
      out.sendRequest();
      out.setTimer('A', this.#resendMs);
    } else if (timer === 'B' && this.state === 'Calling') {
      this.abandon(out);
      out.fail('timeout');
    } else if (timer === 'B' && this.state === 'Proceeding') {
      this.#fail('timeout', out);
    } else if ((timer === 'B' && this.state === 'Abandoned') || (timer === 'D' && this.state === 'Completed') || (timer === 'M' && this.state === 'Accepted')) {
      this.#terminate(out);
    }
  }

  /** §9.1: a CANCEL was sent; the other end has 64*T1 to end the INVITE. */
  onCancelled(out: ClientEffects<Response>): void {
    if (this.state === 'Proceeding') out.setTimer('B', 64 * this.timers.t1Ms);
  }

  onTransportError(out: ClientEffects<Response>): void {
    if (this.state === 'Calling') this.#fail('transport', out);
    // Deviation from figure 5: the user has its final response already, and one is all it gets.
    else if (this.state === 'Completed') this.#terminate(out);
  }

  /**
   * Deviation from figure 5 and §9.1: the other end may only be slow, or all it said was lost, while the user goes another way. A
   * CANCEL keeps it from having a call that nobody knows of. The INVITE was sent a while before, so the CANCEL does not overtake it.
   */
  abandon(out: ClientEffects<Response>): void {
    this.state = 'Abandoned';
    out.stopTimer('A');
    out.setTimer('B', 64 * this.timers.t1Ms);
    out.withdraw();
  }

  #progress(status: number, response: Response, out: ClientEffects<Response>): void {
    if (this.state === 'Calling') {
      out.stopTimer('A');
      out.stopTimer('B');
    }
    if (status < 200) {
      this.state = 'Proceeding';
      out.deliver(response);
    } else if (status < 300) {
      this.state = 'Accepted';
      out.setTimer('M', 64 * this.timers.t1Ms);
      out.deliver(response);
    } else {
      this.#complete(response, out);
    }
  }

  #complete(response: Response, out: ClientEffects<Response>): void {
    this.state = 'Completed';
    out.sendAck(response);
    if (this.reliable) {
      out.deliver(response);
      this.#terminate(out);
    } else {
      out.setTimer('D', this.timers.timerDMs);
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
