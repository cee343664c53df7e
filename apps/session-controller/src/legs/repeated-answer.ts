/** A 2xx to INVITE, repeated until its ACK (RFC 3261 §13.3.1.4), or a reliable 1xx until its PRACK (RFC 3262 §3). */
import type { Clock, Timer } from '#kernel';
import type { ServerTransaction } from '#sip';

const T1_MS = 500;
const T2_MS = 4_000;
const GIVE_UP_MS = 64 * T1_MS;

export class RepeatedAnswer {
  #timer: Timer | undefined;
  #intervalMs = T1_MS;
  #elapsedMs = 0;

  /** `unconfirmed` is called when 64*T1 have passed. */
  constructor(
    private readonly clock: Clock, private readonly transaction: ServerTransaction,
    /** The response as text. */
    readonly bytes: string, private readonly unconfirmed: () => void,
  ) {}

  start(): void {
    this.transaction.respond(this.bytes);
    this.#wait();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer = this.clock.setTimer(this.#intervalMs, () => this.#repeat());
  }

  #repeat(): void {
    this.#elapsedMs += this.#intervalMs;
    if (this.#elapsedMs >= GIVE_UP_MS) return this.unconfirmed();
    this.transaction.respond(this.bytes);
    this.#intervalMs = Math.min(this.#intervalMs * 2, T2_MS, GIVE_UP_MS - this.#elapsedMs);
    this.#wait();
  }
}
