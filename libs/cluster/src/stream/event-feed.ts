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
  /** In the first event of an owner that was handed the DN: the epoch of the last event before, whose numbers and state go on. */
  readonly after?: number;
}

export type FeedInput<E extends Sequenced, S extends Sequenced> =
  | { readonly kind: 'event'; readonly event: E }
  | { readonly kind: 'replay'; readonly complete: boolean; readonly events: readonly E[] }
  | { readonly kind: 'snapshot'; readonly snapshot: S }
  /** A replay or a snapshot that was asked for did not come: timeout, no responders. */
  | { readonly kind: 'unanswered' }
  /** The owner's answer to `verify`: its last event has this number. */
  | { readonly kind: 'behind'; readonly owner: string; readonly epoch: number; readonly seq: number }
  /** Somebody claimed the DN: whoever owned it before is not heard any more. */
  | { readonly kind: 'claimed'; readonly owner: string; readonly epoch: number }
  /** The owner is not heard any more, so what was delivered does not hold. It may come back in the same epoch. */
  | { readonly kind: 'ownerLost' }
  | { readonly kind: 'timer' };

export type FeedEffect<E extends Sequenced, S extends Sequenced> =
  | { readonly kind: 'deliver'; readonly event: E }
  | { readonly kind: 'deliverSnapshot'; readonly snapshot: S }
  /** The owner that was lost goes on: what was delivered before holds again, and what it said meanwhile follows. */
  | { readonly kind: 'resume' }
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
  /** Replays that are not answered; then a snapshot stands in. */
  replayTries: 5,
} as const;

export class EventFeed<E extends Sequenced, S extends Sequenced>
implements Machine<FeedInput<E, S>, FeedEffect<E, S>> {
  #state: FeedState = 'Empty';
  /** What was delivered last. */
  #owner = '';
  #epoch = 0;
  #seq = 0;
  /** The owner of what was delivered last is not heard any more: it holds no longer, unless that owner goes on in its epoch. */
  #isLost = false;
  /** The owner no longer holds what follows the position, or does not say: only a snapshot can stand in. */
  #isGone = false;
  #unansweredReplays = 0;
  /** The greatest number of the newest epoch that is known to exist. */
  #aim = 0;
  /** The newest owner heard of. Nothing of a lower epoch is accepted, also while its own picture is still on the way. */
  #newestOwner = '';
  #newestEpoch = 0;
  /** Events of the newest epoch that came before their turn; only while something is missing. */
  #early: E[] | undefined;
  #retryMs: number = FEED.retryMsMin;

  /** `resumes`: what an owner that was lost said meanwhile is wanted, too; without it a snapshot says how the DN stands now. */
  constructor(private readonly resumes = false) {}

  get state(): FeedState {
    return this.#state;
  }

  /** What was delivered last: nothing, in epoch 0, when its owner was lost since; of a new feed undefined. For `verify`. */
  get position(): Sequenced | undefined {
    if (this.#owner === '') return undefined;
    return this.#isLost ? { owner: this.#owner, epoch: 0, seq: 0 } : { owner: this.#owner, epoch: this.#epoch, seq: this.#seq };
  }

  get newestEpoch(): number {
    return this.#newestEpoch;
  }

  /** The newest owner heard of, although nothing of it may have been delivered yet. */
  get newestOwner(): string {
    return this.#newestOwner;
  }

  on(input: FeedInput<E, S>, out: Out<FeedEffect<E, S>>): void {
    switch (input.kind) {
      case 'event': return this.#event(input.event, out);
      case 'replay': return this.#replay(input.complete, input.events, out);
      case 'snapshot': return this.#snapshot(input.snapshot, out);
      case 'unanswered': return this.#unanswered(out);
      case 'behind': return this.#behind(input, out);
      case 'claimed': return this.#claimed(input.owner, input.epoch, out);
      case 'ownerLost': return this.#ownerLost();
      case 'timer': return this.#retry(out);
    }
  }

  #event(event: E, out: Out<FeedEffect<E, S>>): void {
    if (event.epoch < this.#newestEpoch) {
      out.push({ kind: 'fenced', event });
      return;
    }
    this.#notice(event.owner, event.epoch);
    if (this.#follows(event)) {
      this.#deliver(event, out);
      if (this.#early !== undefined) this.#settle(out);
      return;
    }
    if (event.epoch === this.#epoch && event.seq <= this.#seq) return;
    this.#aim = Math.max(this.#aim, event.seq);
    this.#keep(event);
    if (this.#state === 'Empty' || this.#state === 'Current') this.#askForMissing(out);
  }

  /** Numbers go on over a hand-over, so its first event may follow directly; others' numbers may meet ours by chance. */
  #follows(event: E): boolean {
    if (this.#epoch === 0 || this.#isLost || event.epoch !== this.#newestEpoch || event.seq !== this.#seq + 1) return false;
    // Owners between the two said nothing, so a snapshot of theirs is where the event goes on as well.
    return event.epoch === this.#epoch || (event.after !== undefined && event.after <= this.#epoch);
  }

  #notice(owner: string, epoch: number): void {
    if (epoch <= this.#newestEpoch) return;
    this.#newestOwner = owner;
    this.#newestEpoch = epoch;
    this.#aim = 0;
    this.#early = undefined;
  }

  #deliver(event: E, out: Out<FeedEffect<E, S>>): void {
    this.#moveTo(event);
    out.push({ kind: 'deliver', event });
  }

  #moveTo({ owner, epoch, seq }: Sequenced): void {
    this.#owner = owner;
    this.#epoch = epoch;
    this.#seq = seq;
    this.#isLost = false;
    this.#isGone = false;
    this.#unansweredReplays = 0;
  }

  #keep(event: E): void {
    this.#early ??= [];
    // Full: the oldest goes, and a replay or a snapshot will bring it back.
    if (this.#early.length === FEED.bufferMax) this.#early.shift();
    this.#early.push(event);
  }

  /** A gap within an epoch is replayed; of another epoch's numbers nothing is known, so a snapshot is taken. */
  #askForMissing(out: Out<FeedEffect<E, S>>): void {
    if (this.#epoch !== this.#newestEpoch || this.#isGone) return this.#askSnapshot(out);
    this.#state = 'Replaying';
    out.push({ kind: 'askReplay', owner: this.#newestOwner, epoch: this.#newestEpoch, fromSeq: this.#seq + 1 });
  }

  #askSnapshot(out: Out<FeedEffect<E, S>>): void {
    this.#state = 'Snapshotting';
    out.push({ kind: 'askSnapshot', owner: this.#newestOwner });
  }

  #replay(complete: boolean, events: readonly E[], out: Out<FeedEffect<E, S>>): void {
    if (this.#state !== 'Replaying') return;
    const goesOn = this.#isLost && complete && this.#epoch === this.#newestEpoch;
    if (goesOn) {
      this.#isLost = false;
      out.push({ kind: 'resume' });
    }
    const before = this.#seq;
    for (const event of events) if (this.#follows(event)) this.#deliver(event, out);
    if (!complete) {
      this.#isGone = true;
      return this.#askSnapshot(out);
    }
    this.#deliverEarly(out);
    if (this.#seq > before || this.#seq >= this.#aim) return this.#settle(out);
    // Its owner knew of no more when it answered: a picture says whether it does now.
    this.#askSnapshot(out);
  }

  #snapshot(snapshot: S, out: Out<FeedEffect<E, S>>): void {
    if (snapshot.epoch < this.#newestEpoch || isBefore(snapshot, this.#epoch, this.#seq)) {
      // Of an owner that was succeeded meanwhile, or overtaken by events. Ask again, but not in a tight circle.
      return this.#unanswered(out);
    }
    this.#notice(snapshot.owner, snapshot.epoch);
    this.#aim = Math.max(this.#aim, snapshot.seq);
    // Its owner may still hold what it would leap over.
    if (snapshot.epoch === this.#epoch && snapshot.seq > this.#seq && !this.#isGone) {
      if (this.#state !== 'Replaying') this.#askForMissing(out);
      return;
    }
    const isNews = snapshot.epoch !== this.#epoch || snapshot.seq !== this.#seq || this.#isLost;
    this.#moveTo(snapshot);
    // Whoever said that there is more was another owner, of a claim in the same instant; or `verify` will say it again.
    if (!isNews) this.#early = undefined;
    if (!isNews) this.#aim = snapshot.seq;
    out.push({ kind: 'deliverSnapshot', snapshot });
    this.#settle(out);
  }

  /** Delivers what waited and now follows, forgets what is past, and asks again if something is still missing. */
  #settle(out: Out<FeedEffect<E, S>>): void {
    this.#deliverEarly(out);
    if (this.#early !== undefined || this.#seq < this.#aim) return this.#askForMissing(out);
    this.#state = 'Current';
    this.#retryMs = FEED.retryMsMin;
  }

  #deliverEarly(out: Out<FeedEffect<E, S>>): void {
    if (this.#early === undefined) return;
    const left: E[] = [];
    for (const event of this.#early.sort((a, b) => a.seq - b.seq)) {
      if (this.#follows(event)) this.#deliver(event, out);
      else if (!isBefore(event, this.#epoch, this.#seq + 1)) left.push(event);
    }
    this.#early = left.length === 0 ? undefined : left;
  }

  #unanswered(out: Out<FeedEffect<E, S>>): void {
    if (this.#state !== 'Replaying' && this.#state !== 'Snapshotting') return;
    if (this.#state === 'Replaying') this.#unansweredReplays += 1;
    if (this.#unansweredReplays >= FEED.replayTries) this.#isGone = true;
    this.#state = 'Retrying';
    out.push({ kind: 'setTimer', delayMs: this.#retryMs });
    this.#retryMs = Math.min(this.#retryMs * 2, FEED.retryMsMax);
  }

  #retry(out: Out<FeedEffect<E, S>>): void {
    if (this.#state === 'Retrying') this.#askSnapshot(out);
  }

  #behind(last: Sequenced, out: Out<FeedEffect<E, S>>): void {
    if (last.epoch < this.#newestEpoch || (last.epoch === this.#epoch && last.seq <= this.#seq && !this.#isLost)) return;
    this.#notice(last.owner, last.epoch);
    this.#aim = Math.max(this.#aim, last.seq);
    if (this.#state === 'Empty' || this.#state === 'Current') this.#askForMissing(out);
  }

  /** The epoch stays the newest one; its next event, or an answer to `verify`, shows that a snapshot is needed. */
  #ownerLost(): void {
    if (this.#epoch !== 0 && this.resumes) {
      this.#isLost = true;
      this.#unansweredReplays = 0;
    } else {
      this.#epoch = 0;
      this.#seq = 0;
    }
    this.#early = undefined;
    if (this.#state === 'Current') this.#state = 'Empty';
  }

  /** No reason to ask for anything yet: the new owner's next event follows, or shows that something is missing. */
  #claimed(owner: string, epoch: number, out: Out<FeedEffect<E, S>>): void {
    const isNews = epoch > this.#newestEpoch;
    this.#notice(owner, epoch);
    if (isNews && this.#state === 'Retrying') this.#askSnapshot(out);
  }
}

function isBefore(a: { readonly epoch: number; readonly seq: number }, epoch: number, seq: number): boolean {
  return a.epoch < epoch || (a.epoch === epoch && a.seq < seq);
}
