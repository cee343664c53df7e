/**
 * Epochs: hybrid logical clock values, larger with each claim, comparable between data centres, and of two makers never equal. An epoch is a step of
 * time above 12 bits that are its maker's own (docs/specs/ownership.md).
 */

/** 2^53 holds the steps that are left until the year 2248. */
const STEP_MS = 4;
/** server-ids are smaller. */
const MAKERS = 4_096;

/** An epoch of `maker`: near to the time of day, and at least `steps` steps later than `above`. What is no epoch is passed over. */
export function epochAt(nowMs: number, maker: number, above = 0, steps = 1): number {
  const least = Number.isSafeInteger(above) ? Math.floor(above / MAKERS) + steps : 0;
  return Math.max(Math.floor(nowMs / STEP_MS), least) * MAKERS + maker;
}

/** The next epoch of the same maker. */
export function epochAfter(epoch: number): number {
  return epoch + MAKERS;
}

export class Hlc {
  #last = 0;

  /** @param maker 0 to 4095, of nobody else whose epochs these are compared with */
  constructor(private readonly maker: number) {}

  /** The greatest epoch made or seen here. */
  get last(): number {
    return this.#last;
  }

  /** A new epoch: greater than every one made or seen here, and near to the time of day. */
  next(nowMs: number): number {
    this.#last = epochAt(nowMs, this.maker, this.#last);
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
