/** What goes into the DN machine and what comes out (docs/specs/dn.md). */
import type { KVList, TRequest } from '#tlib';
import type { AgentRules } from '../agent/agent.types.js';
import type { CallEventItem, CallView, DnEvent, DnReply, RequestOrigin } from '../messages/index.js';

export interface DnRules extends AgentRules {
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
  | { readonly kind: 'item'; readonly node: string; readonly item: CallEventItem; readonly nowMs: number }
  | { readonly kind: 'picture'; readonly node: string; readonly calls: readonly CallView[]; readonly nowMs: number }
  | { readonly kind: 'scDown'; readonly node: string; readonly nowMs: number }
  | { readonly kind: 'offer'; readonly connID: string; readonly leaseMs: number; readonly nowMs: number }
  | { readonly kind: 'withdraw'; readonly connID: string; readonly nowMs: number }
  /** Agent and device requests; call control is passed on by the shell. */
  | {
    readonly kind: 'request'; readonly request: TRequest; readonly origin: RequestOrigin; readonly agentSessionID: string; readonly nowMs: number;
  }
  | { readonly kind: 'agentAction'; readonly action: 'notready' | 'logout'; readonly reasons: KVList; readonly nowMs: number }
  | {
    readonly kind: 'clientGone'; readonly instance: string; readonly session: string; readonly unregistered: boolean; readonly nowMs: number;
  }
  | { readonly kind: 'timer'; readonly nowMs: number };

export type DnEffect =
  | { readonly kind: 'event'; readonly event: DnEvent }
  | { readonly kind: 'answer'; readonly reply: DnReply }
  | { readonly kind: 'setTimer'; readonly delayMs: number }
  | { readonly kind: 'cancelTimer' };
