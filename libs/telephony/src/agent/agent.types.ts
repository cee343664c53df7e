/** What goes into the agent machine and what comes out (docs/specs/agent.md). */
import type { KVList } from '#tlib';
import type { RequestOrigin } from '../messages/index.js';

/** Busy is not a state: an agent in any of these may have a business call (tlibrary §7.1, BusyReady and its like). */
export type AgentStateName = 'LoggedOut' | 'NotReady' | 'Ready' | 'AfterCallWork' | 'LegalGuard';

/** Length of after-call work: seconds, 0 for none, or until the agent ends it. */
export type WrapUp = number | 'untimed';

/** Options of the application (tlibrary §11.4). */
export interface AgentOptions {
  /** `emulated-login-state` */
  readonly loginState: 'Ready' | 'NotReady';
  readonly wrapUp: WrapUp;
  readonly legalGuardMs: number;
  readonly timedAcwInIdle: boolean;
  readonly acwInIdleForceReady: boolean;
  readonly acwPersistentReasons: boolean;
}

/** The T-Library session that logged the agent in: its loss logs the agent out (tlibrary §7.6). */
export interface AgentClient {
  readonly instance: string;
  readonly session: string;
}

export type AgentInput = (
  | {
    readonly kind: 'login'; readonly agentID: string;
    /** Name for a new login session; a repeated login keeps the one it has. */
    readonly agentSessionID: string;
    readonly client: AgentClient; readonly workMode: string; readonly wrapUp: WrapUp | undefined;
    readonly reasons: KVList; readonly origin?: RequestOrigin | undefined;
  }
  | { readonly kind: 'logout'; readonly reasons: KVList; readonly origin?: RequestOrigin | undefined }
  | { readonly kind: 'ready'; readonly workMode: string; readonly reasons: KVList; readonly origin?: RequestOrigin | undefined }
  | {
    readonly kind: 'notReady'; readonly workMode: string; readonly wrapUp?: WrapUp | undefined; readonly reasons: KVList;
    readonly origin?: RequestOrigin | undefined;
  }
  /** The DN has a business call now, and had none before. */
  | { readonly kind: 'callStarted' }
  /** The DN's last business call is over. `wrapUp`: what the call itself asks for; `talked`: it had been answered. */
  | { readonly kind: 'callEnded'; readonly talked: boolean; readonly wrapUp: WrapUp | undefined }
  | { readonly kind: 'timer' }
) & { readonly nowMs: number };

export type AgentEventName = 'EventAgentLogin' | 'EventAgentLogout' | 'EventAgentReady' | 'EventAgentNotReady';

export type AgentEffect =
  | {
    readonly kind: 'event'; readonly msg: AgentEventName; readonly agentID: string; readonly agentSessionID: string;
    readonly workMode: string; readonly reasons: KVList;
    /** Of after-call work that begins. */
    readonly wrapUp?: WrapUp | undefined;
    readonly origin?: RequestOrigin | undefined;
  }
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }
  /** One timer; setting it replaces the one that runs. */
  | { readonly kind: 'setTimer'; readonly delayMs: number }
  | { readonly kind: 'clearTimer' };

/** Where an agent goes when after-call work is over. */
export interface AgentReturn {
  readonly state: 'Ready' | 'NotReady';
  readonly workMode: string;
  readonly reasons: KVList;
}

/** Plain data, version 1: enough for another node to go on. */
export interface AgentState {
  readonly version: 1;
  readonly state: AgentStateName;
  readonly agentID: string;
  readonly agentSessionID: string;
  readonly client: AgentClient;
  readonly workMode: string;
  readonly reasons: KVList;
  readonly loginAtMs: number;
  readonly sinceMs: number;
  /** What the login asked for; undefined: what the option says. */
  readonly loginWrapUp: WrapUp | undefined;
  readonly busy: boolean;
  /** While in after-call work. */
  readonly acw: AgentAcw | undefined;
  /** When after-call work or legal guard ends by itself. */
  readonly deadlineMs: number | undefined;
  /** Ready is not reached before this. */
  readonly guardUntilMs: number;
}

export interface AgentAcw {
  readonly wrapUp: WrapUp;
  /** Asked for by an agent without a call (`timed-acw-in-idle`, `acw-in-idle-force-ready`). */
  readonly idle: boolean;
  readonly returnTo: AgentReturn;
}
