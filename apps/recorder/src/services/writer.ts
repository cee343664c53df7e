/** From the durable queue through the machine into the history store. A line leaves the queue when what it said is kept. */
import type { DurableQueue } from '#cluster';
import type { Clock, Counter, Log, Meter, Timer } from '#kernel';
import { APPEND_MAX, type AnyHistoryRecord, type HistoryStore } from '#store';
import type { HistoryEffect } from '../machines/effects.js';
import type { Heard } from '../machines/heard.js';
import type { History } from '../machines/history.js';
import { isVerdicts, verdictRecord } from '../machines/verdicts.js';
import { pause } from './pause.js';

export interface WriterPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly queue: DurableQueue;
  readonly store: HistoryStore;
}

const TAKE_MAX = 500;
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 5_000;
const TICK_MS = 5_000;

export class Writer {
  readonly #effects: HistoryEffect[] = [];
  readonly #written: Counter;
  readonly #failed: Counter;
  readonly #unreadable: Counter;
  #storing: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(private readonly history: History, private readonly ports: WriterPorts) {
    const { meter } = ports;
    this.#written = meter.counter('recorder_records_written_total', 'Records given to the history store');
    this.#failed = meter.counter('recorder_store_failures_total', 'Batches that the history store did not take; they are repeated');
    this.#unreadable = meter.counter('recorder_events_unreadable_total', 'Events that could not be recorded because they are not as they should be');
    meter.gauge('recorder_queue_length', 'Lines in the durable queue whose records are not complete and kept', () => ports.queue.length);
  }

  start(): void {
    this.#reading = this.#read();
    this.#tick();
  }

  /** What the machine gave is kept, or waits in the queue for the next process. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#storing;
  }

  /** After the queue was closed. */
  async ended(): Promise<void> {
    await this.#reading;
  }

  async #read(): Promise<void> {
    while (!this.#closed) {
      try {
        const messages = await this.ports.queue.take(TAKE_MAX);
        for (const { seq, body } of messages) this.#hear(seq, body);
        // Nothing further is taken while the store is away: it waits in the queue.
        do await this.#store(); while (this.#effects.length > 0 && !this.#closed);
      } catch (error) {
        this.ports.log.warn('the durable queue does not answer', { error: (error as Error).message });
        await pause(this.ports.clock, RETRY_MS_MIN);
      }
    }
  }

  /** What cannot be read is let go: it would stop everything behind it, now and after each start. */
  #hear(seq: number, body: object): void {
    try {
      if (!isVerdicts(body)) return this.history.on({ kind: 'heard', seq, heard: body as Heard }, this.#effects);
      const records = body.verdicts.map(verdictRecord);
      this.#effects.push(...records.map((record) => ({ kind: 'write' as const, record })), { kind: 'release', seqs: [seq] });
    } catch (error) {
      this.#unreadable.add(1);
      const { source, event } = body as Partial<Heard>;
      this.ports.log.error('an event could not be recorded', { source: source ?? 'verdicts', msg: event?.msg, error: String(error) });
      this.#effects.push({ kind: 'release', seqs: [seq] });
    }
  }

  #tick(): void {
    this.#timer = this.ports.clock.setTimer(TICK_MS, () => {
      this.#tick();
      this.history.on({ kind: 'tick', nowMs: this.ports.clock.nowMs() }, this.#effects);
      void this.#store();
    });
  }

  #store(): Promise<void> {
    this.#storing ??= this.#storeAll().finally(() => { this.#storing = undefined; });
    return this.#storing;
  }

  async #storeAll(): Promise<void> {
    while (this.#effects.length > 0) {
      const batch = this.#effects.splice(0, APPEND_MAX);
      const records = batch.flatMap((effect) => (effect.kind === 'write' ? [effect.record] : []));
      if (!await this.#append(latest(records))) return;
      const seqs = batch.flatMap((effect) => (effect.kind === 'release' ? effect.seqs : []));
      if (seqs.length === 0) continue;
      await this.ports.queue.ack(seqs).catch((error: Error) => this.ports.log.warn('lines stay in the durable queue', { error: error.message }));
    }
  }

  /** Until the store has taken them; false when the recorder ends before. */
  async #append(records: readonly AnyHistoryRecord[]): Promise<boolean> {
    for (let retryMs = RETRY_MS_MIN; records.length > 0; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      try {
        await this.ports.store.append(records);
        this.#written.add(records.length);
        return true;
      } catch (error) {
        this.#failed.add(1);
        if (this.#closed) return false;
        this.ports.log.warn('the history store does not answer; what was heard waits in the durable queue', { error: (error as Error).message });
        await pause(this.ports.clock, retryMs);
      }
    }
    return true;
  }
}

/** Of versions of one record within a batch the last will do. */
function latest(records: readonly AnyHistoryRecord[]): AnyHistoryRecord[] {
  return [...new Map(records.map((record) => [`${record.kind} ${record.key}`, record])).values()];
}
