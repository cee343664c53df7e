/** The legal moves of an agent (docs/specs/agent.md). A move that is not listed is a bug, not a fall-through. */
import type { AgentInput, AgentStateName } from './agent.types.js';

export type AgentMoves = Readonly<Record<AgentStateName, Readonly<Partial<Record<AgentInput['kind'], readonly AgentStateName[]>>>>>;

export const AGENT_MOVES = {
  LoggedOut: { login: ['NotReady', 'Ready'] },
  NotReady: {
    login: ['NotReady'], ready: ['Ready', 'LegalGuard'], notReady: ['NotReady', 'AfterCallWork'],
    callEnded: ['NotReady', 'AfterCallWork'], logout: ['LoggedOut'],
  },
  Ready: {
    login: ['Ready'], ready: ['Ready'], notReady: ['NotReady', 'AfterCallWork'],
    callEnded: ['Ready', 'AfterCallWork', 'LegalGuard'], logout: ['LoggedOut'],
  },
  AfterCallWork: {
    login: ['AfterCallWork'], ready: ['Ready', 'LegalGuard'], notReady: ['NotReady', 'AfterCallWork'],
    callEnded: ['AfterCallWork'], timer: ['Ready', 'NotReady', 'LegalGuard'], logout: ['LoggedOut'],
  },
  LegalGuard: {
    login: ['LegalGuard'], notReady: ['NotReady', 'AfterCallWork'], callEnded: ['LegalGuard', 'AfterCallWork'],
    timer: ['Ready'], logout: ['LoggedOut'],
  },
} as const satisfies AgentMoves;

/** Work modes that belong to each kind of state (tlibrary §5.5). Legal guard is never asked for. */
export const READY_MODES: ReadonlySet<string> = new Set(['Unknown', 'ManualIn', 'AutoIn', 'ReturnBack']);
export const NOT_READY_MODES: ReadonlySet<string> = new Set(['Unknown', 'AfterCallWork', 'AuxWork', 'NoCallDisconnect', 'WalkAway']);
