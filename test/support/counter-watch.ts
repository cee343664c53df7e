/** Figures that are looked at all the time: the least and the most of each, while the machine went on. */

const EVERY_MS = 20;

export class CounterWatch {
  readonly least = new Map<string, number>();
  readonly most = new Map<string, number>();
  looks = 0;
  #ended = false;
  readonly #over: Promise<void>;

  /**
   * Begins at once. What was not looked at for a third of `leaseMs` stood still, and let slots run out that nobody could tell of again: what is
   * seen then does not count, for a lease. @param read may fail: what cannot be seen is not seen
   */
  constructor(private readonly read: () => Promise<ReadonlyMap<string, number>>, private readonly leaseMs: number) {
    this.#over = this.#watch();
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#over;
  }

  async #watch(): Promise<void> {
    let lookedMs = performance.now();
    let countsFromMs = lookedMs;
    while (!this.#ended) {
      const seen = await this.read().catch(() => undefined);
      const nowMs = performance.now();
      if (nowMs - lookedMs > this.leaseMs / 3) countsFromMs = nowMs + this.leaseMs;
      lookedMs = nowMs;
      if (seen !== undefined && nowMs >= countsFromMs) this.#see(seen);
      await new Promise((resolve) => { setTimeout(resolve, EVERY_MS); });
    }
  }

  #see(figures: ReadonlyMap<string, number>): void {
    this.looks += 1;
    for (const [name, figure] of figures) {
      this.least.set(name, Math.min(figure, this.least.get(name) ?? figure));
      this.most.set(name, Math.max(figure, this.most.get(name) ?? figure));
    }
  }
}
