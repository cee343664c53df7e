/** What a T-Controller answers about the DNs it owns: pages of pictures, events again, and whether a reader is up to date (docs/specs/streams.md). */
import type { EventRing } from '#cluster';
import { unreachable } from '#kernel';
import type { DnEvent, SnapshotReply, SnapshotRequest } from '#telephony';
import type { OwnedDn } from './owned-dn.js';
import type { SortedNames } from './sorted-names.js';

const PAGE_MAX = 500;

export class SnapshotDesk {
  constructor(
    private readonly dns: ReadonlyMap<string, OwnedDn>, private readonly names: SortedNames, private readonly ring: EventRing<DnEvent>,
  ) {}

  answer(question: SnapshotRequest): SnapshotReply {
    switch (question.kind) {
      case 'page': return this.#page(question.after, Math.min(question.limit, PAGE_MAX));
      case 'replay': {
        const owned = this.dns.get(question.dn);
        const { complete, events } = this.ring.replay(question.dn, question.epoch, question.fromSeq, owned?.seq ?? 0);
        return { kind: 'replay', complete: owned?.epoch === question.epoch && complete, events };
      }
      case 'verify': return this.#verify(question.dns);
      default: return unreachable(question);
    }
  }

  #page(after: string, limit: number): SnapshotReply {
    const { names, more } = this.names.after(after, limit);
    return { kind: 'page', snapshots: names.map((dn) => (this.dns.get(dn) as OwnedDn).snapshot()), more };
  }

  #verify(asked: Extract<SnapshotRequest, { readonly kind: 'verify' }>['dns']): SnapshotReply {
    const behind: { dn: string; epoch: number; seq: number }[] = [];
    const notOwned: string[] = [];
    for (const { dn, epoch, seq } of asked) {
      const own = this.dns.get(dn);
      if (own === undefined) notOwned.push(dn);
      else if (own.epoch !== epoch || own.seq !== seq) behind.push({ dn, epoch: own.epoch, seq: own.seq });
    }
    return { kind: 'verify', behind, notOwned };
  }
}
