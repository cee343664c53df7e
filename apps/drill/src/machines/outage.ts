/** Since when nobody took new calls in a data centre, by calls that try all the time. */

export class Outage {
  #sinceMs: number | undefined;
  #longestMs = 0;
  #lastGoodMs: number | undefined;

  /** A try that began at `atMs` and was taken, or not. Tries come in the order of their beginnings or nearly so. */
  tried(atMs: number, taken: boolean): void {
    if (taken) {
      if (this.#sinceMs !== undefined && atMs >= this.#sinceMs) {
        this.#longestMs = Math.max(this.#longestMs, atMs - this.#sinceMs);
        this.#sinceMs = undefined;
      }
      this.#lastGoodMs = Math.max(this.#lastGoodMs ?? atMs, atMs);
    } else if (this.#lastGoodMs === undefined || atMs > this.#lastGoodMs) {
      this.#sinceMs = Math.min(this.#sinceMs ?? atMs, atMs);
    }
  }

  isOut(): boolean {
    return this.#sinceMs !== undefined;
  }

  /** The longest stretch, also one that lasts at `nowMs`. */
  longestMs(nowMs: number): number {
    return Math.max(this.#longestMs, this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs);
  }
}
