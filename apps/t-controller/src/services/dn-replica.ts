/** What the other half of the node's pair is told of each DN (docs/specs/dn.md, "The other half of a pair"). */
import { entriesUnder, type Replica } from '#cluster';
import type { DnSnapshot, OwnershipKind } from '#telephony';

/** An owned DN: what a hand-over carries, and the claim. */
export interface DnEntry {
  readonly dn: string;
  readonly ownership: OwnershipKind;
  readonly epoch: number;
  /** When its phone or its owner application was seen here last. */
  readonly seenAtMs: number;
  /** End of the registration; absent when the ownership has no end of its own. */
  readonly untilMs?: number;
  /** Absent while a former owner's hand-over is awaited. */
  readonly snapshot?: DnSnapshot;
}

/** A DN that was given up: its numbers go on from there. */
export interface LeftEntry {
  readonly dn: string;
  readonly epoch: number;
  readonly seq: number;
}

const OWNED = 'dn/';
const LEFT = 'left/';

export class DnReplica {
  readonly owned: readonly DnEntry[];
  readonly left: readonly LeftEntry[];
  readonly #left: Set<string>;

  constructor(private readonly replica: Replica) {
    this.owned = Array.from(entriesUnder<DnEntry>(replica.restored, OWNED), ([, entry]) => entry);
    this.left = Array.from(entriesUnder<LeftEntry>(replica.restored, LEFT), ([, entry]) => entry);
    this.#left = new Set(this.left.map(({ dn }) => dn));
  }

  /** Before what reveals it leaves. */
  put(entry: DnEntry): void {
    this.replica.put(OWNED + entry.dn, entry);
    if (this.#left.delete(entry.dn)) this.replica.remove(LEFT + entry.dn);
    this.replica.flush();
  }

  putLeft(entry: LeftEntry): void {
    this.#left.add(entry.dn);
    this.replica.put(LEFT + entry.dn, entry);
    this.remove(entry.dn);
  }

  /** Somebody else owns the DN. */
  remove(dn: string): void {
    this.replica.remove(OWNED + dn);
    this.replica.flush();
  }
}
