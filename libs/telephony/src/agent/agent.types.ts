/** What goes into the agent machine and what comes out (tlibrary §7). */
import type { EnumValue, KVList } from '#tlib';

export type AgentState = 'LoggedOut' | 'NotReady' | 'Ready' | 'AfterCallWork' | 'LegalGuard';
export type WorkMode = EnumValue<'AgentWorkMode'>;

/** Seconds of after-call work; `untimed` ends only when the agent says so (§7.3). */
export type WrapUpTime = number | 'untimed';

/** Options of the owner's node, by their names in §11.4. */
export interface AgentRules {
  readonly emulatedLoginState: 'ready' | 'not_ready';
  readonly wrapUpTime: number;
  readonly legalGuardTime: number;
  readonly timedAcwInIdle: boolean;
  readonly acwInIdleForceReady: boolean;
  readonly acwPersistentReasons: boolean;
}

/** What an agent falls back to when after-call work is over. */
export interface AgentRest {
  readonly state: 'Ready' | 'NotReady';
  readonly workMode: WorkMode;
  readonly reasons: KVList;
}

/** All that an agent is, for the next owner of the DN. Plain data; deadlines are absolute, so that a timer runs on elsewhere. */
export interface AgentMemory {
  readonly state: AgentState;
  readonly agentID: string;
  readonly agentSessionID: string;
  readonly workMode: WorkMode;
  readonly reasons: KVList;
  readonly loginWrapUp: WrapUpTime | undefined;
  readonly rest: AgentRest;
  readonly timerUntilMs: number | undefined;
  readonly afterBusiness: boolean;
  readonly loginAtMs: number;
  readonly sinceMs: number;
}

export type AgentInput =
  | {
    readonly kind: 'login'; readonly agentID: string; readonly agentSessionID: string; readonly hasCall: boolean;
    readonly wrapUpTime?: WrapUpTime | undefined; readonly workMode?: WorkMode | undefined; readonly reasons: KVList; readonly nowMs: number;
  }
  | { readonly kind: 'logout'; readonly reasons: KVList; readonly nowMs: number }
  | { readonly kind: 'ready'; readonly workMode?: WorkMode | undefined; readonly reasons: KVList; readonly nowMs: number }
  | {
    readonly kind: 'notReady'; readonly workMode?: WorkMode | undefined; readonly reasons: KVList;
    readonly wrapUpTime?: WrapUpTime | undefined; readonly nowMs: number;
  }
  /** A business call was answered: work after an earlier one is interrupted. */
  | { readonly kind: 'businessCall'; readonly nowMs: number }
  /** The last business call ended; `wrapUpTime` is the call's own wish. */
  | { readonly kind: 'businessReleased'; readonly wrapUpTime?: WrapUpTime | undefined; readonly nowMs: number }
  | { readonly kind: 'timer'; readonly nowMs: number };

export type AgentEventName = 'EventAgentLogin' | 'EventAgentLogout' | 'EventAgentReady' | 'EventAgentNotReady';

export type AgentEffect =
  | {
    readonly kind: 'event'; readonly msg: AgentEventName; readonly agentID: string; readonly agentSessionID: string;
    readonly workMode: WorkMode; readonly reasons: KVList; readonly wrapUpTime?: WrapUpTime;
  }
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }
  /** Replaces a timer that runs. */
  | { readonly kind: 'setTimer'; readonly delayMs: number }
  | { readonly kind: 'cancelTimer' };
