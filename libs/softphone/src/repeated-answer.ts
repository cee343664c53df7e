/** Our 2xx to a re-INVITE, repeated until its ACK comes or 64*T1 have passed (RFC 3261 §13.3.1.4, §14.2). */
import type { Clock, Timer } from '#kernel';
import type { ServerTransaction, SipResponse } from '#sip';

const T1_MS = 500;
const T2_MS = 4_000;
const GIVE_UP_MS = 64 * T1_MS;

export class RepeatedAnswer {
  #timer: Timer | undefined;
  #elapsedMs = 0;

  constructor(private readonly clock: Clock, private readonly transaction: ServerTransaction, private readonly response: SipResponse) {
    this.#send(T1_MS);
  }

  get seq(): number {
    return this.response.cseq.seq;
  }

  get waits(): boolean {
    return this.#timer !== undefined;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #send(intervalMs: number): void {
    this.transaction.respond(this.response);
    this.#elapsedMs += intervalMs;
    if (this.#elapsedMs > GIVE_UP_MS) return this.stop();
    this.#timer = this.clock.setTimer(intervalMs, () => this.#send(Math.min(intervalMs * 2, T2_MS)));
  }
}
