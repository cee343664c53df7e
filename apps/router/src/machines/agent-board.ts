/** Who is free, as the T-events of agents and DNs tell (tlibrary §10.1): ready, in service, without a call. */
import { kvGet, type KVList, type TEvent } from '#tlib';
import { Line } from './line.js';

export interface AgentSeat {
  readonly dn: string;
  agentID: string;
  ready: boolean;
  inService: boolean;
  readonly calls: Set<string>;
  /** Since when the agent is free: his longest wait is what longest-idle compares. */
  idleSinceMs: number;
}

interface SeatInLine {
  readonly place: number;
  readonly id: string;
  readonly seat: AgentSeat;
}

const CALL_STARTS: ReadonlySet<string> = new Set(['EventRinging', 'EventDialing', 'EventEstablished']);
const CALL_ENDS: ReadonlySet<string> = new Set(['EventReleased', 'EventAbandoned']);
const READY = 2;

export class AgentBoard {
  readonly #seats = new Map<string, AgentSeat>();
  /** Free agents who fit and are neither taken nor at rest, the longest idle first. */
  readonly #line = new Line<SeatInLine>();
  readonly #inLine = new Map<string, SeatInLine>();
  readonly #taken = new Set<string>();
  /** DN to the end of the rest; all rest equally long, so the first is the first to come back. */
  readonly #resting = new Map<string, number>();

  constructor(private readonly fits: (agentID: string) => boolean) {}

  /** Agents who could be offered a call now. */
  get size(): number {
    return this.#line.size;
  }

  on(event: TEvent, nowMs: number): void {
    const dn = event['ThisDN'] as string | undefined;
    if (dn === undefined) return;
    const seat = this.#seat(dn);
    const wasFree = isFree(seat);
    apply(seat, event);
    if (!wasFree && isFree(seat)) {
      seat.idleSinceMs = nowMs;
      this.#resting.delete(dn);
    }
    this.#place(seat);
  }

  /** The longest idle agent, who is then not offered again before `release`. */
  take(): AgentSeat | undefined {
    const seat = this.#line.first?.seat;
    if (seat === undefined) return undefined;
    this.#taken.add(seat.dn);
    this.#place(seat);
    return seat;
  }

  /** After a refusal he is let be until then; coming free anew ends the rest, too. */
  release(dn: string, restUntilMs?: number): void {
    this.#taken.delete(dn);
    this.#resting.delete(dn);
    if (restUntilMs !== undefined) this.#resting.set(dn, restUntilMs);
    const seat = this.#seats.get(dn);
    if (seat !== undefined) this.#place(seat);
  }

  tick(nowMs: number): void {
    for (const [dn, untilMs] of this.#resting) {
      if (untilMs > nowMs) return;
      this.#resting.delete(dn);
      const seat = this.#seats.get(dn);
      if (seat !== undefined) this.#place(seat);
    }
  }

  /** The feed broke: nothing is known until the snapshots are back. Who is taken stays taken. */
  forget(): void {
    this.#seats.clear();
    this.#line.clear();
    this.#inLine.clear();
  }

  #place(seat: AgentSeat): void {
    const waits = isFree(seat) && !this.#taken.has(seat.dn) && !this.#resting.has(seat.dn) && this.fits(seat.agentID);
    const known = this.#inLine.get(seat.dn);
    if (known !== undefined && (!waits || known.place !== seat.idleSinceMs)) {
      this.#line.remove(known);
      this.#inLine.delete(seat.dn);
    }
    if (!waits || this.#inLine.has(seat.dn)) return;
    const place = { place: seat.idleSinceMs, id: seat.dn, seat };
    this.#line.add(place);
    this.#inLine.set(seat.dn, place);
  }

  #seat(dn: string): AgentSeat {
    let seat = this.#seats.get(dn);
    if (seat === undefined) {
      seat = { dn, agentID: '', ready: false, inService: false, calls: new Set(), idleSinceMs: 0 };
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
