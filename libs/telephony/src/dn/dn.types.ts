/** What goes into the DN machine and what comes out (docs/specs/dn.md). */
import type { TEvent, TRequest } from '#tlib';
import type { AgentOptions, AgentState, WrapUp } from '../agent/agent.types.js';
import type { CallEventItem, CallView, DnEvent, DnReply, RequestOrigin } from '../messages/index.js';

/** `device`: a phone, where an agent may sit. `queue`: a Routing Point. */
export type DnKind = 'device' | 'queue';

export interface DnOptions {
  readonly agent: AgentOptions;
  readonly logoutOnOutOfService: boolean;
  readonly logoutOnDisconnect: boolean;
}

/** What does not change while the node owns the DN. */
export interface DnEnvironment {
  readonly node: string;
  /** Where its agents are: Reasons `site` (TC-17). */
  readonly geoLocation: string;
  readonly options: DnOptions;
  /** Whether the AgentID is that of a person of the switch (TC-26). */
  knownAgent(agentID: string): boolean;
}

/** One live call, and what only the owner needs to know of it. */
export interface DnCall {
  readonly view: CallView;
  readonly talked: boolean;
  /** What the call itself asks for (tlibrary §7.3). */
  readonly wrapUp: WrapUp | undefined;
  /** When its SC last said that it lives. */
  readonly heardMs: number;
}

/** A routed call that was let in and has not rung yet. */
export interface DnOffer {
  readonly connID: string;
  readonly node: string;
  readonly untilMs: number;
}

/** Plain data, version 1: enough for another node to go on. */
export interface DnState {
  readonly version: 1;
  readonly seq: number;
  readonly inService: boolean;
  readonly dnd: boolean;
  readonly offHook: boolean;
  readonly calls: readonly DnCall[];
  readonly offer: DnOffer | undefined;
  readonly agent: AgentState | undefined;
  /** The agent came with a move of the DN and is logged out when calls and after-call work are over (tlibrary §7.7). */
  readonly logoutWhenDone: boolean;
}

export type DnInput = (
  | { readonly kind: 'inService' }
  | { readonly kind: 'outOfService' }
  /** From the stream of one SC. */
  | { readonly kind: 'item'; readonly node: string; readonly item: CallEventItem }
  /** All that the SC has for this DN. */
  | { readonly kind: 'picture'; readonly node: string; readonly calls: readonly CallView[] }
  | { readonly kind: 'scLost'; readonly node: string }
  /** Its SC does not know the call any more. */
  | { readonly kind: 'callGone'; readonly connID: string }
  /** Its SC was asked, and the call lives. */
  | { readonly kind: 'callAlive'; readonly connID: string }
  /** Agent and do-not-disturb requests, and RequestQueryAddress. Answered by `reply`. */
  | { readonly kind: 'request'; readonly request: TRequest; readonly origin: RequestOrigin; readonly agentSessionID: string }
  | { readonly kind: 'offer'; readonly connID: string; readonly node: string; readonly leaseMs: number }
  | { readonly kind: 'withdraw'; readonly connID: string }
  | { readonly kind: 'agentAction'; readonly action: 'notready' | 'logout'; readonly reason: string }
  | { readonly kind: 'clientLost'; readonly instance: string; readonly session: string }
  /** The process that held the agent's client is gone, and its sessions with it. */
  | { readonly kind: 'instanceLost'; readonly instance: string }
  /** The agent logged in at another DN. */
  | { readonly kind: 'loggedInElsewhere'; readonly dn: string; readonly agentID: string; readonly loginAtMs: number }
  /** The DN came from another owner. `restoreAgent`: `agent-state-auto-restore`. */
  | { readonly kind: 'moved'; readonly restoreAgent: boolean }
  | { readonly kind: 'timer' }
) & { readonly nowMs: number };

export type DnEffect =
  /** Numbered, with owner and epoch. */
  | { readonly kind: 'event'; readonly event: DnEvent }
  /** Of the input that is being handled; at most one. */
  | { readonly kind: 'reply'; readonly reply: DnReply }
  /** For the one who asked and nobody else: a late EventError. */
  | { readonly kind: 'toClient'; readonly origin: RequestOrigin; readonly event: TEvent }
  | { readonly kind: 'setTimer'; readonly delayMs: number }
  | { readonly kind: 'clearTimer' }
  | { readonly kind: 'agentLoggedIn'; readonly agentID: string; readonly loginAtMs: number }
  /** An event that fits no call here: the SC's picture must be asked for. */
  | { readonly kind: 'misfit'; readonly node: string; readonly msg: string }
  /** The last call is over. */
  | { readonly kind: 'quiet' };
