/** What goes into the ownership table and what comes out (docs/specs/ownership.md). */
import type { DnSnapshot, OwnerNotice, OwnershipKind } from '../messages/index.js';

export interface OwnerRecord {
  readonly dn: string;
  readonly node: string;
  readonly dataCentre: string;
  readonly ownership: OwnershipKind;
  readonly epoch: number;
}

export type OwnershipInput =
  /** This node has a reason to own the DN until then: a registration, an owner application, a Routing Point of its share. */
  | {
    readonly kind: 'want'; readonly dn: string; readonly ownership: OwnershipKind; readonly untilMs: number; readonly nowMs: number;
  }
  /** The reason is gone. */
  | { readonly kind: 'unwant'; readonly dn: string; readonly nowMs: number }
  | { readonly kind: 'notice'; readonly notice: OwnerNotice; readonly nowMs: number }
  | { readonly kind: 'handOver'; readonly epoch: number; readonly snapshot: DnSnapshot; readonly nowMs: number }
  | { readonly kind: 'handOverLate'; readonly dn: string; readonly epoch: number; readonly nowMs: number }
  | { readonly kind: 'nodeDown'; readonly node: string; readonly nowMs: number }
  | { readonly kind: 'expire'; readonly nowMs: number };

export type OwnershipEffect =
  | { readonly kind: 'publish'; readonly notice: OwnerNotice }
  /** A living owner of this data centre keeps the DN: tell it that the phone is still there. */
  | { readonly kind: 'forwardRefresh'; readonly dn: string; readonly untilMs: number }
  /** Queue commands for the DN until it is taken up, at most {@link HAND_OVER_MS}. */
  | { readonly kind: 'awaitHandOver'; readonly dn: string; readonly epoch: number; readonly delayMs: number }
  /** The DN is this node's: begin, from the former owner's picture when there is one. */
  | { readonly kind: 'takeUp'; readonly record: OwnerRecord; readonly snapshot: DnSnapshot | undefined }
  /** Somebody claimed with a higher epoch: stop at once, publish nothing more, hand over. */
  | { readonly kind: 'yield'; readonly dn: string; readonly to: string; readonly epoch: number; readonly wasTakenUp: boolean }
  /** The reason ran out: the DN leaves service, then `publish` of the release follows. */
  | { readonly kind: 'giveUp'; readonly dn: string };

export const HAND_OVER_MS = 200;
