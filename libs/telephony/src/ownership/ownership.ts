/** Who owns which DN, as one node sees it: claims ordered by epoch, yields, hand-overs, expiry (TC-02, 03, 33). */
import { compareClaims, epochAfter, epochAt } from '#cluster';
import type { Machine, Out } from '#kernel';
import type { DnSnapshot, OwnerNotice } from '../messages/index.js';
import { HAND_OVER_MS, MOVE_HAND_OVER_MS, type OwnershipEffect, type OwnershipInput, type OwnerRecord } from './ownership.types.js';
import { type Wish, Wishes } from './wishes.js';

interface Own {
  readonly record: OwnerRecord;
  readonly lastSeq: number;
  untilMs: number;
  /** When the phone was seen last in this data centre. */
  seenAtMs: number;
  takenUp: boolean;
}

/** A claim goes so far beyond what its maker knew: the other half of a node, which goes on one step later, stays below it. */
const CLAIM_STEPS = 2;

type Input<K extends OwnershipInput['kind']> = Extract<OwnershipInput, { readonly kind: K }>;

export class Ownership implements Machine<OwnershipInput, OwnershipEffect> {
  readonly #own = new Map<string, Own>();
  readonly #others = new Map<string, OwnerRecord>();
  readonly #wishes = new Wishes();
  /** The greatest epoch of a DN whose owner is not known any more. Of one DN epochs grow; those of two need not. */
  #forgotten = 0;
  #settled = false;

  /** @param serverId of this node alone, so that no epoch is made at two nodes */
  constructor(private readonly node: string, private readonly dataCentre: string, private readonly serverId: number) {}

  /** The DN's owner, this node included, as far as it is known. */
  owner(dn: string): OwnerRecord | undefined {
    return this.#own.get(dn)?.record ?? this.#others.get(dn);
  }

  owns(dn: string): boolean {
    return this.#own.get(dn)?.takenUp === true;
  }

  /** Until when this node has a reason to own the DN. */
  untilMs(dn: string): number | undefined {
    return this.#own.get(dn)?.untilMs;
  }

  /** When the phone of an own DN was seen last in this data centre. */
  seenAtMs(dn: string): number | undefined {
    return this.#own.get(dn)?.seenAtMs;
  }

  /** Whether its owner, in another data centre, is asked to let the DN go. */
  wishes(dn: string): boolean {
    return this.#wishes.get(dn) !== undefined;
  }

  on(input: OwnershipInput, out: Out<OwnershipEffect>): void {
    switch (input.kind) {
      case 'want': return this.#want(input, out);
      case 'restore': return this.#restore(input, out);
      case 'unwant':
        this.#wishes.delete(input.dn);
        return this.#giveUp(input.dn, out);
      case 'until': return this.#until(input, out);
      case 'moveAnswered': return this.#moveAnswered(input, out);
      case 'notice': return this.#notice(input.notice, input.nowMs, out);
      case 'handOver': return this.#handOver(input.epoch, input.snapshot, out);
      case 'handOverLate': return this.#takeUpIf(input.dn, input.epoch, undefined, out);
      case 'nodeDown': return this.#nodeDown(input.node, input.nowMs, out);
      case 'record': return this.#record(input, out);
      case 'settled': return void (this.#settled = true);
      case 'sayAgain': return this.#sayAgain(out);
      case 'expire': return this.#expire(input.nowMs, out);
    }
  }

  #want(input: Input<'want'>, out: Out<OwnershipEffect>): void {
    const own = this.#own.get(input.dn);
    const other = this.#others.get(input.dn);
    if (input.untilMs <= input.nowMs) return this.#ended(input, other, out);
    if (own !== undefined) return this.#seen(input);
    if (other === undefined) return this.#claim(input, input.nowMs, undefined, input.nowMs, out);
    if (input.ownership === 'static') return;
    // The first of a data centre keeps the DN; a phone that moved to another data centre takes it along, when its owner lets it go.
    if (other.dataCentre !== this.dataCentre) return this.#wish(input, out);
    if (input.ownership === 'sip') out.push({ kind: 'forwardRefresh', dn: input.dn, untilMs: input.untilMs });
  }

  #seen({ dn, untilMs, nowMs }: Pick<Input<'want'>, 'dn' | 'untilMs' | 'nowMs'>): void {
    const own = this.#own.get(dn);
    if (own === undefined) return;
    own.untilMs = untilMs;
    own.seenAtMs = nowMs;
  }

  #until({ dn, untilMs, nowMs }: Input<'until'>, out: Out<OwnershipEffect>): void {
    const own = this.#own.get(dn);
    if (own === undefined) return;
    own.untilMs = untilMs;
    if (untilMs <= nowMs) this.#giveUp(dn, out);
  }

  // ---- moves from another data centre

  #wish({ dn, ownership, untilMs, lastSeq = 0, nowMs }: Input<'want'>, out: Out<OwnershipEffect>): void {
    this.#wishes.put(dn, ownership, untilMs, lastSeq, nowMs);
    out.push({ kind: 'askMove', dn, ownership, untilMs, agoMs: 0 });
  }

  #moveAnswered({ dn, verdict, nowMs }: Input<'moveAnswered'>, out: Out<OwnershipEffect>): void {
    switch (verdict) {
      case 'now': return this.#grant(dn, this.#others.get(dn), nowMs, out);
      case 'later': return this.#wishes.later(dn, nowMs);
      case 'no': return this.#wishes.delete(dn);
      case 'silent': return this.#wishes.silent(dn, nowMs);
      case 'nobody': if (this.#wishes.unheard(dn, nowMs)) this.#forget(dn, nowMs, out);
    }
  }

  #grant(dn: string, former: OwnerRecord | undefined, nowMs: number, out: Out<OwnershipEffect>): void {
    const wish = this.#wishes.take(dn, nowMs);
    if (wish !== undefined) this.#claim({ dn, ...wish }, wish.sinceMs, former, nowMs, out);
  }

  /** The DN has no owner any more, as far as is known here. */
  #forget(dn: string, nowMs: number, out: Out<OwnershipEffect>): void {
    this.#remember(this.#others.get(dn)?.epoch);
    this.#others.delete(dn);
    this.#grant(dn, undefined, nowMs, out);
  }

  #askAgain(nowMs: number, out: Out<OwnershipEffect>): void {
    for (const [dn, { ownership, untilMs, sinceMs }] of this.#wishes.due(nowMs)) {
      out.push({ kind: 'askMove', dn, ownership, untilMs, agoMs: nowMs - sinceMs });
    }
  }

  /** The phone is gone: nobody claims for that, its owner hears of it. */
  #ended({ dn, untilMs }: Input<'want'>, other: OwnerRecord | undefined, out: Out<OwnershipEffect>): void {
    this.#wishes.delete(dn);
    if (this.#own.has(dn)) this.#giveUp(dn, out);
    else if (other?.ownership === 'sip') out.push({ kind: 'forwardRefresh', dn, untilMs });
  }

  #claim(
    { dn, ownership, untilMs, lastSeq = 0 }: Pick<Input<'want'>, 'dn' | 'ownership' | 'untilMs' | 'lastSeq'>, seenAtMs: number,
    former: OwnerRecord | undefined, nowMs: number, out: Out<OwnershipEffect>,
  ): void {
    const above = Math.max(this.#forgotten, this.#others.get(dn)?.epoch ?? 0);
    const epoch = epochAt(nowMs, this.serverId, above, CLAIM_STEPS);
    const record: OwnerRecord = { dn, node: this.node, dataCentre: this.dataCentre, ownership, epoch };
    this.#own.set(dn, { record, lastSeq, untilMs, seenAtMs, takenUp: false });
    this.#others.delete(dn);
    out.push({ kind: 'publish', notice: { kind: 'claim', ...record } });
    if (former === undefined && this.#settled) this.#takeUpIf(dn, record.epoch, undefined, out);
    else out.push({ kind: 'awaitHandOver', dn, epoch: record.epoch, delayMs: former === undefined ? HAND_OVER_MS : MOVE_HAND_OVER_MS });
  }

  #restore({ dn, ownership, untilMs, seenAtMs, epoch: former, snapshot, lastSeq }: Input<'restore'>, out: Out<OwnershipEffect>): void {
    const epoch = epochAfter(former);
    const record: OwnerRecord = { dn, node: this.node, dataCentre: this.dataCentre, ownership, epoch };
    this.#own.set(dn, { record, lastSeq, untilMs, seenAtMs, takenUp: false });
    if (snapshot === undefined) out.push({ kind: 'awaitHandOver', dn, epoch, delayMs: MOVE_HAND_OVER_MS });
    else this.#takeUpIf(dn, epoch, snapshot, out);
    // What it begins with is there before anybody can ask for it.
    out.push({ kind: 'publish', notice: { kind: 'claim', ...record } });
  }

  #notice(notice: OwnerNotice, nowMs: number, out: Out<OwnershipEffect>): void {
    if (notice.node === this.node) return this.#ownHeard(notice);
    if (notice.kind === 'release') {
      this.#remember(notice.epoch);
      const known = this.#others.get(notice.dn);
      if (known?.node === notice.node && known.epoch <= notice.epoch) this.#forget(notice.dn, nowMs, out);
      return;
    }
    this.#claimed(notice, nowMs, out);
  }

  #claimed(claim: Extract<OwnerNotice, { readonly kind: 'claim' }>, nowMs: number, out: Out<OwnershipEffect>): void {
    const own = this.#own.get(claim.dn);
    if (own !== undefined) {
      // A lower claim loses: saying ours again makes its maker yield, should he have missed it.
      if (compareClaims(claim, own.record) < 0) return void out.push({ kind: 'publish', notice: { kind: 'claim', ...own.record } });
      this.#own.delete(claim.dn);
      out.push({ kind: 'yield', dn: claim.dn, to: claim.node, epoch: claim.epoch, wasTakenUp: own.takenUp });
    }
    const known = this.#others.get(claim.dn);
    if (known !== undefined && compareClaims(claim, known) < 0) return;
    const { dn, node, dataCentre, ownership, epoch } = claim;
    this.#others.set(dn, { dn, node, dataCentre, ownership, epoch });
    if (known?.epoch !== epoch) this.#newOwner(dn, dataCentre, this.#wishes.get(dn), nowMs, out);
  }

  /** One of the own data centre is told of the phone; one of another data centre is asked, as the one before was. */
  #newOwner(dn: string, dataCentre: string, wish: Wish | undefined, nowMs: number, out: Out<OwnershipEffect>): void {
    if (wish === undefined) return;
    if (dataCentre !== this.dataCentre) return void (wish.askAtMs = nowMs);
    this.#wishes.delete(dn);
    if (wish.ownership === 'sip') out.push({ kind: 'forwardRefresh', dn, untilMs: wish.untilMs });
  }

  /** The owner of now gets what was meant for the one before: nothing is lost to two moves at once. */
  #handOver(epoch: number, snapshot: DnSnapshot, out: Out<OwnershipEffect>): void {
    const heir = this.#own.has(snapshot.dn) ? undefined : this.#others.get(snapshot.dn);
    if (heir !== undefined && heir.epoch > epoch) out.push({ kind: 'passOn', to: heir.node, epoch: heir.epoch, snapshot });
    else this.#takeUpIf(snapshot.dn, epoch, snapshot, out);
  }

  #record({ record, alive, nowMs }: Input<'record'>, out: Out<OwnershipEffect>): void {
    if (record.node === this.node) return this.#ownHeard(record);
    this.#claimed({ kind: 'claim', ...record }, nowMs, out);
    if (!alive && this.#others.get(record.dn)?.node === record.node) this.#forget(record.dn, nowMs, out);
  }

  /** Of the process before this one, or what this one said itself. */
  #ownHeard({ dn, epoch }: { readonly dn: string; readonly epoch: number }): void {
    if (epoch !== this.#own.get(dn)?.record.epoch) this.#remember(epoch);
  }

  #remember(epoch = 0): void {
    if (Number.isSafeInteger(epoch) && epoch > this.#forgotten) this.#forgotten = epoch;
  }

  #sayAgain(out: Out<OwnershipEffect>): void {
    for (const { record } of this.#own.values()) out.push({ kind: 'publish', notice: { kind: 'claim', ...record } });
  }

  /** Once, and only for the claim that still stands. */
  #takeUpIf(dn: string, epoch: number, snapshot: DnSnapshot | undefined, out: Out<OwnershipEffect>): void {
    const own = this.#own.get(dn);
    if (own === undefined || own.takenUp || own.record.epoch !== epoch) return;
    own.takenUp = true;
    out.push({ kind: 'takeUp', record: own.record, snapshot, lastSeq: own.lastSeq });
  }

  #nodeDown(node: string, nowMs: number, out: Out<OwnershipEffect>): void {
    for (const record of this.#others.values()) if (record.node === node) this.#forget(record.dn, nowMs, out);
  }

  #expire(nowMs: number, out: Out<OwnershipEffect>): void {
    for (const [dn, own] of this.#own) if (own.untilMs <= nowMs) this.#giveUp(dn, out);
    this.#askAgain(nowMs, out);
  }

  #giveUp(dn: string, out: Out<OwnershipEffect>): void {
    const own = this.#own.get(dn);
    if (own === undefined) return;
    this.#own.delete(dn);
    const { epoch } = own.record;
    this.#remember(epoch);
    if (own.takenUp) out.push({ kind: 'giveUp', dn, epoch });
    else out.push({ kind: 'publish', notice: { kind: 'release', dn, node: this.node, epoch } });
  }
}
