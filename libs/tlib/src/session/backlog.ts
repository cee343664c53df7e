/** The recent events of one session, for a client that comes back (tlib-protocol §5). Bounded by age and size. */
import type { TEvent } from '../message.js';

export interface BacklogEntry {
  readonly sequenceNumber: number;
  readonly referenceID: number | undefined;
  readonly event: TEvent;
  readonly bytes: number;
  readonly atMs: number;
}

export interface BacklogLimits {
  readonly ms: number;
  readonly bytes: number;
}

/** Compacting is worth it once that many forgotten entries stand in front. */
const COMPACT_AT = 1_024;

export class SessionBacklog {
  #entries: BacklogEntry[] = [];
  #first = 0;
  #bytes = 0;

  constructor(private readonly limits: BacklogLimits) {}

  get bytes(): number {
    return this.#bytes;
  }

  add(entry: BacklogEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    this.#trim(entry.atMs);
  }

  /** Entries after that number, or undefined when some of them are no longer held. */
  after(sequenceNumber: number, lastSent: number, nowMs: number): readonly BacklogEntry[] | undefined {
    this.#trim(nowMs);
    if (sequenceNumber > lastSent || sequenceNumber < 0) return undefined;
    const oldest = this.#first < this.#entries.length ? (this.#entries[this.#first] as BacklogEntry).sequenceNumber : lastSent + 1;
    if (sequenceNumber + 1 < oldest) return undefined;
    return this.#entries.slice(this.#first + sequenceNumber + 1 - oldest);
  }

  #trim(nowMs: number): void {
    while (this.#first < this.#entries.length) {
      const oldest = this.#entries[this.#first] as BacklogEntry;
      if (this.#bytes <= this.limits.bytes && nowMs - oldest.atMs <= this.limits.ms) break;
      this.#bytes -= oldest.bytes;
      this.#first += 1;
    }
    if (this.#first < COMPACT_AT || this.#first * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}
