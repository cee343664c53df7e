/** Metrics for Prometheus. Every name gets the prefix `cordboard_`. */
import { Counter as PrometheusCounter, Gauge, Registry } from 'prom-client';
import { assert, type Counter, type Meter } from '#kernel';

type Labels = Readonly<Record<string, string>>;

const PREFIX = 'cordboard_';

/** The readers of one gauge, by label values. */
interface GaugeReaders {
  readonly labelNames: string;
  readonly readers: Map<string, { readonly labels: Labels; readonly read: () => number }>;
  readonly shown: Gauge;
}

class Tally implements Counter {
  amount = 0;

  constructor(readonly labels: Labels) {}

  add(amount = 1): void {
    this.amount += amount;
  }
}

/** What one counter has counted since the last scrape: counting is an addition, and Prometheus hears of it when it asks. */
class Tallies {
  readonly #byLabels = new Map<string, Tally>();

  of(labels: Labels): Tally {
    const key = keyOf(labels);
    let tally = this.#byLabels.get(key);
    if (tally === undefined) {
      tally = new Tally(labels);
      this.#byLabels.set(key, tally);
    }
    return tally;
  }

  forget(labels: Labels): void {
    this.#byLabels.delete(keyOf(labels));
  }

  /** Zeros too: a counter shows before its first event, and a rate over it has a beginning. */
  flush(add: (labels: Labels, amount: number) => void): void {
    for (const tally of this.#byLabels.values()) {
      add(tally.labels, tally.amount);
      tally.amount = 0;
    }
  }
}

export class PrometheusMeter implements Meter {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, { readonly labelNames: string; readonly tallies: Tallies; readonly shown: PrometheusCounter }>();
  readonly #gauges = new Map<string, GaugeReaders>();

  /** What `/metrics` answers with, and its content type. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  counter(name: string, help: string, labels: Labels = {}): Counter {
    const labelNames = namesOf(labels);
    let known = this.#counters.get(name);
    if (known === undefined) {
      known = { labelNames, ...this.#makeCounter(name, help, Object.keys(labels)) };
      this.#counters.set(name, known);
    }
    assert(known.labelNames === labelNames, `metric ${name} has the labels [${known.labelNames}], not [${labelNames}]`);
    return known.tallies.of(labels);
  }

  #makeCounter(name: string, help: string, labelNames: string[]): { tallies: Tallies; shown: PrometheusCounter } {
    const tallies = new Tallies();
    const shown = new PrometheusCounter({
      name: PREFIX + name, help, labelNames, registers: [this.#registry],
      collect() {
        tallies.flush((labels, amount) => this.inc(labels, amount));
      },
    });
    return { tallies, shown };
  }

  gauge(name: string, help: string, read: () => number, labels: Labels = {}): void {
    const labelNames = namesOf(labels);
    const known = this.#gauges.get(name) ?? this.#makeGauge(name, help, Object.keys(labels));
    assert(known.labelNames === labelNames, `metric ${name} has the labels [${known.labelNames}], not [${labelNames}]`);
    known.readers.set(keyOf(labels), { labels, read });
  }

  forget(name: string, labels: Labels): void {
    const counter = this.#counters.get(name);
    counter?.tallies.forget(labels);
    counter?.shown.remove(labels);
    const gauge = this.#gauges.get(name);
    gauge?.readers.delete(keyOf(labels));
    gauge?.shown.remove(labels);
  }

  #makeGauge(name: string, help: string, labelNames: string[]): GaugeReaders {
    const readers: GaugeReaders['readers'] = new Map();
    const shown = new Gauge({
      name: PREFIX + name, help, labelNames, registers: [this.#registry],
      collect() {
        for (const { labels, read } of readers.values()) this.set(labels, read());
      },
    });
    const made: GaugeReaders = { labelNames: labelNames.slice().sort().join(), readers, shown };
    this.#gauges.set(name, made);
    return made;
  }
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort());
}

function namesOf(labels: Labels): string {
  return Object.keys(labels).sort().join();
}
