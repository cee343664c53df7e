/** Receiver of an `Outbox`'s stream: hands out each item once and in order, and acknowledges (docs/specs/streams.md). */
import type { Machine, Out } from '#kernel';

export type InboxInput<T, P> =
  | { readonly kind: 'frame'; readonly seq: number; readonly items: readonly T[]; readonly nowMs: number }
  | { readonly kind: 'resync'; readonly seq: number; readonly picture: P; readonly nowMs: number }
  | { readonly kind: 'timer'; readonly nowMs: number };

export type InboxEffect<T, P> =
  | { readonly kind: 'apply'; readonly item: T }
  /** Make the own picture equal to this one. */
  | { readonly kind: 'applyPicture'; readonly picture: P }
  | { readonly kind: 'ack'; readonly upTo: number; readonly resync: boolean }
  | { readonly kind: 'setTimer'; readonly delayMs: number };

export type InboxState = 'Unknown' | 'Current';

export const INBOX = {
  ackDelayMs: 50,
  /** So many unacknowledged items make the sender wait (`OUTBOX.eagerMax`): they are acknowledged at once. */
  ackAtOnce: 16,
  /** Longer than a sender repeats: what is forgotten after it cannot come back as something new. */
  forgetAfterMs: 40_000,
} as const;

export class Inbox<T, P> implements Machine<InboxInput<T, P>, InboxEffect<T, P>> {
  #expected = 0;
  #acknowledged = 0;
  #ackPending = false;

  /**
   * `fromStart`: whether a stream that begins with its first item is taken as it is. A receiver that took over from another
   * says no, since the other may have applied those items already, and gets the picture instead.
   * `heardMs`: when the sender was last heard by an inbox before this one.
   */
  constructor(private readonly fromStart = true, private heardMs = -Infinity) {}

  get state(): InboxState {
    return this.#expected === 0 ? 'Unknown' : 'Current';
  }

  /** Whether the sender cannot repeat anything any more, so that the stream may be forgotten when no call is live. */
  forgettable(nowMs: number): boolean {
    return nowMs - this.heardMs >= INBOX.forgetAfterMs;
  }

  on(input: InboxInput<T, P>, out: Out<InboxEffect<T, P>>): void {
    switch (input.kind) {
      case 'frame': return this.#frame(input.seq, input.items, input.nowMs, out);
      case 'resync': return this.#resync(input.seq, input.picture, input.nowMs, out);
      case 'timer': return this.#timer(out);
    }
  }

  #frame(seq: number, items: readonly T[], nowMs: number, out: Out<InboxEffect<T, P>>): void {
    this.heardMs = nowMs;
    if (this.#expected === 0 && seq === 1 && this.fromStart) this.#expected = 1;
    // The sender keeps nothing before `seq`: what is missing was acknowledged by somebody else, or given up.
    if (this.#expected === 0 || seq > this.#expected) {
      out.push({ kind: 'ack', upTo: this.#expected, resync: true });
      return;
    }
    const known = this.#expected - seq;
    if (known >= items.length) return this.#acknowledge(out);
    this.#expected = seq + items.length;
    for (let i = known; i < items.length; i += 1) out.push({ kind: 'apply', item: items[i] as T });
    if (this.#expected - this.#acknowledged > INBOX.ackAtOnce) return this.#acknowledge(out);
    if (this.#ackPending) return;
    this.#ackPending = true;
    out.push({ kind: 'setTimer', delayMs: INBOX.ackDelayMs });
  }

  #resync(seq: number, picture: P, nowMs: number, out: Out<InboxEffect<T, P>>): void {
    this.heardMs = nowMs;
    if (seq > this.#expected) {
      this.#expected = seq;
      out.push({ kind: 'applyPicture', picture });
    }
    this.#acknowledge(out);
  }

  #timer(out: Out<InboxEffect<T, P>>): void {
    if (this.#ackPending) this.#acknowledge(out);
  }

  #acknowledge(out: Out<InboxEffect<T, P>>): void {
    this.#ackPending = false;
    this.#acknowledged = this.#expected;
    out.push({ kind: 'ack', upTo: this.#expected, resync: false });
  }
}
