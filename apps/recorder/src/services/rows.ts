/** Records as rows for people and programs: flat, the same columns in each row of a list. Times are milliseconds since 1970. */
import { CDR_TYPE, type HistoryRecord } from '#store';
import type { Sessions } from '../machines/join.js';

export type Row = Readonly<Record<string, unknown>>;

export interface Asked {
  readonly fromMs: number;
  readonly toMs: number;
  readonly dn?: string;
  readonly agent?: string;
  readonly connID?: string;
  /** Of verdicts alone. */
  readonly ani?: string;
  readonly rule?: string;
  readonly verdict?: string;
  readonly division?: string;
  readonly limit: number;
  readonly after?: string;
}

export function callRow(
  { atMs, connID, data }: HistoryRecord<'call'>, parties: readonly HistoryRecord<'party'>[], cdrs: readonly HistoryRecord<'cdr'>[], sessions: Sessions,
): Row {
  const inOrder = [...parties].sort((a, b) => a.atMs - b.atMs || (a.key < b.key ? -1 : 1));
  const handled = cdrs.filter(({ data: { type } }) => type === CDR_TYPE.handled).sort((a, b) => a.atMs - b.atMs);
  const first = handled[0]?.data;
  const answeredAtMs = handled[0]?.atMs;
  return {
    startedAtMs: atMs, connID, callType: data.callType, ani: data.ani, dnis: data.dnis,
    result: first === undefined ? nameOf(cdrs.at(0)?.data.type) : 'handled',
    dn: first?.dn ?? '', agent: first === undefined ? '' : sessions.agentAt(first.dn, answeredAtMs as number) ?? '',
    waitMs: first?.waitMs ?? Math.max(0, ...cdrs.map((cdr) => cdr.data.waitMs)), pickupMs: first?.pickupMs ?? 0,
    talkMs: handled.reduce((sum, cdr) => sum + cdr.data.talkMs, 0), durationMs: data.endedAtMs - atMs, attempts: cdrs.length,
    node: data.node, complete: data.complete, endedAtMs: data.endedAtMs, callUUID: data.callUUID, userData: data.userData,
    parties: inOrder.map((party) => partyRow(party, sessions)),
  };
}

function partyRow({ atMs, data }: HistoryRecord<'party'>, sessions: Sessions): Row {
  const { callUUID: _, dn, ...rest } = data;
  return { dn, agent: sessions.agentAt(dn, atMs) ?? '', startedAtMs: atMs, ...rest };
}

export function cdrRow({ atMs, connID, data }: HistoryRecord<'cdr'>, sessions: Sessions): Row {
  const { type, attempt, dn, queue, ani, waitMs, pickupMs, talkMs, rejected, cause, flags, media, callUUID } = data;
  return {
    startedAtMs: atMs, connID, attempt, type, result: nameOf(type), dn, agent: sessions.agentAt(dn, atMs) ?? '', queue, ani, waitMs, pickupMs, talkMs,
    rejected, cause, flags, media, callUUID,
  };
}

const NAMES: ReadonlyMap<number, string> = new Map([
  [CDR_TYPE.handled, 'handled'], [CDR_TYPE.rejected, 'rejected'], [CDR_TYPE.internalError, 'error'], [CDR_TYPE.droppedInQueue, 'dropped'],
]);
const nameOf = (type: number | undefined): string => (type === undefined ? '' : NAMES.get(type) ?? '');

export function agentRow({ atMs, key, data }: HistoryRecord<'agentSession'>): Row {
  const { agentID, dn, node, endedAtMs, endCause } = data;
  return { agent: agentID, dn, startedAtMs: atMs, endedAtMs, endCause, node, session: key };
}

export function stateRow({ atMs, data }: HistoryRecord<'agentState'>): Row {
  const { agentID, dn, state, workMode, reasons, endedAtMs, endCause, sessionID } = data;
  return { agent: agentID, dn, state, workMode, reasons, startedAtMs: atMs, endedAtMs, endCause, session: sessionID };
}

export function queueRow({ atMs, connID, data }: HistoryRecord<'queueResult'>): Row {
  const { queue, result, target, ani, endedAtMs, callUUID } = data;
  return { startedAtMs: atMs, queue, connID, result: result ?? 'waiting', target, ani, endedAtMs, callUUID };
}

export const resourceRow = ({ data: { dn, type, switchName, firstSeenAtMs } }: HistoryRecord<'resource'>): Row =>
  ({ dn, type, switch: switchName, firstSeenAtMs });

export function verdictRow({ atMs, data }: HistoryRecord<'verdict'>): Row {
  const { verdict, dnis, ani, trunk, sipCode, reason, rules, division, withoutStore, callId, proxy, dataCentre } = data;
  return { startedAtMs: atMs, verdict, dnis, ani, trunk, sipCode, reason, rules: rules.join(';'), division, withoutStore, callId, proxy, dataCentre };
}
