/**
 * Receiver of one DN's events: in order, once, of the newest owner only (docs/specs/streams.md, "Event feed").
 * What was lost is asked for; when the owner no longer has it, a snapshot stands in for it.
 */
import type { Machine, Out } from '#kernel';

/** What the feed needs to know of an event or a snapshot. */
export interface Sequenced {
  readonly owner: string;
  readonly epoch: number;
  readonly seq: number;
}

export type FeedInput<E extends Sequenced, S extends Sequenced> =
  | { readonly kind: 'event'; readonly event: E }
  | { readonly kind: 'replay'; readonly complete: boolean; readonly events: readonly E[] }
  | { readonly kind: 'snapshot'; readonly snapshot: S }
  /** A replay or a snapshot that was asked for did not come: timeout, no responders. */
  | { readonly kind: 'unanswered' }
  /** The owner's answer to `verify`: its last event has this number. */
  | { readonly kind: 'behind'; readonly owner: string; readonly epoch: number; readonly seq: number }
  | { readonly kind: 'timer' };

export type FeedEffect<E extends Sequenced, S extends Sequenced> =
  | { readonly kind: 'deliver'; readonly event: E }
  | { readonly kind: 'deliverSnapshot'; readonly snapshot: S }
  | { readonly kind: 'askReplay'; readonly owner: string; readonly epoch: number; readonly fromSeq: number }
  | { readonly kind: 'askSnapshot'; readonly owner: string }
  | { readonly kind: 'setTimer'; readonly delayMs: number }
  /** An event of an owner that was succeeded: refused, and worth counting. */
  | { readonly kind: 'fenced'; readonly event: E };

/** `Replaying` and `Snapshotting` wait for an answer; `Retrying` waits to ask again. */
export type FeedState = 'Empty' | 'Current' | 'Replaying' | 'Snapshotting' | 'Retrying';

export const FEED = {
  bufferMax: 256,
  retryMsMin: 1_000,
  retryMsMax: 5_000,
} as const;

export class EventFeed<E extends Sequenced, S extends Sequenced>
implements Machine<FeedInput<E, S>, FeedEffect<E, S>> {
  #state: FeedState = 'Empty';
  #owner = '';
  #epoch = 0;
  #seq = 0;
  /** Events that came before their turn; only while something is missing. */
  #early: E[] | undefined;
  #retryMs: number = FEED.retryMsMin;

  get state(): FeedState {
    return this.#state;
  }

  /** What was delivered last; of an empty feed undefined. For `verify`. */
  get position(): Sequenced | undefined {
    return this.#epoch === 0 ? undefined : { owner: this.#owner, epoch: this.#epoch, seq: this.#seq };
  }

  on(input: FeedInput<E, S>, out: Out<FeedEffect<E, S>>): void {
    switch (input.kind) {
      case 'event': return this.#event(input.event, out);
      case 'replay': return this.#replay(input.complete, input.events, out);
      case 'snapshot': return this.#snapshot(input.snapshot, out);
      case 'unanswered': return this.#unanswered(out);
      case 'behind': return this.#behind(input.owner, input.epoch, input.seq, out);
      case 'timer': return this.#retry(out);
    }
  }

  #event(event: E, out: Out<FeedEffect<E, S>>): void {
    if (event.epoch < this.#epoch) {
      out.push({ kind: 'fenced', event });
      return;
    }
    if (this.#follows(event)) {
      this.#deliver(event, out);
      if (this.#early !== undefined) this.#settle(out);
      return;
    }
    if (event.epoch === this.#epoch && event.seq <= this.#seq) return;
    this.#keep(event);
    if (this.#state === 'Empty' || this.#state === 'Current') this.#askForMissing(event, out);
  }

  /** Numbers go on over a hand-over, so the first event of a new epoch may follow directly. */
  #follows(event: E): boolean {
    return this.#epoch !== 0 && event.epoch >= this.#epoch && event.seq === this.#seq + 1;
  }

  #deliver(event: E, out: Out<FeedEffect<E, S>>): void {
    this.#owner = event.owner;
    this.#epoch = event.epoch;
    this.#seq = event.seq;
    out.push({ kind: 'deliver', event });
  }

  #keep(event: E): void {
    this.#early ??= [];
    // Full: the oldest goes, and a replay or a snapshot will bring it back.
    if (this.#early.length === FEED.bufferMax) this.#early.shift();
    this.#early.push(event);
  }

  /** A gap within an epoch is replayed; of another epoch's numbers nothing is known, so a snapshot is taken. */
  #askForMissing(next: Sequenced, out: Out<FeedEffect<E, S>>): void {
    if (this.#epoch !== 0 && next.epoch === this.#epoch) {
      this.#state = 'Replaying';
      out.push({ kind: 'askReplay', owner: next.owner, epoch: next.epoch, fromSeq: this.#seq + 1 });
    } else {
      this.#askSnapshot(next.owner, out);
    }
  }

  #askSnapshot(owner: string, out: Out<FeedEffect<E, S>>): void {
    this.#state = 'Snapshotting';
    this.#owner = owner;
    out.push({ kind: 'askSnapshot', owner });
  }

  #replay(complete: boolean, events: readonly E[], out: Out<FeedEffect<E, S>>): void {
    if (this.#state !== 'Replaying') return;
    for (const event of events) {
      if (event.epoch >= this.#epoch && event.seq === this.#seq + 1) this.#deliver(event, out);
    }
    if (complete) this.#settle(out);
    else this.#askSnapshot(this.#newestOwner(), out);
  }

  #snapshot(snapshot: S, out: Out<FeedEffect<E, S>>): void {
    if (isBefore(snapshot, this.#epoch, this.#seq)) return this.#staleSnapshot(out);
    this.#owner = snapshot.owner;
    this.#epoch = snapshot.epoch;
    this.#seq = snapshot.seq;
    out.push({ kind: 'deliverSnapshot', snapshot });
    this.#settle(out);
  }

  /** From an owner that was succeeded meanwhile: ask the one whose events we have seen, but not in a tight circle. */
  #staleSnapshot(out: Out<FeedEffect<E, S>>): void {
    if (this.#state === 'Snapshotting') this.#unanswered(out);
  }

  /** Delivers what waited and now follows, forgets what is past, and asks again if something is still missing. */
  #settle(out: Out<FeedEffect<E, S>>): void {
    const early = (this.#early ?? []).sort((a, b) => a.epoch - b.epoch || a.seq - b.seq);
    const left: E[] = [];
    for (const event of early) {
      if (this.#follows(event)) this.#deliver(event, out);
      else if (!isBefore(event, this.#epoch, this.#seq + 1)) left.push(event);
    }
    this.#early = left.length === 0 ? undefined : left;
    if (left.length === 0) {
      this.#state = 'Current';
      this.#retryMs = FEED.retryMsMin;
    } else {
      this.#askForMissing(left[0] as E, out);
    }
  }

  #unanswered(out: Out<FeedEffect<E, S>>): void {
    if (this.#state !== 'Replaying' && this.#state !== 'Snapshotting') return;
    this.#state = 'Retrying';
    out.push({ kind: 'setTimer', delayMs: this.#retryMs });
    this.#retryMs = Math.min(this.#retryMs * 2, FEED.retryMsMax);
  }

  #retry(out: Out<FeedEffect<E, S>>): void {
    if (this.#state === 'Retrying') this.#askSnapshot(this.#newestOwner(), out);
  }

  #behind(owner: string, epoch: number, seq: number, out: Out<FeedEffect<E, S>>): void {
    if (this.#state !== 'Current' && this.#state !== 'Empty') return;
    if (isBefore({ epoch, seq }, this.#epoch, this.#seq + 1)) return;
    this.#askForMissing({ owner, epoch, seq }, out);
  }

  #newestOwner(): string {
    let newest: Sequenced = { owner: this.#owner, epoch: this.#epoch, seq: 0 };
    for (const event of this.#early ?? []) if (event.epoch > newest.epoch) newest = event;
    return newest.owner;
  }
}

function isBefore(a: { readonly epoch: number; readonly seq: number }, epoch: number, seq: number): boolean {
  return a.epoch < epoch || (a.epoch === epoch && a.seq < seq);
}
