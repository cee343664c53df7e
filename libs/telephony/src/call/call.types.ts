/**
 * What goes into the call machine and what comes out (docs/specs/call.md). SIP is behind `LegId`, T-Library behind events
 * and requests; the machine sees neither a socket nor a header.
 */
import type { KVList, TEvent, TRequest } from '#tlib';
import type { RequestOrigin } from '../messages/index.js';

/** One SIP dialog of the call, named by the shell when it comes in and by the machine when it goes out. */
export type LegId = string;
/** A session description, passed through byte for byte wherever the call model lets it (latin1 text). */
export type Sdp = string;

/** Where a leg comes from. */
export type CallOrigin =
  | { readonly kind: 'internal'; readonly dn: string }
  | { readonly kind: 'trunk'; readonly trunk: string; readonly number: string };

/** Where a dialled string leads, decided by the dial plan from configuration and trunk health. */
export type Destination =
  /** A phone of the cluster, reached through the proxy. */
  | { readonly kind: 'device'; readonly dn: string; readonly uri: string }
  /** The outside. `number` is what the trunk dials; `alternatives` are tried in order when this one fails to answer. */
  | { readonly kind: 'trunk'; readonly trunk: string; readonly number: string; readonly uri: string; readonly alternatives: readonly { readonly trunk: string; readonly uri: string }[] }
  | { readonly kind: 'routingPoint'; readonly dn: string }
  /** `status` and `reason` for SIP, `code` for T-Library; `message` says what to change. */
  | { readonly kind: 'nowhere'; readonly status: number; readonly reason: string; readonly code: number; readonly message: string };

/** Pure look-ups the machine may make while it handles an input. Answers must not change within one input. */
export interface CallEnvironment {
  /**
   * `from` is the DN or trunk on whose behalf: the caller for the number that opens a call, the Routing Point (as
   * `internal`) for routing instructions and default routing, the transferring or redirecting DN for those requests.
   */
  resolve(dialled: string, from: CallOrigin): Destination;
  /** An option by the operators' name: DN over application over cluster over default. Numbers in the option's own unit. */
  option(name: string, dn?: string): string;
  /** Clients registered on the Routing Point in a mode other than ModeMonitor. */
  routers(routingPoint: string): number;
  /** Whether the name is a DN of the switch, and of which type. */
  dnType(name: string): 'Extension' | 'RoutingPoint' | 'VirtualQueue' | 'Trunk' | undefined;
  /** DN where the agent is logged in (RouteType AgentID), when this node knows it. Without it such routes get error 51. */
  agentDN?(agentID: string): string | undefined;
  readonly node: string;
  readonly geoLocation: string;
}

export type CallInput = (
  // ---- from the legs
  /** An INVITE that opens the call. `sdp` is null when it carries no offer. */
  | { readonly kind: 'invited'; readonly leg: LegId; readonly from: CallOrigin; readonly dialled: string; readonly ani: string; readonly displayName: string; readonly sdp: Sdp | null }
  /** 1xx on a leg we invited. */
  | { readonly kind: 'progress'; readonly leg: LegId; readonly status: number; readonly sdp: Sdp | null }
  /** 2xx on a leg we invited. The shell waits for an `ack` effect. */
  | { readonly kind: 'answered'; readonly leg: LegId; readonly sdp: Sdp | null }
  /** Final failure of a leg we invited; 408 for a time-out, 503 when nothing could be reached. */
  | { readonly kind: 'rejected'; readonly leg: LegId; readonly status: number; readonly reason: string }
  /** ACK of our 2xx, with the answer when our 2xx carried the offer. */
  | { readonly kind: 'acked'; readonly leg: LegId; readonly sdp: Sdp | null }
  /** re-INVITE or UPDATE from the far end. Answer with `answerOffer` or `rejectOffer`. */
  | { readonly kind: 'offered'; readonly leg: LegId; readonly sdp: Sdp | null }
  /** Outcome of our own re-INVITE. After `offerAnswered` to an offerless one, `ackOffer` must follow. */
  | { readonly kind: 'offerAnswered'; readonly leg: LegId; readonly sdp: Sdp | null }
  | { readonly kind: 'offerRejected'; readonly leg: LegId; readonly status: number }
  /** The leg is gone: BYE, CANCEL, or lost (session timer, transport, 481). */
  | { readonly kind: 'gone'; readonly leg: LegId; readonly cause: 'bye' | 'cancel' | 'lost' }
  /** Final answer to a `notify` effect. */
  | { readonly kind: 'notified'; readonly leg: LegId; readonly status: number }
  // ---- from T-Library clients
  | { readonly kind: 'request'; readonly request: TRequest; readonly origin: RequestOrigin }
  /** A 3pcc call begins: RequestMakeCall. The shell made the call object; `leg` is for the originator. */
  | { readonly kind: 'makeCall'; readonly leg: LegId; readonly request: TRequest; readonly origin: RequestOrigin }
  /** The last answering client of a Routing Point where this call waits has left. */
  | { readonly kind: 'routersGone'; readonly routingPoint: string }
  /** Routing clients have come back to a Routing Point of a node that went on in another process. */
  | { readonly kind: 'routersBack'; readonly routingPoint: string }
  // ---- from the cluster
  /** The call goes on in this process from what another one knew; the first input after `Call.restore` then. */
  | { readonly kind: 'restored' }
  /** Verdict of the DN's owner on an `offer` effect. */
  | { readonly kind: 'offerAccepted'; readonly dn: string; readonly offerId: number; readonly agentID: string | undefined }
  | { readonly kind: 'offerRefused'; readonly dn: string; readonly offerId: number; readonly code: number; readonly message: string }
  /** What it accepted does not hold any more: the DN went out of service. */
  | { readonly kind: 'offerRevoked'; readonly dn: string; readonly message: string }
  | { readonly kind: 'timer'; readonly timer: string }
  /** The node is being drained or the operator clears the call. */
  | { readonly kind: 'clear'; readonly reason: string }
) & { readonly nowMs: number };

export type CallEffect =
  // ---- to the legs, in this order of meaning: a leg is opened by `invite`, ended by `cancel` or `bye`
  | { readonly kind: 'invite'; readonly leg: LegId; readonly destination: Destination; readonly fromUser: string; readonly fromDisplay: string; readonly sdp: Sdp | null; readonly autoAnswer: boolean; readonly userData: KVList }
  | { readonly kind: 'cancel'; readonly leg: LegId }
  /** ACK for a 2xx to our INVITE; `sdp` when that 2xx carried the offer. */
  | { readonly kind: 'ack'; readonly leg: LegId; readonly sdp: Sdp | null }
  /** 1xx, 2xx or failure on the leg that invited us. */
  | { readonly kind: 'ring'; readonly leg: LegId; readonly status: 180 | 183; readonly sdp: Sdp | null }
  | { readonly kind: 'answer'; readonly leg: LegId; readonly sdp: Sdp | null }
  | { readonly kind: 'reject'; readonly leg: LegId; readonly status: number; readonly reason: string }
  /** re-INVITE; without `sdp` the far end makes the offer. */
  | { readonly kind: 'offer'; readonly leg: LegId; readonly sdp: Sdp | null }
  | { readonly kind: 'ackOffer'; readonly leg: LegId; readonly sdp: Sdp | null }
  | { readonly kind: 'answerOffer'; readonly leg: LegId; readonly sdp: Sdp | null }
  | { readonly kind: 'rejectOffer'; readonly leg: LegId; readonly status: number; readonly reason: string }
  | { readonly kind: 'bye'; readonly leg: LegId }
  /** Remote control of the phone (SC-09). Answered by `notified`. */
  | { readonly kind: 'notify'; readonly leg: LegId; readonly event: 'talk' | 'hold' }
  // ---- to clients and controllers
  /** A T-event about `dn`, complete but for session and owner attributes. The shell sends it to routing clients or to the DN's owner. */
  | { readonly kind: 'event'; readonly dn: string; readonly event: TEvent; readonly business: boolean; readonly origin?: RequestOrigin }
  /** A call-monitoring event for IPport (tlibrary §4.10). */
  | { readonly kind: 'monitor'; readonly event: TEvent }
  /** A request failed. */
  | { readonly kind: 'error'; readonly origin: RequestOrigin; readonly code: number; readonly message: string; readonly dn?: string }
  /** A request with no event of its own succeeded (EventPartyInfo and the like). */
  | { readonly kind: 'reply'; readonly origin: RequestOrigin; readonly event: TEvent }
  /** Ask the DN's owner whether a routed call may ring it. */
  | { readonly kind: 'offerTo'; readonly dn: string; readonly offerId: number; readonly leaseMs: number }
  | { readonly kind: 'withdrawFrom'; readonly dn: string }
  | { readonly kind: 'agentAction'; readonly dn: string; readonly action: 'notready' | 'logout'; readonly reason: string }
  | { readonly kind: 'setTimer'; readonly timer: string; readonly ms: number }
  | { readonly kind: 'clearTimer'; readonly timer: string }
  /** The call is over; nothing of it remains but what `sip-call-retain-timeout` keeps for queries. */
  | { readonly kind: 'ended' };

/** Identity of a call, made by the shell from `Entropy` and counters before the first input. */
export interface CallIdentity {
  readonly connID: string;
  readonly callUUID: string;
  readonly callID: number;
  readonly startedAtMs: number;
}

export type { KVList };
