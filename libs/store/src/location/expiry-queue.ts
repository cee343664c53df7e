/** What runs out when, to the second: thousands of entries share one timer and one array per second. */

const SLOT_MS = 1_000;

export class ExpiryQueue<T> {
  readonly #slots = new Map<number, T[]>();
  #earliest: number | undefined;

  add(dueMs: number, item: T): void {
    const slot = Math.ceil(dueMs / SLOT_MS);
    const items = this.#slots.get(slot);
    if (items === undefined) this.#slots.set(slot, [item]);
    else items.push(item);
    if (this.#earliest === undefined || slot < this.#earliest) this.#earliest = slot;
  }

  nextDueMs(): number | undefined {
    return this.#earliest === undefined ? undefined : this.#earliest * SLOT_MS;
  }

  /** Hands out everything due at `nowMs`; an item that was added twice comes twice. */
  take(nowMs: number, each: (item: T) => void): void {
    const due = [...this.#slots.keys()].filter((slot) => slot * SLOT_MS <= nowMs).sort((a, b) => a - b);
    for (const slot of due) {
      const items = this.#slots.get(slot) as T[];
      this.#slots.delete(slot);
      for (const item of items) each(item);
    }
    this.#earliest = undefined;
    for (const slot of this.#slots.keys()) {
      if (this.#earliest === undefined || slot < this.#earliest) this.#earliest = slot;
    }
  }

  clear(): void {
    this.#slots.clear();
    this.#earliest = undefined;
  }
}
