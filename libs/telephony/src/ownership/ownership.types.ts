/** What goes into the ownership table and what comes out (docs/specs/ownership.md). */
import type { DnSnapshot, MoveVerdict, OwnerNotice, OwnershipKind } from '../messages/index.js';

export interface OwnerRecord {
  readonly dn: string;
  readonly node: string;
  readonly dataCentre: string;
  readonly ownership: OwnershipKind;
  readonly epoch: number;
}

export type OwnershipInput =
  /**
   * This node has a reason to own the DN until then: a registration, an owner application, a Routing Point of its share. A registration
   * that has ended by `nowMs` is one that the phone took back, or that its proxy lost.
   */
  | {
    readonly kind: 'want'; readonly dn: string; readonly ownership: OwnershipKind; readonly untilMs: number; readonly nowMs: number;
    /** The DN's last event number that this node knows of. */
    readonly lastSeq?: number;
  }
  /** An own DN's reason ends then, although nobody saw its phone here: a proxy lost a binding, or the phone is seen elsewhere. */
  | { readonly kind: 'until'; readonly dn: string; readonly untilMs: number; readonly nowMs: number }
  /** What became of {@link OwnershipEffect} `askMove`, or the owner that waited is ready now. */
  | { readonly kind: 'moveAnswered'; readonly dn: string; readonly verdict: MoveVerdict | 'silent' | 'nobody'; readonly nowMs: number }
  /**
   * The other half of this node's pair owned the DN, or had claimed it when there is no `snapshot`. Claimed with the next epoch: whoever
   * claimed meanwhile has a higher one. Before this node hears anybody.
   */
  | {
    readonly kind: 'restore'; readonly dn: string; readonly ownership: OwnershipKind; readonly untilMs: number; readonly seenAtMs: number;
    readonly epoch: number; readonly snapshot: DnSnapshot | undefined; readonly lastSeq: number; readonly nowMs: number;
  }
  /** The reason is gone. */
  | { readonly kind: 'unwant'; readonly dn: string; readonly nowMs: number }
  | { readonly kind: 'notice'; readonly notice: OwnerNotice; readonly nowMs: number }
  | { readonly kind: 'handOver'; readonly epoch: number; readonly snapshot: DnSnapshot; readonly nowMs: number }
  | { readonly kind: 'handOverLate'; readonly dn: string; readonly epoch: number; readonly nowMs: number }
  | { readonly kind: 'nodeDown'; readonly node: string; readonly nowMs: number }
  /** A record of a bucket, or from a peer's snapshots; `alive` when its node is. Obeyed as if its claim were heard. */
  | { readonly kind: 'record'; readonly record: OwnerRecord; readonly alive: boolean; readonly nowMs: number }
  /** Others' claims were heard for long enough: a DN without a known owner has none. */
  | { readonly kind: 'settled' }
  /** This process stood still: each of its own claims is said again, so that whoever has a higher one answers. */
  | { readonly kind: 'sayAgain' }
  | { readonly kind: 'expire'; readonly nowMs: number };

export type OwnershipEffect =
  | { readonly kind: 'publish'; readonly notice: OwnerNotice }
  /** Another node owns the DN: tell it how long the phone is there. */
  | { readonly kind: 'forwardRefresh'; readonly dn: string; readonly untilMs: number }
  /** Its owner in another data centre is asked to let it go: bus request, answered with a verdict. `agoMs`: since the phone was seen here. */
  | { readonly kind: 'askMove'; readonly dn: string; readonly ownership: OwnershipKind; readonly untilMs: number; readonly agoMs: number }
  /** A hand-over that came after somebody else had claimed: it goes on to that one. */
  | { readonly kind: 'passOn'; readonly to: string; readonly epoch: number; readonly snapshot: DnSnapshot }
  /** Queue commands for the DN until it is taken up, at most `delayMs`. */
  | { readonly kind: 'awaitHandOver'; readonly dn: string; readonly epoch: number; readonly delayMs: number }
  /** The DN is this node's: begin, from the former owner's picture when there is one. */
  | { readonly kind: 'takeUp'; readonly record: OwnerRecord; readonly snapshot: DnSnapshot | undefined; readonly lastSeq: number }
  /** Somebody claimed with a higher epoch: stop at once, publish nothing more, hand over. */
  | { readonly kind: 'yield'; readonly dn: string; readonly to: string; readonly epoch: number; readonly wasTakenUp: boolean }
  /** The reason ran out: the DN leaves service, and its release is published with its last number. */
  | { readonly kind: 'giveUp'; readonly dn: string; readonly epoch: number };

export const HAND_OVER_MS = 200;
/** From an owner that let the DN go just now, and is a data centre away. */
export const MOVE_HAND_OVER_MS = 1_000;
/** How often an owner that waits is asked again: longer than a lost answer may cost, shorter than the lease of a wish. */
export const ASK_AGAIN_MS = 5_000;
/** An owner without an answer may have lost the question. */
export const ASK_SILENT_MS = 1_000;
