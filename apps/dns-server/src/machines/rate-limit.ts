/** How many queries one source may ask in a second. Bounded: sources beyond the table share one count. */

const SOURCES_MAX = 16_384;
const WINDOW_MS = 1_000;
const OVERFLOW = '';

export class RateLimit {
  readonly #counts = new Map<string, number>();
  #windowEndsMs = 0;

  constructor(private readonly perSecond: number) {}

  /** Counts a query and answers whether it is within the limit. */
  admits(source: string, nowMs: number): boolean {
    if (nowMs >= this.#windowEndsMs) {
      this.#counts.clear();
      this.#windowEndsMs = nowMs + WINDOW_MS;
    }
    const key = this.#counts.has(source) || this.#counts.size < SOURCES_MAX ? source : OVERFLOW;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= this.perSecond;
  }
}
