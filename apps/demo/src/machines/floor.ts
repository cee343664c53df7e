/** The contact centre's floor as a monitoring client sees it: waiting calls, agents, and how calls ended. From T-events alone. */
import { kvGet, type KVList, type TEvent } from '#tlib';

/** Every call ends in exactly one of these. */
export interface Outcomes {
  answered: number;
  abandoned: number;
  defaultRouted: number;
}

export type SeatState = 'logged out' | 'not ready' | 'after call' | 'ready' | 'ringing' | 'talking';

export interface SeatView {
  readonly dn: string;
  readonly agentID: string;
  readonly state: SeatState;
  readonly sinceMs: number;
}

type CallStage = 'queued' | 'ringing' | 'talking';

interface Call {
  stage: CallStage;
  agentDN: string;
}

interface Seat {
  agentID: string;
  agent: 'logged out' | 'not ready' | 'after call' | 'ready';
  call: 'none' | 'ringing' | 'talking';
  sinceMs: number;
}

/** Events of that many seconds make the rates. */
const WINDOW_S = 5;

export class Floor {
  readonly outcomes: Outcomes = { answered: 0, abandoned: 0, defaultRouted: 0 };
  readonly #calls = new Map<string, Call>();
  readonly #seats = new Map<string, Seat>();
  readonly #perSecond = new Map<number, number>();
  #events = 0;

  constructor(private readonly routingPoint: string) {}

  get events(): number {
    return this.#events;
  }

  on(event: TEvent, nowMs: number): void {
    this.#count(nowMs);
    const dn = event['ThisDN'] as string | undefined;
    const connID = event['ConnID'] as string | undefined;
    if (dn === this.routingPoint) this.#atRoutingPoint(event, connID);
    else if (dn !== undefined) this.#atSeat(event, dn, connID, nowMs);
  }

  live(): Readonly<Record<CallStage, number>> {
    const live = { queued: 0, ringing: 0, talking: 0 };
    for (const { stage } of this.#calls.values()) live[stage] += 1;
    return live;
  }

  seats(): SeatView[] {
    return [...this.#seats].map(([dn, { agentID, agent, call, sinceMs }]) => ({ dn, agentID, state: call === 'none' ? agent : call, sinceMs }));
  }

  /** Mean of the last whole seconds. */
  eventsPerSecond(nowMs: number): number {
    const second = Math.floor(nowMs / 1000);
    let sum = 0;
    for (let back = 1; back <= WINDOW_S; back += 1) sum += this.#perSecond.get(second - back) ?? 0;
    return sum / WINDOW_S;
  }

  #count(nowMs: number): void {
    this.#events += 1;
    const second = Math.floor(nowMs / 1000);
    this.#perSecond.set(second, (this.#perSecond.get(second) ?? 0) + 1);
    if (this.#perSecond.size > WINDOW_S + 2) this.#perSecond.delete(this.#perSecond.keys().next().value as number);
  }

  #atRoutingPoint(event: TEvent, connID: string | undefined): void {
    if (connID === undefined) return;
    switch (event.msg) {
      case 'EventQueued': return void this.#calls.set(connID, { stage: 'queued', agentDN: '' });
      case 'EventAbandoned': return this.#ended(connID, 'abandoned');
      // The switch gave the caller up: nobody took him in time, and no default destination is configured.
      case 'EventReleased': return this.#ended(connID, 'defaultRouted');
      case 'EventRouteUsed': return event['RouteType'] === 'Default' ? this.#ended(connID, 'defaultRouted') : undefined;
      default: return undefined;
    }
  }

  #ended(connID: string, how: keyof Outcomes): void {
    if (this.#calls.delete(connID)) this.outcomes[how] += 1;
  }

  #atSeat(event: TEvent, dn: string, connID: string | undefined, nowMs: number): void {
    const seat = this.#seats.get(dn);
    const before = seat === undefined ? '' : `${seat.agent} ${seat.call}`;
    const now = seat ?? { agentID: '', agent: 'logged out', call: 'none', sinceMs: nowMs };
    moveAgent(now, event);
    if (connID !== undefined) this.#moveCall(now, event, dn, connID);
    if (now.agentID === '') return void this.#seats.delete(dn);
    if (seat === undefined) this.#seats.set(dn, now);
    if (`${now.agent} ${now.call}` !== before) now.sinceMs = nowMs;
  }

  #moveCall(seat: Seat, event: TEvent, dn: string, connID: string): void {
    const call = this.#calls.get(connID);
    switch (event.msg) {
      case 'EventRinging':
        seat.call = 'ringing';
        if (call?.stage === 'queued') Object.assign(call, { stage: 'ringing', agentDN: dn });
        return;
      case 'EventEstablished':
        seat.call = 'talking';
        if (call === undefined || call.stage === 'talking') return;
        Object.assign(call, { stage: 'talking', agentDN: dn });
        this.outcomes.answered += 1;
        return;
      case 'EventReleased':
      case 'EventAbandoned':
        seat.call = 'none';
        if (call?.agentDN !== dn) return;
        if (call.stage === 'talking') this.#calls.delete(connID);
        else Object.assign(call, { stage: 'queued', agentDN: '' });
        return;
      default:
    }
  }
}

function moveAgent(seat: Seat, event: TEvent): void {
  switch (event.msg) {
    case 'EventAgentLogin': Object.assign(seat, { agentID: event['AgentID'], agent: 'not ready' }); return;
    case 'EventAgentReady': seat.agent = 'ready'; return;
    case 'EventAgentNotReady': seat.agent = event['AgentWorkMode'] === 'AfterCallWork' ? 'after call' : 'not ready'; return;
    case 'EventAgentLogout': Object.assign(seat, { agentID: '', agent: 'logged out' }); return;
    case 'EventAddressInfo':
    case 'EventRegistered': return applySnapshot(seat, event['Extensions'] as KVList | undefined);
    default:
  }
}

function applySnapshot(seat: Seat, extensions: KVList | undefined): void {
  const agentID = kvGet(extensions, 'AgentID');
  if (typeof agentID === 'string') seat.agentID = agentID;
}
