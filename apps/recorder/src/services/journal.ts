/** What sources tell goes into the durable queue, in order, before anything is made of it. */
import { type DurableQueue, type QueueEntry, QueueFull } from '#cluster';
import type { Clock, Counter, Log, Meter } from '#kernel';
import { pause } from './pause.js';
import type { Heard } from '../machines/heard.js';

/** Where a source's session stands: what a process that starts resumes with. The token is a secret. */
export interface Position {
  readonly token: string;
  readonly lastSequence: number;
}

interface Pending {
  readonly entry: QueueEntry;
  /** Of a source: how far it was read with this. */
  readonly at?: { readonly source: string; readonly position: Position };
  /** Called when it is in the durable queue. */
  readonly kept?: () => void;
}

/** Events that wait while the queue does not answer; beyond it they are lost, and counted. About 100 MB. */
const PENDING_MAX = 200_000;
const BATCH_MAX = 500;
const RETRY_MS = 250;
/** Positions are written that often; what was appended since is told again, and taken once. */
const MARK_EVERY_MS = 500;

export class Journal {
  readonly #pending: Pending[] = [];
  readonly #positions = new Map<string, Position>();
  readonly #lost: Counter;
  #running: Promise<void> | undefined;
  #markedAtMs = 0;
  #closed = false;

  constructor(private readonly queue: DurableQueue, private readonly ports: { clock: Clock; log: Log; meter: Meter }) {
    const { meter } = ports;
    this.#lost = meter.counter('recorder_events_lost_total', 'Events that found no room while the durable queue did not answer');
    meter.gauge('recorder_events_pending', 'Events that are not yet in the durable queue', () => this.#pending.length);
  }

  hear(heard: Heard, token: string): void {
    if (this.#pending.length >= PENDING_MAX) return this.#lost.add(1);
    const { source, session, sequence } = heard;
    this.#pending.push({ entry: { id: `${source}.${session}.${sequence}`, body: heard }, at: { source, position: { token, lastSequence: sequence } } });
    this.#run();
  }

  /** Calls back when it is in the durable queue. False: there is no room, and it never will be. */
  keep(entry: QueueEntry, kept: () => void): boolean {
    if (this.#closed || this.#pending.length >= PENDING_MAX) return false;
    this.#pending.push({ entry, kept });
    this.#run();
    return true;
  }

  async position(source: string): Promise<Position | undefined> {
    return await this.queue.marked(source) as Position | undefined;
  }

  /** What was heard so far is in the queue, or the queue does not answer. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    await this.#mark().catch(() => {});
  }

  #run(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
      // What came when it had just looked for the last time.
      if (this.#pending.length > 0 && !this.#closed) this.#run();
    });
  }

  async #drain(): Promise<void> {
    // What comes in this turn of the event loop goes with it.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#pending.slice(0, BATCH_MAX);
      if (!await this.#append(batch)) {
        if (this.#closed) return;
        await pause(this.ports.clock, RETRY_MS);
        continue;
      }
      this.#pending.splice(0, batch.length);
      for (const { at, kept } of batch) {
        if (at !== undefined) this.#positions.set(at.source, at.position);
        kept?.();
      }
      if (this.ports.clock.nowMs() - this.#markedAtMs >= MARK_EVERY_MS) await this.#mark().catch(() => {});
    }
  }

  async #append(batch: readonly Pending[]): Promise<boolean> {
    try {
      await this.queue.append(batch.map(({ entry }) => entry));
      return true;
    } catch (error) {
      const full = error instanceof QueueFull;
      this.ports.log.warn(full ? 'the durable queue is full: the history store has been away for too long' : 'the durable queue does not answer', {
        error: (error as Error).message,
      });
      return false;
    }
  }

  async #mark(): Promise<void> {
    this.#markedAtMs = this.ports.clock.nowMs();
    const positions = [...this.#positions];
    this.#positions.clear();
    for (const [source, position] of positions) await this.queue.mark(source, position);
  }
}
