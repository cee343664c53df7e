/** Who owns which DN, as one node sees it: claims ordered by epoch, yields, hand-overs, expiry (TC-02, 03, 33). */
import { compareClaims, Hlc } from '#cluster';
import type { Machine, Out } from '#kernel';
import type { DnSnapshot, OwnerNotice } from '../messages/index.js';
import { HAND_OVER_MS, type OwnershipEffect, type OwnershipInput, type OwnerRecord } from './ownership.types.js';

interface Own {
  readonly record: OwnerRecord;
  untilMs: number;
  takenUp: boolean;
}

type Input<K extends OwnershipInput['kind']> = Extract<OwnershipInput, { readonly kind: K }>;

export class Ownership implements Machine<OwnershipInput, OwnershipEffect> {
  readonly #own = new Map<string, Own>();
  readonly #others = new Map<string, OwnerRecord>();
  readonly #hlc = new Hlc();

  constructor(private readonly node: string, private readonly dataCentre: string) {}

  /** The DN's owner, this node included, as far as it is known. */
  owner(dn: string): OwnerRecord | undefined {
    return this.#own.get(dn)?.record ?? this.#others.get(dn);
  }

  owns(dn: string): boolean {
    return this.#own.get(dn)?.takenUp === true;
  }

  get ownedCount(): number {
    return this.#own.size;
  }

  /** DNs owned by another node. */
  dnsOf(node: string): string[] {
    return [...this.#others.values()].filter((record) => record.node === node).map((record) => record.dn);
  }

  records(): OwnerRecord[] {
    return [...this.#own.values()].map((own) => own.record);
  }

  on(input: OwnershipInput, out: Out<OwnershipEffect>): void {
    switch (input.kind) {
      case 'want': return this.#want(input, out);
      case 'unwant': return this.#giveUp(input.dn, out);
      case 'notice': return this.#notice(input.notice, out);
      case 'handOver': return this.#handOver(input.epoch, input.snapshot, out);
      case 'handOverLate': return this.#takeUpIf(input.dn, input.epoch, undefined, out);
      case 'nodeDown': return this.#nodeDown(input.node);
      case 'expire': return this.#expire(input.nowMs, out);
    }
  }

  #want(input: Input<'want'>, out: Out<OwnershipEffect>): void {
    const own = this.#own.get(input.dn);
    if (own !== undefined) {
      own.untilMs = Math.max(own.untilMs, input.untilMs);
      return;
    }
    const other = this.#others.get(input.dn);
    // The first of a data centre keeps the DN; a phone that moved to another data centre takes it along.
    if (other !== undefined && (other.dataCentre === this.dataCentre || input.ownership === 'static')) {
      if (input.ownership === 'sip') out.push({ kind: 'forwardRefresh', dn: input.dn, untilMs: input.untilMs });
      return;
    }
    this.#claim(input, other, out);
  }

  #claim(input: Input<'want'>, former: OwnerRecord | undefined, out: Out<OwnershipEffect>): void {
    const { dn, ownership } = input;
    const record: OwnerRecord = { dn, node: this.node, dataCentre: this.dataCentre, ownership, epoch: this.#hlc.next(input.nowMs) };
    this.#own.set(dn, { record, untilMs: input.untilMs, takenUp: false });
    this.#others.delete(dn);
    out.push({ kind: 'publish', notice: { kind: 'claim', ...record } });
    if (former === undefined) this.#takeUpIf(dn, record.epoch, undefined, out);
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

  #handOver(epoch: number, snapshot: DnSnapshot, out: Out<OwnershipEffect>): void {
    this.#takeUpIf(snapshot.dn, epoch, snapshot, out);
  }

  /** Once, and only for the claim that still stands. */
  #takeUpIf(dn: string, epoch: number, snapshot: DnSnapshot | undefined, out: Out<OwnershipEffect>): void {
    const own = this.#own.get(dn);
    if (own === undefined || own.takenUp || own.record.epoch !== epoch) return;
    own.takenUp = true;
    out.push({ kind: 'takeUp', record: own.record, snapshot });
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
    if (own.takenUp) out.push({ kind: 'giveUp', dn });
    out.push({ kind: 'publish', notice: { kind: 'release', dn, node: this.node, epoch: own.record.epoch } });
  }
}
