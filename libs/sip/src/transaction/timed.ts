/** The timers of one transaction. Two are enough: what resends, and what ends the state (see `isResendTimer`). */
import type { Clock, Timer } from '#kernel';
import { isResendTimer, type TransactionTimer } from './timers.js';

export abstract class Timed {
  #resend: Timer | undefined;
  #lifetime: Timer | undefined;

  constructor(protected readonly clock: Clock) {}

  protected abstract onTimer(timer: TransactionTimer): void;

  setTimer(timer: TransactionTimer, delayMs: number): void {
    const armed = this.clock.setTimer(delayMs, () => this.onTimer(timer));
    if (isResendTimer(timer)) {
      this.#resend?.cancel();
      this.#resend = armed;
    } else {
      this.#lifetime?.cancel();
      this.#lifetime = armed;
    }
  }

  stopTimer(timer: TransactionTimer): void {
    if (isResendTimer(timer)) {
      this.#resend?.cancel();
      this.#resend = undefined;
    } else {
      this.#lifetime?.cancel();
      this.#lifetime = undefined;
    }
  }

  protected stopTimers(): void {
    this.#resend?.cancel();
    this.#lifetime?.cancel();
    this.#resend = undefined;
    this.#lifetime = undefined;
  }
}
