/** Who owns which DN, as one node sees it: claims ordered by epoch, yields, hand-overs, expiry (TC-02, 03, 33). */
import { compareClaims, Hlc } from '#cluster';
import type { Machine, Out } from '#kernel';
import type { DnSnapshot, OwnerNotice } from '../messages/index.js';
import { HAND_OVER_MS, type OwnershipEffect, type OwnershipInput, type OwnerRecord } from './ownership.types.js';

interface Own {
  readonly record: OwnerRecord;
  readonly lastSeq: number;
  untilMs: number;
  takenUp: boolean;
}

type Input<K extends OwnershipInput['kind']> = Extract<OwnershipInput, { readonly kind: K }>;

export class Ownership implements Machine<OwnershipInput, OwnershipEffect> {
  readonly #own = new Map<string, Own>();
  readonly #others = new Map<string, OwnerRecord>();
  readonly #hlc = new Hlc();
  #settled = false;

  constructor(private readonly node: string, private readonly dataCentre: string) {}

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

  on(input: OwnershipInput, out: Out<OwnershipEffect>): void {
    switch (input.kind) {
      case 'want': return this.#want(input, out);
      case 'unwant': return this.#giveUp(input.dn, out);
      case 'notice': return this.#notice(input.notice, out);
      case 'handOver': return this.#handOver(input.epoch, input.snapshot, out);
      case 'handOverLate': return this.#takeUpIf(input.dn, input.epoch, undefined, out);
      case 'nodeDown': return this.#nodeDown(input.node);
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
    if (own !== undefined) {
      own.untilMs = input.untilMs;
      return;
    }
    // The first of a data centre keeps the DN; a phone that moved to another data centre takes it along.
    if (other !== undefined && (other.dataCentre === this.dataCentre || input.ownership === 'static')) {
      if (input.ownership === 'sip') out.push({ kind: 'forwardRefresh', dn: input.dn, untilMs: input.untilMs });
      return;
    }
    this.#claim(input, other, out);
  }

  /** The phone is gone: nobody claims for that, its owner hears of it. */
  #ended({ dn, untilMs }: Input<'want'>, other: OwnerRecord | undefined, out: Out<OwnershipEffect>): void {
    if (this.#own.has(dn)) this.#giveUp(dn, out);
    else if (other?.ownership === 'sip') out.push({ kind: 'forwardRefresh', dn, untilMs });
  }

  #claim(input: Input<'want'>, former: OwnerRecord | undefined, out: Out<OwnershipEffect>): void {
    const { dn, ownership } = input;
    const record: OwnerRecord = { dn, node: this.node, dataCentre: this.dataCentre, ownership, epoch: this.#hlc.next(input.nowMs) };
    const { lastSeq = 0 } = input;
    this.#own.set(dn, { record, lastSeq, untilMs: input.untilMs, takenUp: false });
    this.#others.delete(dn);
    out.push({ kind: 'publish', notice: { kind: 'claim', ...record } });
    if (former === undefined && this.#settled) this.#takeUpIf(dn, record.epoch, undefined, out);
    else out.push({ kind: 'awaitHandOver', dn, epoch: record.epoch, delayMs: HAND_OVER_MS });
  }

  #notice(notice: OwnerNotice, out: Out<OwnershipEffect>): void {
    this.#hlc.observe(notice.epoch);
    if (notice.node === this.node) return;
    if (notice.kind === 'release') {
      const known = this.#others.get(notice.dn);
      if (known?.node === notice.node && known.epoch <= notice.epoch) this.#others.delete(notice.dn);
      return;
    }
    this.#claimed(notice, out);
  }

  #claimed(claim: Extract<OwnerNotice, { readonly kind: 'claim' }>, out: Out<OwnershipEffect>): void {
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
  }

  /** The owner of now gets what was meant for the one before: nothing is lost to two moves at once. */
  #handOver(epoch: number, snapshot: DnSnapshot, out: Out<OwnershipEffect>): void {
    const heir = this.#own.has(snapshot.dn) ? undefined : this.#others.get(snapshot.dn);
    if (heir !== undefined && heir.epoch > epoch) out.push({ kind: 'passOn', to: heir.node, epoch: heir.epoch, snapshot });
    else this.#takeUpIf(snapshot.dn, epoch, snapshot, out);
  }

  #record({ record, alive }: Input<'record'>, out: Out<OwnershipEffect>): void {
    this.#hlc.observe(record.epoch);
    if (record.node === this.node) return;
    this.#claimed({ kind: 'claim', ...record }, out);
    if (!alive && this.#others.get(record.dn)?.node === record.node) this.#others.delete(record.dn);
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

  #nodeDown(node: string): void {
    for (const record of this.#others.values()) if (record.node === node) this.#others.delete(record.dn);
  }

  #expire(nowMs: number, out: Out<OwnershipEffect>): void {
    for (const [dn, own] of this.#own) if (own.untilMs <= nowMs) this.#giveUp(dn, out);
  }

  #giveUp(dn: string, out: Out<OwnershipEffect>): void {
    const own = this.#own.get(dn);
    if (own === undefined) return;
    this.#own.delete(dn);
    const { epoch } = own.record;
    if (own.takenUp) out.push({ kind: 'giveUp', dn, epoch });
    else out.push({ kind: 'publish', notice: { kind: 'release', dn, node: this.node, epoch } });
  }
}
