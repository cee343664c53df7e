/** What goes into the DN machine and what comes out (docs/specs/dn.md). */
import type { KVList, TEvent, TRequest } from '#tlib';
import type { AgentRules } from '../agent/agent.types.js';
import type { CallEventItem, CallView, DnEvent, DnReply, RequestOrigin } from '../messages/index.js';

export interface DnRules extends AgentRules {
  /** Idle agents are logged out after so long; 0 = never. */
  readonly autoLogoutMs: number;
  /** Also those who are Ready or work after a call. */
  readonly autoLogoutReady: boolean;
  /** An agent who moves to another data centre stays logged in. */
  readonly agentStateAutoRestore: boolean;
  readonly logoutOnOutOfService: boolean;
  readonly logoutOnDisconnect: boolean;
  readonly logoutOnUnregister: boolean;
}

export interface DnIdentity {
  readonly dn: string;
  /** Node that owns it, `Server` in its events. */
  readonly node: string;
  readonly epoch: number;
  /** `site` in Reasons (TC-17). */
  readonly geoLocation: string;
  /** A Routing Point has no agent and no phone. */
  readonly routingPoint: boolean;
}

export type DnInput =
  | { readonly kind: 'inService'; readonly nowMs: number }
  | { readonly kind: 'outOfService'; readonly nowMs: number }
  /** The first input of a DN that was handed over; `moved`: from another data centre. */
  | { readonly kind: 'tookOver'; readonly moved: boolean; readonly nowMs: number }
  /** It is about to move to another data centre: no call is offered until then, and an agent who does not come along is logged out. */
  | { readonly kind: 'leave'; readonly untilMs: number; readonly nowMs: number }
  | { readonly kind: 'item'; readonly node: string; readonly item: CallEventItem; readonly nowMs: number }
  | { readonly kind: 'picture'; readonly node: string; readonly calls: readonly CallView[]; readonly nowMs: number }
  | { readonly kind: 'scDown'; readonly node: string; readonly nowMs: number }
  /** The session controller is not heard; its calls may go on (docs/specs/dn.md). */
  | { readonly kind: 'scSilent'; readonly node: string; readonly nowMs: number }
  /** It is heard again, and will tell its calls. */
  | { readonly kind: 'scBack'; readonly node: string; readonly nowMs: number }
  /** Its data centre is cut off: its calls do go on. */
  | { readonly kind: 'scCutOff'; readonly node: string; readonly dataCentre: string; readonly nowMs: number }
  /** A client ends a call that cannot be asked for, or that nobody has any more (TC-30). Answers `accepted`. */
  | { readonly kind: 'releaseGhost'; readonly connID: string; readonly origin: RequestOrigin; readonly nowMs: number }
  | { readonly kind: 'offer'; readonly connID: string; readonly node: string; readonly leaseMs: number; readonly nowMs: number }
  | { readonly kind: 'withdraw'; readonly connID: string; readonly nowMs: number }
  /** Agent and device requests; call control is passed on by the shell. */
  | {
    readonly kind: 'request'; readonly request: TRequest; readonly origin: RequestOrigin; readonly agentSessionID: string;
    /** Greater than that of every login heard of. */
    readonly loginEpoch: number; readonly nowMs: number;
  }
  | { readonly kind: 'agentAction'; readonly action: 'notready' | 'logout'; readonly reasons: KVList; readonly nowMs: number }
  /** Without `session`: every client of that instance. */
  | {
    readonly kind: 'clientGone'; readonly instance: string; readonly session?: string; readonly unregistered: boolean; readonly nowMs: number;
  }
  | { readonly kind: 'clientAway'; readonly instance: string; readonly session: string; readonly away: boolean; readonly nowMs: number }
  /** The process that held its client is gone: the agent is away, and out at `untilMs` unless a client takes him over. */
  | { readonly kind: 'desktopLost'; readonly instance: string; readonly untilMs: number; readonly nowMs: number }
  /** A client registered the DN; answered whether it took the agent over. */
  | { readonly kind: 'clientHere'; readonly origin: RequestOrigin; readonly nowMs: number }
  /** The agent of this DN logged in elsewhere, later. */
  | { readonly kind: 'loginElsewhere'; readonly agentID: string; readonly epoch: number; readonly nowMs: number }
  | { readonly kind: 'timer'; readonly timer: DnTimer; readonly nowMs: number };

/** `agent`: after-call work and guard. `idle`: the agent may have been idle for too long. `desktop`: nobody took the agent over. */
export type DnTimer = 'agent' | 'idle' | 'desktop';

export type DnEffect =
  | { readonly kind: 'event'; readonly event: DnEvent }
  | { readonly kind: 'answer'; readonly reply: DnReply }
  /** An offer that was accepted does not hold any more: for the session controller of that node. */
  | { readonly kind: 'revoked'; readonly connID: string; readonly node: string }
  /** A request was accepted and failed then: for its client alone. */
  | { readonly kind: 'refused'; readonly event: TEvent; readonly origin: RequestOrigin }
  /** Comes before EventAgentLogin, so that the same agent leaves another DN first. */
  | { readonly kind: 'loggedIn'; readonly agentID: string; readonly epoch: number }
  /** Replaces the timer of that name. */
  | { readonly kind: 'setTimer'; readonly timer: DnTimer; readonly delayMs: number }
  | { readonly kind: 'cancelTimer'; readonly timer: DnTimer };
