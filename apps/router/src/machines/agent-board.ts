/** Who is free, as the T-events of agents and DNs tell (tlibrary §10.1): ready, in service, without a call. */
import { kvGet, type KVList, type TEvent } from '#tlib';

export interface AgentSeat {
  readonly dn: string;
  agentID: string;
  ready: boolean;
  inService: boolean;
  readonly calls: Set<string>;
  /** Since when the agent is free: his longest wait is what longest-idle compares. */
  idleSinceMs: number;
  /** Not offered before: he has just refused, or not answered. */
  notBeforeMs: number;
}

const CALL_STARTS: ReadonlySet<string> = new Set(['EventRinging', 'EventDialing', 'EventEstablished']);
const CALL_ENDS: ReadonlySet<string> = new Set(['EventReleased', 'EventAbandoned']);
const READY = 2;

export class AgentBoard {
  readonly #seats = new Map<string, AgentSeat>();
  /** In the order in which they became free, so that the longest idle is found without looking at the others. */
  readonly #free = new Set<AgentSeat>();

  on(event: TEvent, nowMs: number): void {
    const dn = event['ThisDN'] as string | undefined;
    if (dn === undefined) return;
    const seat = this.#seat(dn);
    const wasFree = isFree(seat);
    apply(seat, event);
    if (wasFree === isFree(seat)) return;
    if (wasFree) {
      this.#free.delete(seat);
    } else {
      seat.idleSinceMs = nowMs;
      this.#free.add(seat);
    }
  }

  /** Free seats whose agent fits, the longest idle first. */
  *free(fits: (agentID: string) => boolean, nowMs: number): Generator<AgentSeat, undefined> {
    for (const seat of this.#free) if (seat.notBeforeMs <= nowMs && fits(seat.agentID)) yield seat;
  }

  /** Lets the agent be for a while after a refusal. */
  rest(dn: string, untilMs: number): void {
    this.#seat(dn).notBeforeMs = untilMs;
  }

  /** The feed broke: nothing is known until the snapshots are back. */
  forget(): void {
    this.#seats.clear();
    this.#free.clear();
  }

  #seat(dn: string): AgentSeat {
    let seat = this.#seats.get(dn);
    if (seat === undefined) {
      seat = { dn, agentID: '', ready: false, inService: false, calls: new Set(), idleSinceMs: 0, notBeforeMs: 0 };
      this.#seats.set(dn, seat);
    }
    return seat;
  }
}

const isFree = (seat: AgentSeat): boolean => seat.ready && seat.inService && seat.calls.size === 0 && seat.agentID !== '';

function apply(seat: AgentSeat, event: TEvent): void {
  const connID = event['ConnID'] as string | undefined;
  if (connID !== undefined && CALL_STARTS.has(event.msg)) seat.calls.add(connID);
  if (connID !== undefined && CALL_ENDS.has(event.msg)) seat.calls.delete(connID);
  switch (event.msg) {
    case 'EventRegistered': return applySnapshot(seat, event);
    case 'EventAgentLogin': seat.agentID = event['AgentID'] as string; seat.ready = false; return;
    case 'EventAgentReady': seat.agentID = (event['AgentID'] as string | undefined) ?? seat.agentID; seat.ready = true; return;
    case 'EventAgentNotReady': seat.ready = false; return;
    case 'EventAgentLogout': seat.ready = false; seat.agentID = ''; return;
    case 'EventDNOutOfService': seat.inService = false; seat.calls.clear(); return;
    case 'EventDNBackInService': seat.inService = true; return;
    default:
  }
}

/** tlibrary §4.4.1 */
function applySnapshot(seat: AgentSeat, event: TEvent): void {
  const extensions = event['Extensions'] as KVList | undefined;
  seat.inService = kvGet(extensions, 'status') !== 2;
  seat.agentID = (event['AgentID'] as string | undefined) ?? (kvGet(extensions, 'AgentID') as string | undefined) ?? '';
  seat.ready = kvGet(extensions, 'AgentStatus') === READY;
  seat.calls.clear();
  for (let n = 1; ; n += 1) {
    const connID = kvGet(extensions, `conn-${n}`);
    if (typeof connID !== 'string') return;
    seat.calls.add(connID);
  }
}
