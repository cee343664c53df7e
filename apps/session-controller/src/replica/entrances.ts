/** The ways in that are no ports: T-Library clients of the default port and of IPport, and operators. */
import type { AdminCommands } from '#tier';
import type { ClientSession } from '../adapters/client-session.js';
import type { CallReporting } from '../services/call-reporting.js';
import type { RoutingPort } from '../services/routing-port.js';
import { turnedCommands, turnedSession } from './turned-ports.js';
import type { Turns } from './turns.js';

export type RoutingEntrance = Pick<RoutingPort, 'onRequest'>;
export type ReportingEntrance = Pick<CallReporting, 'clientJoined' | 'clientPaused' | 'clientResumed' | 'clientGone'>;

export interface Entrances {
  readonly routingPort: RoutingEntrance;
  readonly reporting: ReportingEntrance;
  readonly admin: AdminCommands;
  /** The client as the node may speak to it. */
  readonly session: (session: ClientSession) => ClientSession;
}

export function turnedEntrances({ routingPort, reporting, admin }: Omit<Entrances, 'session'>, turns: Turns): Entrances {
  return {
    routingPort: { onRequest: (session, request) => turns.run(() => routingPort.onRequest(turnedSession(session, turns), request)) },
    reporting: {
      clientJoined: (session) => turns.run(() => reporting.clientJoined(turnedSession(session, turns))),
      clientPaused: (id) => turns.run(() => reporting.clientPaused(id)),
      clientResumed: (id) => turns.run(() => reporting.clientResumed(id)),
      clientGone: (id) => turns.run(() => reporting.clientGone(id)),
    },
    admin: turnedCommands(admin, turns),
    session: (session) => turnedSession(session, turns),
  };
}
