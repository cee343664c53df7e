/**
 * A smart proxy that has just started knows no DN. Who registers for all of them waits until it heard which T-Controllers live and read
 * what they say; otherwise calls that stand would be told as if they began.
 */
import type { Clock, Timer } from '#kernel';

/** Every T-Controller says each second that it lives. */
const LISTEN_MS = 1_200;
/** One that lives and does not answer holds nobody up for longer. */
const PATIENCE_MS = 2_000;

export class CatchUp {
  #waiting: (() => void)[] = [];
  readonly #timers: Timer[] = [];
  #reading = 0;
  #isListening = true;
  #isOver = false;

  constructor(private readonly clock: Clock) {}

  start(): void {
    this.#timers.push(
      this.clock.setTimer(LISTEN_MS, () => {
        this.#isListening = false;
        this.#look();
      }),
      this.clock.setTimer(PATIENCE_MS, () => this.#end()),
    );
  }

  /** A T-Controller is being read; call the answer when it is. */
  reading(): () => void {
    this.#reading += 1;
    return () => {
      this.#reading -= 1;
      this.#look();
    };
  }

  /** Calls `then` once everything is known, at once when it is. */
  whenOver(then: () => void): void {
    if (this.#isOver) then();
    else this.#waiting.push(then);
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#waiting = [];
  }

  #look(): void {
    if (!this.#isListening && this.#reading === 0) this.#end();
  }

  #end(): void {
    this.#isOver = true;
    for (const timer of this.#timers) timer.cancel();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const then of waiting) then();
  }
}
