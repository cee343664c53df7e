/** Recent events of all DNs that a node owns, for receivers that missed some. One bound for the node: the oldest go first. */
import { BoundedQueue } from '#kernel';
import type { Sequenced } from './event-feed.js';

/** What a replay finds. `complete` is false when the oldest wanted event is no longer held. */
export interface Replay<E> {
  readonly complete: boolean;
  readonly events: readonly E[];
}

export const RING_BYTES_MAX = 16 * 1024 * 1024;
/** Events in one answer, since a message has 1 MB; who lacks more asks again. */
export const REPLAY_MAX = 256;

interface Slot<E> {
  readonly dn: string;
  readonly event: E;
  readonly bytes: number;
}

export class EventRing<E extends Sequenced & { readonly dn: string }> {
  readonly #byAge = new BoundedQueue<Slot<E>>(Number.MAX_SAFE_INTEGER);
  readonly #byDn = new Map<string, BoundedQueue<E>>();
  #bytes = 0;

  constructor(private readonly bytesMax: number = RING_BYTES_MAX) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** `bytes`: the event's size as it is sent, or an estimate of it. */
  push(event: E, bytes: number): void {
    this.#byAge.push({ dn: event.dn, event, bytes });
    let ofDn = this.#byDn.get(event.dn);
    if (ofDn === undefined) {
      ofDn = new BoundedQueue(Number.MAX_SAFE_INTEGER);
      this.#byDn.set(event.dn, ofDn);
    }
    ofDn.push(event);
    this.#bytes += bytes;
    while (this.#bytes > this.bytesMax) this.#dropOldest();
  }

  /** Events of the DN from `fromSeq` to `lastSeq`, the DN's latest; those of `epoch` only, and the first `REPLAY_MAX` of them. */
  replay(dn: string, epoch: number, fromSeq: number, lastSeq: number): Replay<E> {
    const events: E[] = [];
    for (const event of this.#byDn.get(dn) ?? []) {
      if (event.epoch === epoch && event.seq >= fromSeq) events.push(event);
    }
    const complete = fromSeq > lastSeq || (events[0]?.seq === fromSeq && events.length === lastSeq - fromSeq + 1);
    return { complete, events: events.slice(0, REPLAY_MAX) };
  }

  /** The DN has another owner now. Its events age out with the rest but are not found any more. */
  forget(dn: string): void {
    this.#byDn.delete(dn);
  }

  #dropOldest(): void {
    const slot = this.#byAge.shift();
    if (slot === undefined) return;
    this.#bytes -= slot.bytes;
    const ofDn = this.#byDn.get(slot.dn);
    if (ofDn?.peek() !== slot.event) return;
    ofDn.shift();
    if (ofDn.size === 0) this.#byDn.delete(slot.dn);
  }
}
