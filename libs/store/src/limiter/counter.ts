/** The calls in one counter, each until its lease ends. Pure. */

export class CounterCalls {
  readonly #calls = new Map<string, number>();
  /** No lease ends before: until then nobody need look at each call. */
  #soonestMs = Infinity;

  get size(): number {
    return this.#calls.size;
  }

  has(id: string): boolean {
    return this.#calls.has(id);
  }

  set(id: string, untilMs: number): void {
    this.#calls.set(id, untilMs);
    this.#soonestMs = Math.min(this.#soonestMs, untilMs);
  }

  delete(id: string): void {
    this.#calls.delete(id);
  }

  expire(nowMs: number): void {
    if (this.#soonestMs > nowMs) return;
    this.#soonestMs = Infinity;
    for (const [id, untilMs] of this.#calls) {
      if (untilMs <= nowMs) this.#calls.delete(id);
      else this.#soonestMs = Math.min(this.#soonestMs, untilMs);
    }
  }

  /** How many are in both. */
  sharedWith(other: CounterCalls): number {
    const [few, many] = this.size < other.size ? [this, other] : [other, this];
    let shared = 0;
    for (const id of few.#calls.keys()) if (many.has(id)) shared += 1;
    return shared;
  }
}
