/** Verdicts of call limits, as proxies of the data centre tell them: into the durable queue first, then acknowledged. */
import { type Bus, type BusSubscription, subjects } from '#cluster';
import type { Clock, Counter, Meter } from '#kernel';
import type { KeepVerdicts, VerdictsKept } from '#telephony';
import type { HeardVerdicts } from '../machines/verdicts.js';
import type { Journal } from './journal.js';

export interface VerdictIntakePorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly meter: Meter;
}

/** Recorders of a data centre share the work. */
const QUEUE = 'recorder';

export class VerdictIntake {
  readonly #heard: Counter;
  readonly #refused: Counter;
  #subscription: BusSubscription | undefined;

  constructor(private readonly journal: Journal, private readonly dataCentre: string, private readonly ports: VerdictIntakePorts) {
    this.#heard = ports.meter.counter('recorder_verdicts_heard_total', 'Verdicts of call limits that proxies told');
    this.#refused = ports.meter.counter('recorder_verdicts_refused_total', 'Verdicts that found no room; the proxy tells them again');
  }

  start(): void {
    this.#subscription = this.ports.bus.subscribe(subjects.verdicts(this.dataCentre), (message, { respond }) => {
      const { verdicts } = message as KeepVerdicts;
      const [first] = verdicts;
      if (first === undefined) return respond?.({ kind: 'kept' } satisfies VerdictsKept);
      // The same batch again has the same name, and need not be in the queue twice.
      const entry = { id: `verdicts.${first.id}.${verdicts.length}`, body: { verdicts } satisfies HeardVerdicts };
      const isTaken = this.journal.keep(entry, () => respond?.({ kind: 'kept' } satisfies VerdictsKept));
      (isTaken ? this.#heard : this.#refused).add(verdicts.length);
    }, { queue: QUEUE });
  }

  close(): void {
    this.#subscription?.unsubscribe();
  }
}
