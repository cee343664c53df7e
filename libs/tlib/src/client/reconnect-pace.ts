/** When a client tries again, and for how long it waits for an answer: each address in turn, then a pause that doubles. */

const PAUSE_MS_MAX = 5_000;
/** Of a server with another half, which takes over within seconds. */
const PAIR_PAUSE_MS_MAX = 1_000;
/** Clients of one server lose it at the same moment; they need not come back at the same moment. */
const SPREAD = 0.25;

export class ReconnectPace {
  #failures = 0;
  #silences = 0;

  constructor(private readonly addresses: number, private readonly firstMs: number, private readonly random: () => number = Math.random) {}

  /** The connection was lost: milliseconds until the first try. */
  lost(): number {
    this.#failures = 0;
    return this.#pause(0);
  }

  /** A server let us in and answers. */
  opened(): void {
    this.#silences = 0;
  }

  /** A server let us in, and did not answer in time. One that is busy with many who come back needs longer; one that stands still is left soon all the same. */
  stayedSilent(): void {
    this.#silences += 1;
  }

  /** For the answer to what opens a session: doubled after each that did not come, up to `longestMs`. */
  patienceMs(firstMs: number, longestMs: number): number {
    return Math.max(firstMs, Math.min(firstMs * 2 ** Math.min(this.#silences, 20), longestMs));
  }

  /** An address did not answer: milliseconds until the next one, 0 while there is one that was not tried since the last pause. */
  failed(): number {
    this.#failures += 1;
    return this.#failures % this.addresses === 0 ? this.#pause(this.#failures / this.addresses - 1) : 0;
  }

  #pause(doublings: number): number {
    const longestMs = this.addresses > 1 ? PAIR_PAUSE_MS_MAX : PAUSE_MS_MAX;
    const pauseMs = Math.min(this.firstMs * 2 ** Math.min(doublings, 20), Math.max(longestMs, this.firstMs));
    return pauseMs * (1 - SPREAD + 2 * SPREAD * this.random());
  }
}
