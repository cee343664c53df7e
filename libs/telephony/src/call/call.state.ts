/** What a call is made of. Plain data, so that another node can carry the call on (architecture §6). */
import type { KVList } from '#tlib';
import type { RequestOrigin } from '../messages/index.js';
import type { CallIdentity, CallOrigin, LegId, Sdp } from './call.types.js';

/** The SIP side of a party: the dialog between it and us. */
export const LegState = {
  /** A Routing Point has no dialog; neither has a device that is still being offered. */
  None: 0,
  /** Its INVITE waits for our final answer. */
  Incoming: 1,
  /** Our 2xx waits for its ACK. */
  Answering: 2,
  /** Our INVITE waits for its final answer. */
  Inviting: 3,
  /** Its 2xx, which carried an offer, waits for our ACK. */
  Unacknowledged: 4,
  Confirmed: 5,
} as const;
export type LegState = (typeof LegState)[keyof typeof LegState];

/** The T-Library side of a party (docs/specs/call.md, "Parties"). */
export const PartyState = {
  /** Nobody has been told of it. */
  New: 0,
  Dialing: 1,
  Queued: 2,
  Ringing: 3,
  Established: 4,
  Held: 5,
} as const;
export type PartyState = (typeof PartyState)[keyof typeof PartyState];

export const PartyKind = { Device: 0, Outside: 1, RoutingPoint: 2 } as const;
export type PartyKind = (typeof PartyKind)[keyof typeof PartyKind];

export type Role = 'Origination' | 'Destination';

/** How a party got into the call or out of it (tlibrary §5.5 CallState), as far as this machine says it. */
export type CallStateName = 'Ok' | 'Transferred' | 'GeneralError' | 'Busy' | 'NoAnswer' | 'AllTrunksBusy'
  | 'SitInvalidnum' | 'Cleared' | 'Redirected';

/** A request whose positive event has not happened yet. */
export interface PendingRequest {
  readonly kind: 'answer' | 'hold' | 'retrieve';
  readonly origin: RequestOrigin;
  readonly reasons: KVList;
  /** The phone was asked by NOTIFY and has not refused. */
  byPhone: boolean;
}

export interface OtherParty {
  readonly dn: string;
  readonly role: Role;
}

export interface Party {
  readonly id: number;
  readonly kind: PartyKind;
  /** The DN, or the number of an outside party. */
  readonly dn: string;
  /** Trunk of an outside party, else ''. */
  trunk: string;
  readonly role: Role;
  readonly business: boolean;
  /** Distribution device that sent the call here, or ''. */
  readonly thisQueue: string;
  /** What its first event says in CallState. */
  readonly enteredBy: CallStateName;
  /** DN that transferred or redirected the call here, or ''. */
  readonly broughtBy: string;
  state: PartyState;
  /** Its first state that was told, and when; epoch milliseconds. */
  cameAs: PartyState;
  cameAtMs: number;
  /** When the present state began. */
  sinceMs: number;
  leg: LegId;
  legState: LegState;
  /** Party at the other end; 0 = none, or not any more. */
  peer: number;
  /** Whom events name as the other party (tlibrary §4.1), also after it left. */
  other: OtherParty | undefined;
  /** Latest session description of the far end. */
  sdp: Sdp | null;
  /** Our INVITE carried an offer, so its 2xx carries the answer. */
  invitedWithOffer: boolean;
  /** Our re-INVITE has no outcome yet. */
  offering: boolean;
  /** Latest provisional status that an incoming leg got from us. */
  rung: 0 | 180 | 183;
  /** A provisional answer to its INVITE carried a session description, so no other destination may follow. */
  earlyMedia: boolean;
  /** We hold the call for it by our own re-INVITEs; the phone does not know. */
  heldByServer: boolean;
  /** Versions that we invented in session descriptions towards it (RFC 3264 §8). */
  sdpShift: number;
  pending: PendingRequest | undefined;
}

/** Why a destination is being tried: decides what follows when it fails. */
export type Purpose = 'direct' | 'route' | 'default' | 'overflow' | 'transfer';

export interface TrunkChoice {
  readonly trunk: string;
  readonly uri: string;
}

/** No-answer supervision of one attempt (tlibrary §7.5). */
export interface NoAnswerRule {
  /** 0 = none. */
  readonly timeoutS: number;
  readonly action: string;
  readonly overflow: readonly string[];
}

/** What a router's instruction says beside the destination (tlibrary §3.8). */
export interface RouteInstruction {
  readonly routeType: string;
  readonly extensions: KVList;
  readonly reasons: KVList;
}

/** A destination being tried. At most one at a time. */
export interface Attempt {
  /** Becomes `overflow` for a routed call that left its Routing Point at ringing. */
  purpose: Purpose;
  /** Party of the destination. */
  readonly party: number;
  stage: 'offering' | 'inviting' | 'alerting' | 'joining';
  /** Number of the verdict asked of the DN's owner; 0 = none was asked, or it was refused. */
  offerId: number;
  /** Number to dial on the other trunks. */
  readonly number: string;
  readonly uri: string;
  alternatives: readonly TrunkChoice[];
  /** Who asked for it, until that is answered. */
  origin: RequestOrigin | undefined;
  readonly instruction: RouteInstruction | undefined;
  noAnswer: NoAnswerRule;
  /** Overflow destinations not tried yet. */
  overflow: readonly string[];
}

/** A call that waits at a Routing Point. */
export interface Queue {
  /** Party of the Routing Point. */
  readonly party: number;
  /** TreatmentType in progress, or ''. */
  treatment: string;
  /** Set by treatment SetDefaultRoute; '' = as configured. */
  defaultRoute: string;
}

export type ExchangeKind = 'pass' | 'connect' | 'join' | 'hold';

/** An offer/answer exchange between two legs (docs/specs/call.md, "Exchanges"). At most one at a time. */
export interface Exchange {
  readonly kind: ExchangeKind;
  readonly from: number;
  readonly to: number;
  /** 0 = an earlier offer to the one to be asked first has no outcome yet. */
  step: 0 | 1 | 2;
  /** Offer that `from` made, or that `to` made when `from` sent none. */
  offer: Sdp | null;
  /** Glares so far (RFC 3261 §14.1). */
  glares: number;
}

export type CallTimer = 'router' | 'routing' | 'noAnswer' | 'invite' | 'originator' | 'acknowledge' | 'phone' | 'treatment'
  | 'glare' | 'closing';

export interface ArmedTimer {
  readonly timer: CallTimer;
  readonly atMs: number;
}

export type Phase = 'new' | 'live' | 'over' | 'ended';

export interface MakeCallRequest {
  /** Party of the originator. */
  readonly party: number;
  readonly dialled: string;
  readonly origin: RequestOrigin;
  readonly reasons: KVList;
  readonly extensions: KVList;
}

export interface ClosingLeg {
  readonly leg: LegId;
  /** Its INVITE carried an offer, so a late 2xx wants no answer from us. */
  readonly withOffer: boolean;
}

export interface CallState {
  readonly version: 1;
  readonly identity: CallIdentity;
  phase: Phase;
  callType: 'Unknown' | 'Internal' | 'Inbound' | 'Outbound';
  from: CallOrigin;
  ani: string;
  dnis: string;
  displayName: string;
  userData: KVList;
  parties: Party[];
  /** Numbers given out so far. */
  partyCount: number;
  legCount: number;
  offerCount: number;
  /** Party that waits to be connected with somebody; 0 = none. */
  waiting: number;
  attempt: Attempt | undefined;
  queue: Queue | undefined;
  exchange: Exchange | undefined;
  /** A call made on request whose originator has not answered. */
  making: MakeCallRequest | undefined;
  /** Last distribution device: where `recall` leads. */
  lastQueue: string;
  /** Default destinations tried since the last instruction. */
  triedDefaults: readonly string[];
  /** Moves from Routing Point to Routing Point by default routing since the last instruction. */
  redirections: number;
  /** Cancelled legs whose final answer has not come. */
  closing: ClosingLeg[];
  timers: ArmedTimer[];
}

export function newCallState(identity: CallIdentity): CallState {
  return {
    version: 1, identity, phase: 'new', callType: 'Unknown', from: { kind: 'internal', dn: '' }, ani: '', dnis: '', displayName: '',
    userData: [], parties: [], partyCount: 0, legCount: 0, offerCount: 0, waiting: 0, attempt: undefined, queue: undefined,
    exchange: undefined, making: undefined, lastQueue: '', triedDefaults: [], redirections: 0, closing: [], timers: [],
  };
}
