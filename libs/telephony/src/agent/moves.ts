/** The agent's moves as data: state by input gives the action (docs/specs/agent.md). The specs walk every row. */
import type { AgentInput, AgentState } from './agent.types.js';

export type AgentAction =
  | 'login' | 'loginAgain' | 'logout' | 'goReady' | 'goNotReady' | 'startAcw' | 'interrupt' | 'endAcw' | 'endGuard'
  | 'notLoggedIn' | 'sameState' | 'guardHolds' | 'none';

type Row = Readonly<Record<AgentInput['kind'], AgentAction>>;

export const AGENT_MOVES: Readonly<Record<AgentState, Row>> = {
  LoggedOut: {
    login: 'login', logout: 'notLoggedIn', ready: 'notLoggedIn', notReady: 'notLoggedIn',
    businessCall: 'none', businessReleased: 'none', timer: 'none',
  },
  NotReady: {
    login: 'loginAgain', logout: 'logout', ready: 'goReady', notReady: 'goNotReady',
    businessCall: 'none', businessReleased: 'startAcw', timer: 'none',
  },
  Ready: {
    login: 'loginAgain', logout: 'logout', ready: 'sameState', notReady: 'goNotReady',
    businessCall: 'none', businessReleased: 'startAcw', timer: 'none',
  },
  AfterCallWork: {
    login: 'loginAgain', logout: 'logout', ready: 'goReady', notReady: 'goNotReady',
    businessCall: 'interrupt', businessReleased: 'startAcw', timer: 'endAcw',
  },
  LegalGuard: {
    login: 'loginAgain', logout: 'logout', ready: 'guardHolds', notReady: 'goNotReady',
    businessCall: 'interrupt', businessReleased: 'startAcw', timer: 'endGuard',
  },
};
