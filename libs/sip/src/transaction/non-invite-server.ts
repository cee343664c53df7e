/** Non-INVITE server transaction: RFC 3261 §17.2.2. */
import type { ServerEffects } from './effects.js';
import type { SipTimers, TransactionTimer } from './timers.js';

export type NonInviteServerState = 'Trying' | 'Proceeding' | 'Completed' | 'Terminated';

export class NonInviteServer<Response> {
  state: NonInviteServerState = 'Trying';

  constructor(readonly timers: SipTimers, readonly reliable: boolean) {}

  start(): void {}

  /** The request again. */
  onRequest(out: ServerEffects<Response>): void {
    if (this.state === 'Proceeding' || this.state === 'Completed') out.resendResponse();
  }

  /** @returns false when the response may not be sent any more */
  respond(status: number, response: Response, out: ServerEffects<Response>): boolean {
    if (this.state !== 'Trying' && this.state !== 'Proceeding') return false;
    out.sendResponse(response);
    if (status < 200) this.state = 'Proceeding';
    else this.#complete(out);
    return true;
  }

  /** An ACK belongs to an INVITE; it never comes here. */
  onAck(): void {}

  onTimer(timer: TransactionTimer, out: ServerEffects<Response>): void {
    if (timer !== 'J' || this.state !== 'Completed') return;
    this.state = 'Terminated';
    out.terminated();
  }

  #complete(out: ServerEffects<Response>): void {
    this.state = 'Completed';
    if (!this.reliable) return out.setTimer('J', 64 * this.timers.t1Ms);
    this.state = 'Terminated';
    out.terminated();
  }
}
