/**
 * Architecture §9, 2: an agent has at most one offered or connected routed call, and none while not ready. What the owner
 * granted while the agent was ready may still ring after he has changed his mind.
 */
import { kvGet, type KVList, type TEvent } from '#tlib';
import { Verdict } from './verdict.js';

interface Seat {
  agent: 'LoggedOut' | 'NotReady' | 'Ready';
  /** ConnIDs of routed calls that ring or talk. */
  readonly calls: Set<string>;
  /** By ConnID: the number of the DN's last event when it was granted. */
  readonly granted: Map<string, number>;
}

const AGENT: Readonly<Record<string, Seat['agent']>> = {
  EventAgentLogin: 'NotReady', EventAgentReady: 'Ready', EventAgentNotReady: 'NotReady', EventAgentLogout: 'LoggedOut',
};
/** AgentStatus of tlibrary §4.4.1. */
const STATUS: readonly Seat['agent'][] = ['LoggedOut', 'NotReady', 'Ready', 'NotReady', 'NotReady'];
const ENDS: ReadonlySet<string> = new Set(['EventReleased', 'EventAbandoned', 'EventDiverted']);

/** After a lost connection: the agent as he is, and of the calls only those that are still there. */
function registeredAnew(seat: Seat, extensions: KVList | undefined): void {
  seat.agent = STATUS[Number(kvGet(extensions, 'AgentStatus') ?? 0)] ?? 'NotReady';
  const live = new Set((extensions ?? []).map(([, value]) => value));
  for (const connID of [...seat.calls]) if (!live.has(connID)) seat.calls.delete(connID);
}

/** One receiver's view of all DNs. */
export class OneCallPerAgent extends Verdict {
  readonly #seats = new Map<string, Seat>();

  constructor(private readonly receiver: string) {
    super();
  }

  /** The DN's owner let that routed call ring. `agent`: what it took the agent for; `seq`: the number of the DN's last event then. */
  granted(dn: string, connID: string, agent: Seat['agent'], seq: number): void {
    if (agent === 'NotReady') this.fail(`the owner of ${dn} let call ${connID} ring although the agent was not ready`);
    this.#seat(dn).granted.set(connID, seq);
  }

  /** Connected again: pictures follow. */
  anew(): void {
    for (const seat of this.#seats.values()) {
      seat.agent = 'LoggedOut';
      seat.calls.clear();
    }
  }

  heard(event: TEvent): void {
    const dn = String(event['ThisDN']);
    const seat = this.#seat(dn);
    if (event.msg === 'EventRegistered' || event.msg === 'EventAddressInfo') return registeredAnew(seat, event['Extensions'] as KVList | undefined);
    seat.agent = AGENT[event.msg] ?? seat.agent;
    const connID = event['ConnID'];
    if (typeof connID !== 'string') return;
    if (event.msg === 'EventRinging' && event['ThisQueue'] !== undefined) this.#rings(dn, seat, connID);
    if (ENDS.has(event.msg)) {
      seat.calls.delete(connID);
      // The end of an earlier ringing may be heard only after the call was granted again.
      const endedAt = event['DNSequence'] as number | undefined;
      if (endedAt === undefined || endedAt > (seat.granted.get(connID) ?? 0)) seat.granted.delete(connID);
    }
  }

  #rings(dn: string, seat: Seat, connID: string): void {
    seat.calls.add(connID);
    if (seat.agent === 'LoggedOut') return;
    if (seat.calls.size > 1) this.fail(`${this.receiver}: the agent of ${dn} has the routed calls ${[...seat.calls].join(' and ')} at once`);
    if (seat.agent === 'NotReady' && !seat.granted.has(connID)) {
      this.fail(`${this.receiver}: call ${connID} rings at ${dn} although the agent is not ready`);
    }
  }

  #seat(dn: string): Seat {
    let seat = this.#seats.get(dn);
    if (seat === undefined) this.#seats.set(dn, seat = { agent: 'LoggedOut', calls: new Set(), granted: new Map() });
    return seat;
  }
}
