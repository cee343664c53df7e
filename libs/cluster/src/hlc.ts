/** Epochs of ownership: hybrid logical clock values, larger with each claim and comparable between data centres. */

/** Steps within one millisecond. 2^53 holds them until the year 2248. */
const STEPS_PER_MS = 1_024;

export class Hlc {
  #last = 0;

  /** The greatest epoch made or seen here. */
  get last(): number {
    return this.#last;
  }

  /** A new epoch: greater than every one made or seen here, and near to the time of day. */
  next(nowMs: number): number {
    this.#last = Math.max(Math.floor(nowMs) * STEPS_PER_MS, this.#last + 1);
    return this.#last;
  }

  /** Takes note of somebody else's epoch. What is no epoch is passed over. */
  observe(epoch: number): void {
    if (Number.isSafeInteger(epoch) && epoch > this.#last) this.#last = epoch;
  }
}

/** Which of two claims stands: the higher epoch, the greater node name when two are equal. Positive when `a` wins. */
export function compareClaims(
  a: { readonly epoch: number; readonly node: string },
  b: { readonly epoch: number; readonly node: string },
): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  if (a.node === b.node) return 0;
  return a.node > b.node ? 1 : -1;
}
