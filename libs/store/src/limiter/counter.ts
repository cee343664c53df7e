/** The calls in one counter, each until its lease ends. Pure. */

/** Most counters of ten thousand have one call at a time, which needs no map. */
export class CounterCalls {
  /** The only call, while there is no map. */
  #id: string | undefined;
  #calls: Map<string, number> | undefined;
  /** No lease ends before: until then nobody need look at each call. */
  #soonestMs = Infinity;
  #latestMs = 0;
  /** In the map leases end in its order, as they do when all last alike: whoever looks for those that are over stops at the first that is not. */
  #isOrdered = true;

  get size(): number {
    return this.#calls?.size ?? (this.#id === undefined ? 0 : 1);
  }

  has(id: string): boolean {
    return this.#calls?.has(id) ?? this.#id === id;
  }

  set(id: string, untilMs: number): void {
    if (this.#calls === undefined && (this.#id === undefined || this.#id === id)) {
      this.#id = id;
      this.#soonestMs = untilMs;
      this.#latestMs = untilMs;
      return;
    }
    this.#calls ??= new Map([[this.#id!, this.#soonestMs]]);
    const before = this.#calls.size;
    this.#calls.set(id, untilMs);
    if (this.#calls.size === before) this.#makeLast(this.#calls, id, untilMs);
    this.#soonestMs = Math.min(this.#soonestMs, untilMs);
    this.#isOrdered &&= untilMs >= this.#latestMs;
    this.#latestMs = Math.max(this.#latestMs, untilMs);
  }

  #makeLast(calls: Map<string, number>, id: string, untilMs: number): void {
    calls.delete(id);
    calls.set(id, untilMs);
  }

  delete(id: string): void {
    if (this.#calls === undefined) {
      if (this.#id === id) this.#id = undefined;
      return;
    }
    this.#calls.delete(id);
    if (this.#calls.size === 0) this.#beginAnew();
  }

  expire(nowMs: number): void {
    if (this.#soonestMs > nowMs) return;
    this.#soonestMs = Infinity;
    if (this.#calls === undefined) this.#id = undefined;
    else this.#expireOf(this.#calls, nowMs);
    if (this.#calls?.size === 0) this.#beginAnew();
  }

  /** Without a map. */
  #beginAnew(): void {
    this.#calls = undefined;
    this.#id = undefined;
    this.#isOrdered = true;
  }

  #expireOf(calls: Map<string, number>, nowMs: number): void {
    for (const [id, untilMs] of calls) {
      if (untilMs <= nowMs) {
        calls.delete(id);
        continue;
      }
      this.#soonestMs = Math.min(this.#soonestMs, untilMs);
      if (this.#isOrdered) return;
    }
  }

  /** How many are in both. */
  sharedWith(other: CounterCalls): number {
    const [few, many] = this.size < other.size ? [this, other] : [other, this];
    let shared = 0;
    for (const id of few.#ids()) if (many.has(id)) shared += 1;
    return shared;
  }

  #ids(): Iterable<string> {
    if (this.#calls !== undefined) return this.#calls.keys();
    return this.#id === undefined ? [] : [this.#id];
  }
}
