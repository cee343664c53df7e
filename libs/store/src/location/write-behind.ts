/** Changes on their way to a server: per key the latest alone, in the order in which keys came, with a bound. Pure. */

export class WriteBehind<T> {
  readonly #waiting = new Map<string, T>();
  #inFlight: ReadonlyMap<string, T> = new Map();
  #isOverflowed = false;

  constructor(private readonly max: number) {}

  get size(): number {
    return this.#waiting.size + this.#inFlight.size;
  }

  /** Whether a change was refused since `forgetOverflow`: what the server lacks is not known any more. */
  get isOverflowed(): boolean {
    return this.#isOverflowed;
  }

  /** False when there is no room for a new key. */
  add(key: string, change: T): boolean {
    if (!this.#waiting.has(key) && this.size >= this.max) {
      this.#isOverflowed = true;
      return false;
    }
    this.#waiting.set(key, change);
    return true;
  }

  /** Up to `count` changes; settle them by `done` or `failed` before the next ones are taken. */
  take(count: number): ReadonlyMap<string, T> {
    const batch = new Map<string, T>();
    for (const [key, change] of this.#waiting) {
      if (batch.size === count) break;
      batch.set(key, change);
      this.#waiting.delete(key);
    }
    this.#inFlight = batch;
    return batch;
  }

  done(): void {
    this.#inFlight = new Map();
  }

  /** They wait again, behind those that came since, unless a later change of the key is waiting. */
  failed(): void {
    for (const [key, change] of this.#inFlight) if (!this.#waiting.has(key)) this.#waiting.set(key, change);
    this.#inFlight = new Map();
  }

  /** Everything is about to be written in full, beside what waits here. */
  forgetOverflow(): void {
    this.#isOverflowed = false;
  }
}
