/** A DN as its events tell it: what receivers keep, equal to the owner's own snapshot (architecture §9, invariant 7). */
import { type KVList, kvText, type TEvent, type TTime } from '#tlib';
import type { AgentView, CallView, DnEvent, DnSnapshot } from '../messages/index.js';
import { callMove, callPart } from './call-walk.js';
import { connIDBefore, saysBusiness, viewAfter, viewFrom } from './call-view.js';
import { type BareEvent, missedByAll } from './recovery.js';

/** The picture after one more numbered event. */
export function pictureAfter(picture: DnSnapshot, { owner, epoch, seq, event }: DnEvent): DnSnapshot {
  return { ...applyEvent(picture, event), owner, epoch, seq };
}

function applyEvent(picture: DnSnapshot, event: TEvent): DnSnapshot {
  switch (event.msg) {
    case 'EventDNBackInService': return { ...picture, inService: true };
    case 'EventDNOutOfService': return { ...picture, inService: false };
    case 'EventDNDOn': return { ...picture, dnd: true };
    case 'EventDNDOff': return { ...picture, dnd: false };
    case 'EventAgentLogin': return { ...picture, agent: loggedIn(picture.agent, event) };
    case 'EventAgentReady': case 'EventAgentNotReady': return { ...picture, agent: stateChanged(picture.agent, event) };
    case 'EventAgentLogout': return { ...picture, agent: undefined };
    default: return event['ConnID'] === undefined ? picture : { ...picture, calls: callsAfter(picture.calls, event) };
  }
}

/** A repeated login changes nothing about the agent; the event that follows says its state. */
function loggedIn(before: AgentView | undefined, event: TEvent): AgentView {
  const agentSessionID = kvText(event['Extensions'] as KVList | undefined, 'AgentSessionID') ?? '';
  if (before?.agentSessionID === agentSessionID) return before;
  const atMs = msOf(event);
  return {
    agentID: String(event['AgentID'] ?? ''), agentSessionID, agentStatus: 1, workMode: 'Unknown', reasons: [], loginAtMs: atMs, sinceMs: atMs,
  };
}

function stateChanged(before: AgentView | undefined, event: TEvent): AgentView | undefined {
  if (before === undefined) return undefined;
  const workMode = String(event['AgentWorkMode'] ?? 'Unknown');
  const agentStatus = event.msg === 'EventAgentReady' ? 2 : workMode === 'AfterCallWork' ? 4 : 3;
  return { ...before, agentStatus, workMode, reasons: (event['Reasons'] as KVList | undefined) ?? [], sinceMs: msOf(event) };
}

function callsAfter(calls: readonly CallView[], event: TEvent): readonly CallView[] {
  const connID = connIDBefore(event);
  const at = calls.findIndex((call) => call.connID === connID);
  const known = calls[at];
  const move = callMove(known === undefined ? 'unknown' : callPart(known.partyState), event.msg);
  if (move === 'misfit') return calls;
  if (move === 'ended') return calls.filter((call) => call !== known);
  if (known === undefined) return [...calls, viewFrom(event, move, saysBusiness(event))];
  return calls.map((call) => (call === known ? viewAfter(call, event, move) : call));
}

/** Events that lead a client from the one picture to the other, without numbers: the real ones are lost. */
export function missedBetween(before: DnSnapshot, after: DnSnapshot): BareEvent[] {
  const events: BareEvent[] = [];
  if (after.inService && !before.inService) events.push({ msg: 'EventDNBackInService' });
  events.push(...missedByAll(before.calls, after.calls), ...missedOfAgent(before.agent, after.agent));
  if (before.dnd !== after.dnd) events.push({ msg: after.dnd ? 'EventDNDOn' : 'EventDNDOff' });
  if (!after.inService && before.inService) events.push({ msg: 'EventDNOutOfService' });
  return events;
}

function missedOfAgent(before: AgentView | undefined, after: AgentView | undefined): BareEvent[] {
  const events: BareEvent[] = [];
  const sameSession = before?.agentSessionID === after?.agentSessionID;
  if (before !== undefined && !sameSession) events.push(agentEvent('EventAgentLogout', before));
  if (after === undefined) return events;
  if (!sameSession) events.push(agentEvent('EventAgentLogin', after));
  const sameState = sameSession && before?.agentStatus === after.agentStatus && before.workMode === after.workMode && before.sinceMs === after.sinceMs;
  if (!sameState) events.push(agentEvent(after.agentStatus === 2 ? 'EventAgentReady' : 'EventAgentNotReady', after));
  return events;
}

function agentEvent(msg: string, agent: AgentView): BareEvent {
  return {
    msg, AgentID: agent.agentID, AgentWorkMode: agent.workMode, Reasons: agent.reasons, Extensions: [['AgentSessionID', agent.agentSessionID]],
  };
}

function msOf(event: TEvent): number {
  const time = event['Time'] as TTime | undefined;
  return time === undefined ? 0 : time.sec * 1000 + Math.floor(time.usec / 1000);
}
