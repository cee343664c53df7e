/** Metrics as a port. Names are Prometheus names without the `cordboard_` prefix; label sets must be small and bounded. */

export interface Counter {
  add(amount?: number): void;
}

export interface Meter {
  counter(name: string, help: string, labels?: Readonly<Record<string, string>>): Counter;
  /** A value read when metrics are scraped. Registering the same name and labels again replaces the reader. */
  gauge(name: string, help: string, read: () => number, labels?: Readonly<Record<string, string>>): void;
  /** The counter or gauge of that name and labels shows no more. What still counts by it counts for nobody. */
  forget(name: string, labels: Readonly<Record<string, string>>): void;
}

/** Counts, and lets tests and the simulator read what was counted. */
export class CountingMeter implements Meter {
  readonly counts = new Map<string, number>();
  readonly #gauges = new Map<string, () => number>();

  counter(name: string, _help: string, labels: Readonly<Record<string, string>> = {}): Counter {
    const key = meterKey(name, labels);
    return { add: (amount = 1) => void this.counts.set(key, (this.counts.get(key) ?? 0) + amount) };
  }

  gauge(name: string, _help: string, read: () => number, labels: Readonly<Record<string, string>> = {}): void {
    this.#gauges.set(meterKey(name, labels), read);
  }

  forget(name: string, labels: Readonly<Record<string, string>>): void {
    this.counts.delete(meterKey(name, labels));
    this.#gauges.delete(meterKey(name, labels));
  }

  /** What the gauge says now; undefined when nobody has one of that name and labels. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return this.#gauges.get(meterKey(name, labels))?.();
  }

  count(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.counts.get(meterKey(name, labels)) ?? 0;
  }
}

function meterKey(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(labels).sort().map((key) => `${key}=${labels[key]}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}
