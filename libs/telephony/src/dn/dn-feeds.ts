/**
 * Events of DNs that others own, in order and without gaps: one `EventFeed` and one picture per watched DN
 * (docs/specs/streams.md). T-Controllers and smart proxies both stand on it.
 */
import { type Bus, type BusReply, type BusSubscription, EventFeed, type FeedEffect, type FeedInput, type Sequenced, subjects } from '#cluster';
import { type Clock, type Counter, type Meter, type Timer, unreachable } from '#kernel';
import { type TEvent, tTime } from '#tlib';
import type {
  DnCommand, DnEvent, DnReply, DnSnapshot, OwnerNotice, RequestOrigin, SnapshotReply, SnapshotRequest,
} from '../messages/index.js';
import { DnPicture, vacant } from './dn-picture.js';

export interface DnFeedPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly meter: Meter;
}

export interface DnFeedEvents {
  /** The next event of the DN, or one that stands in for what was lost. */
  onEvent(dn: string, event: TEvent, origin: RequestOrigin | undefined): void;
  /** Numbers were leapt over that the owner no longer holds, or that others never heard: they go on after this picture's. */
  onPicture?(snapshot: DnSnapshot): void;
}

interface Watch {
  readonly dn: string;
  readonly feed: EventFeed<DnEvent, DnSnapshot>;
  readonly picture: DnPicture;
  /** As it was told before its owner was lost, which may go on. */
  beforeLoss: DnSnapshot | undefined;
  subscription: BusSubscription | undefined;
  timer: Timer | undefined;
  /** Replays that were asked for: only the last one is waited for. */
  replays: number;
  /** Waiting for the first picture. */
  waiting: ((snapshot: DnSnapshot) => void)[];
  /** Nobody owned the DN when it was asked for: a claim will say when that changes. */
  unowned: boolean;
}

const ASK_MS = 2_000;
const REFUSED_MS = 500;
const VERIFY_EVERY_MS = 5_000;
const VERIFY_TIMEOUT_MS = 2_000;
/** DNs in one question: 60 bytes each, and a message has 1 MB. */
const VERIFY_DNS_MAX = 1_000;
/** How often a DN that nobody owns is asked for, in case its owner's claim and events were lost; spread, since many are asked for at once. */
const UNOWNED_RETRY_MS = 60_000;
const UNOWNED_STEP_MS = 7;

export class DnFeeds {
  readonly #watches = new Map<string, Watch>();
  readonly #effects: FeedEffect<DnEvent, DnSnapshot>[] = [];
  readonly #fenced: Counter;
  #verifyTimer: Timer | undefined;
  /** Counts questions put off, to spread them. */
  #unowned = 0;

  /**
   * `everything`: one subscription hears all DNs, so that a watch needs none of its own; and what an owner said while it was lost is told, too.
   * A desktop is not: a call that came and went meanwhile must not ring there.
   */
  constructor(private readonly ports: DnFeedPorts, private readonly events: DnFeedEvents, private readonly everything = false) {
    this.#fenced = ports.meter.counter('dn_events_fenced_total', 'Events of owners that were succeeded, refused');
  }

  start(): void {
    this.#verifyTimer = this.ports.clock.setTimer(VERIFY_EVERY_MS, () => {
      this.start();
      this.#verify();
    });
  }

  get size(): number {
    return this.#watches.size;
  }

  picture(dn: string): DnSnapshot | undefined {
    return this.#watches.get(dn)?.picture.snapshot;
  }

  /** Watches the DN from now on and tells its picture once it is known; a DN without an owner is out of service. */
  watch(dn: string, known: (snapshot: DnSnapshot) => void): void {
    const watch = this.#watches.get(dn) ?? this.#open(dn);
    const { state } = watch.feed;
    if (state === 'Current' || state === 'Retrying') return known(watch.picture.snapshot);
    watch.waiting.push(known);
    if (state === 'Empty' && watch.waiting.length === 1) this.#askSnapshot(watch);
  }

  /** The number of the last event of the DN that came through here. */
  lastSeq(dn: string): number {
    return this.#watches.get(dn)?.picture.seq ?? 0;
  }

  /** A watch that somebody still waits for stays. */
  unwatch(dn: string): void {
    const watch = this.#watches.get(dn);
    if (watch === undefined || watch.waiting.length > 0) return;
    this.#end(watch);
  }

  #end(watch: Watch): void {
    watch.subscription?.unsubscribe();
    watch.timer?.cancel();
    this.#watches.delete(watch.dn);
  }

  /** An event heard by the subscription for all DNs. */
  heard(event: DnEvent): void {
    this.#event(this.#watches.get(event.dn) ?? this.#open(event.dn), event);
  }

  #event(watch: Watch, event: DnEvent): void {
    const { dn, owner, epoch, seq, fresh } = event;
    // What a fresh owner began with is known without asking. Its numbers alone do not tell: they may go on from what was lost.
    const begins = fresh === true && epoch >= watch.feed.newestEpoch && epoch > (watch.feed.position?.epoch ?? 0);
    if (begins) this.#run(watch, { kind: 'snapshot', snapshot: { ...vacant(dn), owner, epoch, seq: seq - 1 } });
    this.#run(watch, { kind: 'event', event });
  }

  owner(notice: OwnerNotice): void {
    if (notice.kind !== 'claim') return;
    const watch = this.#watches.get(notice.dn);
    if (watch === undefined) return;
    watch.unowned = false;
    this.#run(watch, { kind: 'claimed', owner: notice.node, epoch: notice.epoch });
  }

  /** A node is gone: what it owned is out of service until somebody claims it, or the node is back. */
  ownerLost(node: string): void {
    for (const watch of this.#watches.values()) if (watch.feed.newestOwner === node) this.#lose(watch);
  }

  /** A picture that came by a page of snapshots, from an owner that appeared or is back. */
  adopt(snapshot: DnSnapshot): void {
    const watch = this.#watches.get(snapshot.dn) ?? (this.everything ? this.#open(snapshot.dn) : undefined);
    if (watch !== undefined) this.#run(watch, { kind: 'snapshot', snapshot });
  }

  close(): void {
    this.#verifyTimer?.cancel();
    for (const watch of [...this.#watches.values()]) this.#end(watch);
  }

  #open(dn: string): Watch {
    const watch: Watch = {
      dn, feed: new EventFeed(this.everything), picture: new DnPicture(dn), beforeLoss: undefined, subscription: undefined, timer: undefined, replays: 0,
      waiting: [], unowned: false,
    };
    if (!this.everything) {
      watch.subscription = this.ports.bus.subscribe(subjects.dnEvent(dn), (message) => this.#event(watch, message as DnEvent));
    }
    this.#watches.set(dn, watch);
    return watch;
  }

  #run(watch: Watch, input: FeedInput<DnEvent, DnSnapshot>): void {
    const effects = this.#effects;
    const from = effects.length;
    watch.feed.on(input, effects);
    for (const effect of effects.splice(from)) this.#perform(watch, effect);
    if (watch.waiting.length > 0 && watch.feed.state === 'Current') this.#tellPicture(watch);
    if (input.kind === 'event' && watch.unowned) this.#ownerSpoke(watch);
  }

  /** The claim was lost, its event was not. */
  #ownerSpoke(watch: Watch): void {
    watch.unowned = false;
    watch.timer?.cancel();
    this.#run(watch, { kind: 'timer' });
  }

  #lose(watch: Watch): void {
    this.#run(watch, { kind: 'ownerLost' });
    watch.beforeLoss ??= watch.picture.snapshot;
    this.#standIn(watch, watch.picture.lost());
  }

  #perform(watch: Watch, effect: FeedEffect<DnEvent, DnSnapshot>): void {
    switch (effect.kind) {
      case 'deliver': return this.#deliver(watch, effect.event);
      case 'resume': return this.#resume(watch);
      case 'deliverSnapshot': return this.#deliverSnapshot(watch, effect.snapshot);
      case 'askReplay': return this.#askReplay(watch, effect.owner, effect.epoch, effect.fromSeq);
      case 'askSnapshot': return this.#askSnapshot(watch);
      case 'setTimer':
        return this.#askLater(watch, effect.delayMs);
      case 'fenced': return this.#fenced.add();
      default: return unreachable(effect);
    }
  }

  #deliver(watch: Watch, event: DnEvent): void {
    watch.picture.apply(event);
    this.events.onEvent(watch.dn, event.event, event.origin);
  }

  #deliverSnapshot(watch: Watch, snapshot: DnSnapshot): void {
    const { seq } = watch.picture;
    watch.beforeLoss = undefined;
    this.#standIn(watch, watch.picture.become(snapshot));
    if (snapshot.seq !== seq) this.events.onPicture?.(watch.picture.snapshot);
    this.#tellPicture(watch);
  }

  /** What was told as over when the owner was lost goes on; the events that it made meanwhile follow with their numbers. */
  #resume(watch: Watch): void {
    const before = watch.beforeLoss;
    watch.beforeLoss = undefined;
    if (before !== undefined) this.#standIn(watch, watch.picture.become(before));
  }

  /** Events that were never numbered: they say what the snapshot differs in. */
  #standIn(watch: Watch, events: readonly TEvent[]): void {
    if (events.length === 0) return;
    const Time = tTime(this.ports.clock.nowMs());
    const Server = watch.picture.snapshot.owner;
    for (const event of events) this.events.onEvent(watch.dn, { ...event, Server, Time }, undefined);
  }

  #tellPicture(watch: Watch): void {
    const { snapshot } = watch.picture;
    for (let known = watch.waiting.shift(); known !== undefined; known = watch.waiting.shift()) known(snapshot);
  }

  #askSnapshot(watch: Watch): void {
    const command: DnCommand = { kind: 'snapshot' };
    this.ports.bus.request(subjects.dnCommand(watch.dn), command, ASK_MS, (reply) => this.#snapshotCame(watch, reply));
  }

  #snapshotCame(watch: Watch, reply: BusReply): void {
    if (this.#watches.get(watch.dn) !== watch) return;
    const answer = reply.kind === 'reply' ? reply.message as DnReply : undefined;
    if (answer?.kind === 'snapshot') return this.#firstSnapshot(watch, answer.snapshot);
    watch.unowned = reply.kind === 'no-responders';
    this.#tellPicture(watch);
    this.#run(watch, { kind: 'unanswered' });
    // A feed that never had anything does not ask by itself.
    if (watch.feed.state === 'Empty') this.#askLater(watch, ASK_MS);
  }

  /**
   * One of an owner that was succeeded while it answered is refused: the new one is asked, since nobody else will do it. Who waited may have been
   * told that the DN is out of service, and a DN that was handed over in service has no event to say otherwise.
   */
  #firstSnapshot(watch: Watch, snapshot: DnSnapshot): void {
    this.#run(watch, { kind: 'snapshot', snapshot });
    if (watch.feed.state === 'Empty') this.#askLater(watch, REFUSED_MS);
  }

  #askLater(watch: Watch, delayMs: number): void {
    // Whoever was told the picture may have ended the watch.
    if (this.#watches.get(watch.dn) !== watch) return;
    this.#unowned += 1;
    const unownedMs = UNOWNED_RETRY_MS + (this.#unowned * UNOWNED_STEP_MS) % UNOWNED_RETRY_MS;
    watch.timer?.cancel();
    watch.timer = this.ports.clock.setTimer(watch.unowned ? unownedMs : delayMs, () => {
      if (watch.feed.state === 'Empty') this.#askSnapshot(watch);
      else this.#run(watch, { kind: 'timer' });
    });
  }

  #askReplay(watch: Watch, owner: string, epoch: number, fromSeq: number): void {
    const question: SnapshotRequest = { kind: 'replay', dn: watch.dn, epoch, fromSeq };
    const number = watch.replays += 1;
    this.ports.bus.request(subjects.tcSnapshot(owner), question, ASK_MS, (reply) => {
      if (this.#watches.get(watch.dn) !== watch || watch.replays !== number) return;
      const answer = reply.kind === 'reply' ? reply.message as SnapshotReply : undefined;
      if (answer?.kind === 'replay') this.#run(watch, answer);
      else this.#run(watch, { kind: 'unanswered' });
    });
  }

  /** A lost last event shows in no gap: each owner is asked where it stands, also one that was only heard to claim the DN. */
  #verify(): void {
    const byOwner = new Map<string, { dn: string; epoch: number; seq: number }[]>();
    const ask = (owner: string, dn: string, { epoch, seq }: Sequenced): void => {
      const dns = byOwner.get(owner) ?? [];
      dns.push({ dn, epoch, seq });
      byOwner.set(owner, dns);
    };
    for (const { dn, feed } of this.#watches.values()) {
      const at = feed.position;
      if (at === undefined) continue;
      ask(at.owner, dn, at);
      if (feed.newestOwner !== at.owner) ask(feed.newestOwner, dn, at);
    }
    for (const [owner, dns] of byOwner) {
      for (let from = 0; from < dns.length; from += VERIFY_DNS_MAX) this.#verifyWith(owner, dns.slice(from, from + VERIFY_DNS_MAX));
    }
  }

  #verifyWith(owner: string, dns: readonly { readonly dn: string; readonly epoch: number; readonly seq: number }[]): void {
    const question: SnapshotRequest = { kind: 'verify', dns };
    this.ports.bus.request(subjects.tcSnapshot(owner), question, VERIFY_TIMEOUT_MS, (reply) => {
      const answer = reply.kind === 'reply' ? reply.message as SnapshotReply : undefined;
      if (answer?.kind !== 'verify') return;
      for (const { dn, epoch, seq } of answer.behind) {
        const watch = this.#watches.get(dn);
        if (watch !== undefined) this.#run(watch, { kind: 'behind', owner, epoch, seq });
      }
      for (const dn of answer.notOwned) this.#checkVacant(dn, owner);
    });
  }

  /**
   * The last event of an owner that left, and its release, may both be lost, or the first one of who claimed the DN since: whoever owns it
   * now is asked.
   */
  #checkVacant(dn: string, asked: string): void {
    const watch = this.#watches.get(dn);
    if (watch === undefined) return;
    const { picture, feed } = watch;
    const formerOwner = picture.owner;
    if ((asked !== formerOwner && asked !== feed.newestOwner) || (picture.isVacant && feed.newestOwner === formerOwner)) return;
    const command: DnCommand = { kind: 'snapshot' };
    this.ports.bus.request(subjects.dnCommand(dn), command, ASK_MS, (reply) => {
      if (this.#watches.get(dn) !== watch || watch.picture.owner !== formerOwner) return;
      const answer = reply.kind === 'reply' ? reply.message as DnReply : undefined;
      if (answer?.kind === 'snapshot') this.#run(watch, { kind: 'snapshot', snapshot: answer.snapshot });
      else if (reply.kind === 'no-responders' && !watch.picture.isVacant) this.#lose(watch);
    });
  }
}
