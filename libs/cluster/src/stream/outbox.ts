/**
 * Sender of a numbered stream over a bus that may lose, double and reorder (docs/specs/streams.md).
 * Each frame begins with the first item that is not acknowledged yet, so a receiver that sees a frame begin after what it
 * expects knows that the rest will not come, and asks for a resync.
 */
import type { Machine, Out } from '#kernel';

export type OutboxInput<T> =
  /** New items, in order. */
  | { readonly kind: 'items'; readonly items: readonly T[]; readonly nowMs: number }
  /** From the receiver: all items below `upTo` were applied. */
  | { readonly kind: 'ack'; readonly upTo: number; readonly resync: boolean; readonly nowMs: number }
  /** The receiver changed: tell it the whole picture. */
  | { readonly kind: 'resync'; readonly nowMs: number }
  | { readonly kind: 'timer'; readonly nowMs: number };

export type OutboxEffect<T> =
  | { readonly kind: 'frame'; readonly seq: number; readonly items: readonly T[] }
  /** Send the picture as it is at this moment; `seq` numbers the next item. */
  | { readonly kind: 'resync'; readonly seq: number }
  /** Replaces the timer that may be running. */
  | { readonly kind: 'setTimer'; readonly delayMs: number }
  | { readonly kind: 'cancelTimer' }
  /** Nobody acknowledged for 32 s, or the bound was reached: so many items are given up. */
  | { readonly kind: 'dropped'; readonly count: number };

export type OutboxState = 'Idle' | 'Sending' | 'Resyncing' | 'Lost';

export const OUTBOX = {
  /** A Routing Point whose callers are all cut off at once has an event for each of them. */
  itemsMax: 8_192,
  /** What one message of the bus can hold, with room for user data. */
  frameItemsMax: 256,
  /** Beyond so many, new items wait for an acknowledgement or the next repetition instead of carrying all others along at once. */
  eagerMax: 16,
  repeatMsMin: 300,
  repeatMsMax: 5_000,
  giveUpAfterMs: 32_000,
} as const;

export class Outbox<T> implements Machine<OutboxInput<T>, OutboxEffect<T>> {
  #state: OutboxState = 'Idle';
  /** Items `#base` and up: sent, not acknowledged. */
  #items: T[] = [];
  #base = 1;
  /** Number of the first item that no frame has carried yet. */
  #unsent = 1;
  #repeatMs: number = OUTBOX.repeatMsMin;
  #progressMs = 0;
  #resyncSentMs = -Infinity;

  get state(): OutboxState {
    return this.#state;
  }

  /** Whether nothing waits for an acknowledgement: the stream may be forgotten when no call is live. */
  get idle(): boolean {
    return this.#state === 'Idle';
  }

  /** Number of the next item. */
  get nextSeq(): number {
    return this.#base + this.#items.length;
  }

  on(input: OutboxInput<T>, out: Out<OutboxEffect<T>>): void {
    switch (input.kind) {
      case 'items': return this.#append(input.items, input.nowMs, out);
      case 'ack': return this.#acknowledged(input.upTo, input.resync, input.nowMs, out);
      case 'resync': return this.#startResync(input.nowMs, out);
      case 'timer': return this.#repeat(input.nowMs, out);
    }
  }

  #append(items: readonly T[], nowMs: number, out: Out<OutboxEffect<T>>): void {
    if (items.length === 0) return;
    for (const item of items) this.#items.push(item);
    if (this.#state === 'Lost') return this.#startResync(nowMs, out);
    if (this.#items.length > OUTBOX.itemsMax) {
      this.#drop(out);
      return this.#startResync(nowMs, out);
    }
    if (this.#state === 'Idle') {
      this.#state = 'Sending';
      this.#restartTimer(nowMs, out);
    }
    // While a resync is under way the receiver cannot use a frame that comes before it; the repetition brings them.
    if (this.#items.length <= OUTBOX.eagerMax) this.#sendFrame(out);
  }

  #acknowledged(upTo: number, resync: boolean, nowMs: number, out: Out<OutboxEffect<T>>): void {
    if (resync) {
      // Several frames under way ask several times; one answer serves them all.
      if (this.#state === 'Resyncing' && nowMs - this.#resyncSentMs < OUTBOX.repeatMsMin) return;
      return this.#startResync(nowMs, out);
    }
    if (this.#state === 'Idle' || this.#state === 'Lost') return;
    if (upTo > this.nextSeq || upTo < this.#base) return;
    if (upTo === this.#base && this.#state === 'Sending') return;
    this.#items.splice(0, upTo - this.#base);
    this.#base = upTo;
    if (this.#items.length === 0) {
      this.#state = 'Idle';
      out.push({ kind: 'cancelTimer' });
    } else {
      this.#state = 'Sending';
      this.#restartTimer(nowMs, out);
      if (this.nextSeq > this.#unsent) this.#sendFrame(out);
    }
  }

  #repeat(nowMs: number, out: Out<OutboxEffect<T>>): void {
    if (this.#state === 'Idle' || this.#state === 'Lost') return;
    if (nowMs - this.#progressMs >= OUTBOX.giveUpAfterMs) {
      this.#drop(out);
      this.#state = 'Lost';
      return;
    }
    if (this.#state === 'Resyncing') this.#sendResync(nowMs, out);
    else this.#sendFrame(out);
    this.#repeatMs = Math.min(this.#repeatMs * 2, OUTBOX.repeatMsMax);
    out.push({ kind: 'setTimer', delayMs: this.#repeatMs });
  }

  #startResync(nowMs: number, out: Out<OutboxEffect<T>>): void {
    this.#state = 'Resyncing';
    this.#sendResync(nowMs, out);
    this.#restartTimer(nowMs, out);
  }

  /**
   * The picture includes every item so far, so none of them needs to be sent again. It takes a number of its own: an
   * acknowledgement of the items before it, still under way, must not count as one of the picture.
   */
  #sendResync(nowMs: number, out: Out<OutboxEffect<T>>): void {
    this.#base = this.nextSeq + 1;
    this.#items = [];
    this.#resyncSentMs = nowMs;
    out.push({ kind: 'resync', seq: this.#base });
  }

  #sendFrame(out: Out<OutboxEffect<T>>): void {
    const items = this.#items.slice(0, OUTBOX.frameItemsMax);
    this.#unsent = Math.max(this.#unsent, this.#base + items.length);
    out.push({ kind: 'frame', seq: this.#base, items });
  }

  #drop(out: Out<OutboxEffect<T>>): void {
    out.push({ kind: 'dropped', count: this.#items.length });
    this.#base = this.nextSeq;
    this.#items = [];
  }

  #restartTimer(nowMs: number, out: Out<OutboxEffect<T>>): void {
    this.#progressMs = nowMs;
    this.#repeatMs = OUTBOX.repeatMsMin;
    out.push({ kind: 'setTimer', delayMs: this.#repeatMs });
  }
}
