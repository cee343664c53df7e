/** A DN as its events tell it, at whoever is not its owner: what EventRegistered reports without asking again. */
import type { KVList, TEvent } from '#tlib';
import type { AgentView, DnEvent, DnSnapshot } from '../messages/index.js';
import { CallBook } from './call-book.js';

const STATUS = { ready: 2, notReady: 3, afterCallWork: 4 } as const;

/** A DN that nobody owns: out of service, nobody there. */
export const vacant = (dn: string): DnSnapshot => ({ dn, owner: '', epoch: 0, seq: 0, inService: false, agent: undefined, calls: [], dnd: false });

export class DnPicture {
  readonly #calls = new CallBook();
  #state: DnSnapshot;

  constructor(readonly dn: string) {
    this.#state = vacant(dn);
  }

  get seq(): number {
    return this.#state.seq;
  }

  get owner(): string {
    return this.#state.owner;
  }

  /** Out of service, without an agent and without calls: what a DN without an owner looks like. */
  get isVacant(): boolean {
    return !this.#state.inService && this.#state.agent === undefined && this.#calls.size === 0;
  }

  get snapshot(): DnSnapshot {
    return { ...this.#state, calls: this.#calls.views() };
  }

  apply({ event, owner, epoch, seq }: DnEvent): void {
    this.#calls.apply(event, owner, false);
    this.#state = { ...this.#state, owner, epoch, seq, ...change(this.#state.agent, event) };
  }

  /** Takes the snapshot over; answers the events that a client missed. */
  become(snapshot: DnSnapshot): TEvent[] {
    const before = this.#state;
    const events: TEvent[] = this.#calls.eventsTowards(this.dn, undefined, snapshot.calls);
    this.#state = { ...snapshot, calls: [] };
    this.#calls.replaceAll(snapshot.calls);
    if (snapshot.inService !== before.inService) events.unshift(serviceEvent(this.dn, snapshot.inService));
    if (snapshot.dnd !== before.dnd) events.push({ msg: snapshot.dnd ? 'EventDNDOn' : 'EventDNDOff', ThisDN: this.dn });
    if (isWaiting(snapshot) !== isWaiting(before)) {
      events.push({ msg: isWaiting(snapshot) ? 'EventMessageWaitingOn' : 'EventMessageWaitingOff', ThisDN: this.dn });
    }
    if (!sameAgent(before.agent, snapshot.agent)) events.push(...agentEvents(this.dn, before.agent, snapshot.agent));
    return events;
  }

  /** The owner is gone: the DN is out of service and its calls are unknown. */
  lost(): TEvent[] {
    return this.become({ ...this.#state, inService: false, agent: undefined, calls: [] });
  }
}

function change(agent: AgentView | undefined, event: TEvent): Partial<DnSnapshot> {
  switch (event.msg) {
    case 'EventDNBackInService': return { inService: true };
    case 'EventDNOutOfService': return { inService: false };
    case 'EventDNDOn': return { dnd: true };
    case 'EventDNDOff': return { dnd: false };
    case 'EventMessageWaitingOn': return { messageWaiting: true };
    case 'EventMessageWaitingOff': return { messageWaiting: false };
    case 'EventAgentLogout': return { agent: undefined };
    case 'EventAgentLogin': return agent === undefined ? { agent: agentOf(undefined, event, 1) } : {};
    case 'EventAgentReady': return { agent: agentOf(agent, event, STATUS.ready) };
    case 'EventAgentNotReady': {
      return { agent: agentOf(agent, event, event['AgentWorkMode'] === 'AfterCallWork' ? STATUS.afterCallWork : STATUS.notReady) };
    }
    default: return {};
  }
}

function agentOf(known: AgentView | undefined, event: TEvent, agentStatus: number): AgentView {
  const time = event['Time'] as { sec: number; usec: number } | undefined;
  const atMs = time === undefined ? 0 : time.sec * 1000 + Math.floor(time.usec / 1000);
  return {
    agentID: (event['AgentID'] as string | undefined) ?? '', agentSessionID: (event['AgentSessionID'] as string | undefined) ?? '',
    agentStatus, workMode: (event['AgentWorkMode'] as string | undefined) ?? 'Unknown',
    reasons: (event['Reasons'] as KVList | undefined) ?? [], loginAtMs: known?.loginAtMs ?? atMs, sinceMs: atMs,
  };
}

const serviceEvent = (dn: string, inService: boolean): TEvent => ({ msg: inService ? 'EventDNBackInService' : 'EventDNOutOfService', ThisDN: dn });

const isWaiting = (snapshot: DnSnapshot): boolean => snapshot.messageWaiting === true;

const sameAgent = (a: AgentView | undefined, b: AgentView | undefined): boolean =>
  a?.agentID === b?.agentID && a?.agentStatus === b?.agentStatus && a?.workMode === b?.workMode;

function agentEvents(dn: string, before: AgentView | undefined, after: AgentView | undefined): TEvent[] {
  const events: TEvent[] = [];
  const say = (msg: string, agent: AgentView): void => void events.push({
    msg, ThisDN: dn, AgentID: agent.agentID, AgentSessionID: agent.agentSessionID, AgentWorkMode: agent.workMode, Reasons: agent.reasons,
  });
  if (before !== undefined && before.agentID !== after?.agentID) say('EventAgentLogout', before);
  if (after === undefined) return events;
  if (before?.agentID !== after.agentID) say('EventAgentLogin', after);
  say(after.agentStatus === STATUS.ready ? 'EventAgentReady' : 'EventAgentNotReady', after);
  return events;
}
