/** Verdicts on their way to a recorder: gathered, repeated until one has them, and bounded. No call waits for it. */
import { type Bus, subjects } from '#cluster';
import { BoundedQueue, type Clock, type Counter, type Meter, type Timer } from '#kernel';
import type { CallVerdict, KeepVerdicts } from '#telephony';

export interface VerdictSink {
  tell(verdict: CallVerdict): void;
  /** What is left is sent once more. */
  close(): void;
}

export interface VerdictSinkPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly meter: Meter;
}

const QUEUE_MAX = 10_000;
const BATCH_MAX = 100;
const GATHER_MS = 100;
const ANSWER_MS = 3_000;
const RETRY_MS = 1_000;

export class BusVerdictSink implements VerdictSink {
  readonly #queue = new BoundedQueue<CallVerdict>(QUEUE_MAX);
  readonly #told: Counter;
  readonly #dropped: Counter;
  readonly #repeated: Counter;
  #sending: readonly CallVerdict[] = [];
  #timer: Timer | undefined;
  #isAsking = false;
  #isClosed = false;

  constructor(private readonly ports: VerdictSinkPorts, private readonly dataCentre: string) {
    const { meter } = ports;
    this.#told = meter.counter('limits_verdicts_kept_total', 'Verdicts that a recorder has');
    this.#dropped = meter.counter('limits_verdicts_dropped_total', 'Verdicts that no recorder will have: too many waited for one, the oldest went');
    this.#repeated = meter.counter('limits_verdicts_repeated_total', 'Batches of verdicts that no recorder answered for; they are sent again');
    meter.gauge('limits_verdicts_queued', 'Verdicts that no recorder has yet', () => this.#queue.size + this.#sending.length);
  }

  tell(verdict: CallVerdict): void {
    if (this.#isClosed) return this.#dropped.add();
    if (!this.#queue.push(verdict)) {
      this.#queue.shift();
      this.#dropped.add();
      this.#queue.push(verdict);
    }
    if (this.#queue.size >= BATCH_MAX && this.#sending.length === 0) this.#send();
    else this.#later(GATHER_MS);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (let batch = [...this.#sending, ...this.#take()]; batch.length > 0; batch = this.#take()) {
      this.ports.bus.request(subjects.verdicts(this.dataCentre), { verdicts: batch } satisfies KeepVerdicts, ANSWER_MS, () => {});
    }
  }

  #later(ms: number): void {
    if (this.#isClosed || this.#isAsking) return;
    this.#timer ??= this.ports.clock.setTimer(ms, () => this.#send());
  }

  /** One batch at a time: who keeps them is asked no faster than it answers. */
  #send(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isAsking) return;
    if (this.#sending.length === 0) this.#sending = this.#take();
    if (this.#sending.length === 0) return;
    this.#isAsking = true;
    this.ports.bus.request(subjects.verdicts(this.dataCentre), { verdicts: this.#sending } satisfies KeepVerdicts, ANSWER_MS, (reply) => {
      this.#isAsking = false;
      if (this.#isClosed) return;
      if (reply.kind !== 'reply') {
        this.#repeated.add();
        return this.#later(RETRY_MS);
      }
      this.#told.add(this.#sending.length);
      this.#sending = [];
      if (this.#queue.size >= BATCH_MAX) this.#send();
      else if (this.#queue.size > 0) this.#later(GATHER_MS);
    });
  }

  #take(): CallVerdict[] {
    const batch: CallVerdict[] = [];
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      batch.push(next);
      if (batch.length === BATCH_MAX) break;
    }
    return batch;
  }
}
