/** Legs as plain data, for the process that carries them on (docs/specs/pairs.md). JSON carries it; what is undefined is left out. */
import type { Dialog, Flow, ReliableSnapshot } from '#sip';
import type { LegId, Sdp } from '#telephony';
import type { InboundState } from './inbound-leg.js';
import type { OutboundState } from './outbound-leg.js';
import type { SentText } from './sip-sender.js';

export const LEG_VERSION = 1;

/** A request that waits for its final answer, and the way it came. */
export interface ReceivedText {
  readonly text: string;
  readonly flow: Flow;
}

export interface DialogSnapshot {
  readonly data: Dialog;
  readonly localSdp: Sdp | null;
  readonly offerPending: boolean;
}

/** An ACK of ours to a 2xx, which may have been lost with its sender. */
export interface AckSnapshot {
  readonly seq: number;
  readonly sdp: Sdp | null;
  readonly atMs: number;
}

/** A re-INVITE of ours: under way, answered and not acknowledged, or acknowledged a moment ago. */
export interface LocalOfferSnapshot {
  readonly sdp: Sdp | null;
  readonly refresh: boolean;
  readonly sent: SentText | undefined;
  readonly answeredSeq: number | undefined;
  readonly acked: AckSnapshot | undefined;
}

/** A re-INVITE or UPDATE of the far end; `answer` is our 2xx while its ACK is missing. */
export interface RemoteOfferSnapshot extends ReceivedText {
  readonly answer: string | undefined;
}

export interface UsageSnapshot {
  readonly dialog: DialogSnapshot;
  readonly updateAllowed: boolean;
  readonly local: LocalOfferSnapshot | undefined;
  readonly remote: RemoteOfferSnapshot | undefined;
  readonly queued: { readonly sdp: Sdp | null } | undefined;
}

export interface Ringing {
  readonly status: 180 | 183;
  readonly sdp: Sdp | null;
}

export interface InboundSnapshot {
  readonly kind: 'inbound';
  readonly version: typeof LEG_VERSION;
  readonly state: InboundState;
  readonly localTag: string;
  readonly inviteSeq: number;
  readonly maxForwards: number;
  /** The INVITE, until its 2xx is acknowledged. */
  readonly invite: ReceivedText | undefined;
  readonly rung: Ringing | undefined;
  readonly reliable: ReliableSnapshot<Ringing> | undefined;
  /** Answering: the description that waits for a PRACK. */
  readonly waitingAnswer: { readonly sdp: Sdp | null } | undefined;
  /** Answered: our 2xx. */
  readonly answer: string | undefined;
  readonly byeOwed: boolean;
  readonly usage: UsageSnapshot;
}

export interface OutboundSnapshot {
  readonly kind: 'outbound';
  readonly version: typeof LEG_VERSION;
  readonly state: OutboundState;
  readonly callId: string;
  readonly localTag: string;
  readonly seq: number;
  /** The INVITE, until its final answer. */
  readonly sent: SentText | undefined;
  readonly usage: UsageSnapshot | undefined;
  readonly acked: AckSnapshot | undefined;
}

export type LegSnapshot = InboundSnapshot | OutboundSnapshot;
export type LegEntry = readonly [LegId, LegSnapshot];
