/** Metrics for Prometheus. Every name gets the prefix `cordboard_`. */
import { Counter as PrometheusCounter, Gauge, Registry } from 'prom-client';
import { assert, type Counter, type Meter } from '#kernel';

type Labels = Readonly<Record<string, string>>;

const PREFIX = 'cordboard_';

/** The readers of one gauge, by label values. */
interface GaugeReaders {
  readonly labelNames: string;
  readonly readers: Map<string, { readonly labels: Labels; readonly read: () => number }>;
}

export class PrometheusMeter implements Meter {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, { readonly labelNames: string; readonly counter: PrometheusCounter }>();
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
      const counter = new PrometheusCounter({
        name: PREFIX + name, help, labelNames: Object.keys(labels), registers: [this.#registry],
      });
      known = { labelNames, counter };
      this.#counters.set(name, known);
    }
    assert(known.labelNames === labelNames, `metric ${name} has the labels [${known.labelNames}], not [${labelNames}]`);
    const child = known.counter.labels(labels);
    // So that a counter shows as 0 before its first event, and a rate over it has a beginning.
    child.inc(0);
    return { add: (amount = 1) => child.inc(amount) };
  }

  gauge(name: string, help: string, read: () => number, labels: Labels = {}): void {
    const labelNames = namesOf(labels);
    const known = this.#gauges.get(name) ?? this.#makeGauge(name, help, Object.keys(labels));
    assert(known.labelNames === labelNames, `metric ${name} has the labels [${known.labelNames}], not [${labelNames}]`);
    known.readers.set(JSON.stringify(Object.entries(labels).sort()), { labels, read });
  }

  #makeGauge(name: string, help: string, labelNames: string[]): GaugeReaders {
    const made: GaugeReaders = { labelNames: labelNames.slice().sort().join(), readers: new Map() };
    this.#gauges.set(name, made);
    new Gauge({
      name: PREFIX + name, help, labelNames, registers: [this.#registry],
      collect() {
        for (const { labels, read } of made.readers.values()) this.set(labels, read());
      },
    });
    return made;
  }
}

function namesOf(labels: Labels): string {
  return Object.keys(labels).sort().join();
}
