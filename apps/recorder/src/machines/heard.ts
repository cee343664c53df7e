/** What a recorder keeps of what servers tell it: the lines of its durable queue (docs/specs/history.md). */
import { kvGet, type KVList, kvText, type TEvent, type TTime } from '#tlib';

/** Which port told it: calls at IPport, agents at TCport, queue at a virtual-queue server. */
export type SourceKind = 'calls' | 'agents' | 'queue';

export interface Heard {
  /** Application and port, such as `SIPS_dc1_1/IPport`. */
  readonly source: string;
  /** Of the T-Library session: another one means that something may have been missed. */
  readonly session: string;
  readonly sequence: number;
  readonly event: TEvent;
}

/** An agent who is logged in, as a snapshot of the owner tells it. */
export interface SeenAgent {
  readonly dn: string;
  readonly agentID: string;
  readonly sessionID: string;
  /** AgentStatus of tlibrary §4.4.1. */
  readonly status: number;
  readonly workMode: string;
  readonly reasons: KVList;
  readonly epoch: number;
  readonly loginAtMs: number;
  readonly sinceMs: number;
}

/** Names of the events asked for (IP-05). User data only when some of it is kept. */
export function filterOf(kind: SourceKind, userData: boolean): readonly string[] {
  switch (kind) {
    case 'calls': return [
      'EventCallCreated', 'EventCallPartyAdded', 'EventCallPartyState', 'EventCallPartyDeleted', 'EventCallDeleted',
      ...(userData ? ['EventCallDataChanged'] : []),
    ];
    case 'agents': return [
      'EventRegisteredAll', 'EventRegistered', 'EventUnregistered', 'EventAgentLogin', 'EventAgentLogout', 'EventAgentReady', 'EventAgentNotReady',
    ];
    case 'queue': return ['EventQueued', 'EventDiverted', 'EventAbandoned'];
  }
}

/** The part that is kept; undefined for what says nothing of the past. */
export function keptOf(event: TEvent): TEvent | undefined {
  if (event.msg === 'EventRegisteredAll') {
    const owned = (kvGet(event['Extensions'] as KVList, 'owned') ?? []) as KVList;
    const agents = owned.flatMap(([dn, snapshot]) => seenAgent(dn, snapshot as KVList) ?? []);
    return snapshotEvent(event, kvGet(event['Extensions'] as KVList, 'more') === 1 ? 'more' : 'last', agents);
  }
  if (event.msg === 'EventRegistered') {
    if (event['AddressType'] !== 'DN') return undefined;
    const { ThisDN, Extensions, ...attributes } = event;
    const list = [...Object.entries(attributes), ...(Extensions as KVList ?? [])] as KVList;
    const agent = seenAgent(ThisDN as string, list);
    return agent === undefined ? undefined : snapshotEvent(event, 'single', [agent]);
  }
  return event;
}

/** One DN that a node took up, or a part of all it owns. */
export type SnapshotPart = 'single' | 'more' | 'last';

const snapshotEvent = (event: TEvent, part: SnapshotPart, agents: readonly SeenAgent[]): TEvent =>
  ({ msg: 'AgentsOwned', Time: event['Time'], Part: part, Agents: agents } as unknown as TEvent);

export const agentsOwned = (event: TEvent): { readonly part: SnapshotPart; readonly agents: readonly SeenAgent[] } =>
  ({ part: event['Part'] as SnapshotPart, agents: event['Agents'] as unknown as SeenAgent[] });

function seenAgent(dn: string, snapshot: KVList): SeenAgent | undefined {
  const agentID = kvText(snapshot, 'AgentID') ?? '';
  const loginAtMs = Number(kvText(snapshot, 'agent-login-ms'));
  if (agentID === '' || Number.isNaN(loginAtMs)) return undefined;
  return {
    dn, agentID, sessionID: kvText(snapshot, 'AgentSessionID') ?? '', status: Number(kvGet(snapshot, 'AgentStatus')),
    workMode: kvText(snapshot, 'AgentWorkMode') ?? '', reasons: (kvGet(snapshot, 'Reasons') ?? []) as KVList,
    epoch: Number(kvGet(snapshot, 'OwnerEpoch') ?? 0), loginAtMs, sinceMs: Number(kvText(snapshot, 'agent-since-ms')),
  };
}

/** Milliseconds of an event's own time: TimeStamp where a call has one, else Time. @throws Error when it has none */
export function timeOf(event: TEvent): number {
  const { sec, usec } = (event['TimeStamp'] ?? event['Time']) as TTime;
  const ms = sec * 1_000 + Math.floor(usec / 1_000);
  if (!Number.isSafeInteger(ms) || ms < 0) throw new Error(`${event.msg} has no time`);
  return ms;
}

export const text = (event: TEvent, name: string): string => (event[name] as string | undefined) ?? '';
