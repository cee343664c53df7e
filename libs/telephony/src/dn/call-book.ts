/** Live calls of one DN, read from its T-events; and the events that turn one picture into another (docs/specs/dn.md). */
import { type KVList, type TEvent } from '#tlib';
import type { CallView } from '../messages/index.js';

/** PartyState bits of tlibrary §5.5. */
export const PARTY = { initiated: 1, queued: 9, alerting: 0xa, connected: 0xc, held: 0xe } as const;

const STATE_OF: Readonly<Record<string, number>> = {
  EventDialing: PARTY.initiated, EventQueued: PARTY.queued, EventRinging: PARTY.alerting,
  EventEstablished: PARTY.connected, EventRetrieved: PARTY.connected, EventHeld: PARTY.held,
};
const BEGINS: ReadonlySet<string> = new Set(['EventDialing', 'EventQueued', 'EventRinging', 'EventEstablished']);
const ENDS: ReadonlySet<string> = new Set(['EventReleased', 'EventAbandoned', 'EventDiverted']);

export const isAnswered = (call: CallView): boolean => call.partyState === PARTY.connected || call.partyState === PARTY.held;
export const endsCall = (msg: string): boolean => ENDS.has(msg);

const NO_CALLS: ReadonlyMap<string, CallView> = new Map();

export class CallBook {
  /** Absent until the first call. */
  #byConnID: Map<string, CallView> | undefined;

  get #calls(): ReadonlyMap<string, CallView> {
    return this.#byConnID ?? NO_CALLS;
  }

  get size(): number {
    return this.#calls.size;
  }

  get(connID: string): CallView | undefined {
    return this.#calls.get(connID);
  }

  of(node: string): CallView[] {
    return this.views().filter((call) => call.node === node);
  }

  /** The event that ends it for its DN, with nobody to ask. */
  end(dn: string, call: CallView): TEvent {
    return endOf(dn, call);
  }

  views(): CallView[] {
    return [...this.#calls.values()];
  }

  replaceAll(calls: readonly CallView[]): void {
    this.#byConnID = calls.length === 0 ? undefined : new Map(calls.map((call) => [call.connID, call]));
  }

  apply(event: TEvent, node: string, business: boolean): void {
    const connID = event['ConnID'] as string | undefined;
    if (connID === undefined) return;
    if (ENDS.has(event.msg)) return void this.#byConnID?.delete(connID);
    if (event.msg === 'EventPartyChanged') this.#rename(event['PreviousConnID'] as string | undefined, connID);
    const known = this.#calls.get(connID);
    if (known === undefined && !BEGINS.has(event.msg)) return;
    this.#put(update(known, event, connID, node, business));
  }

  /** Only events of the picture's node: other nodes' calls are theirs to tell. */
  eventsTowards(dn: string, node: string | undefined, wanted: readonly CallView[]): TEvent[] {
    const events: TEvent[] = [];
    const staying = new Set(wanted.map((call) => call.connID));
    for (const call of this.#calls.values()) {
      if ((node === undefined || call.node === node) && !staying.has(call.connID)) events.push(callEvent(dn, 'EventReleased', call));
    }
    for (const call of wanted) events.push(...missing(dn, this.#calls.get(call.connID), call));
    return events;
  }

  #rename(from: string | undefined, to: string): void {
    const call = from === undefined ? undefined : this.#calls.get(from);
    if (call === undefined || from === to) return;
    this.#byConnID?.delete(call.connID);
    this.#put({ ...call, connID: to });
  }

  #put(call: CallView): void {
    this.#byConnID ??= new Map();
    this.#byConnID.set(call.connID, call);
  }
}

function update(known: CallView | undefined, event: TEvent, connID: string, node: string, business: boolean): CallView {
  const otherDN = (event['OtherDN'] as string | undefined) ?? known?.otherDN;
  const userData = (event['UserData'] as KVList | undefined) ?? known?.userData;
  return {
    connID, node, business: business || (known?.business ?? false),
    callUUID: (event['CallUUID'] as string | undefined) ?? known?.callUUID ?? '',
    callID: (event['CallID'] as number | undefined) ?? known?.callID ?? 0,
    callType: (event['CallType'] as string | undefined) ?? known?.callType ?? 'Unknown',
    partyState: STATE_OF[event.msg] ?? known?.partyState ?? PARTY.connected,
    ...(otherDN === undefined ? {} : { otherDN }),
    ...(userData === undefined ? {} : { userData }),
  };
}

/** What a client must hear to get from what it knows to what is. */
function missing(dn: string, known: CallView | undefined, wanted: CallView): TEvent[] {
  const events: TEvent[] = [];
  const say = (msg: string): void => void events.push(callEvent(dn, msg, wanted));
  // From an answer no way leads back: it left the call, and came into it again.
  const isAnew = known !== undefined && known.partyState !== wanted.partyState && !isAnswered(wanted);
  if (isAnew) events.push(endOf(dn, known));
  const there = isAnew ? undefined : known;
  if (there === undefined) say(firstEvent(wanted));
  const before = there?.partyState ?? firstState(wanted);
  if (before === wanted.partyState) return events;
  if (isAnswered(wanted) && before !== PARTY.connected && before !== PARTY.held) say('EventEstablished');
  if (wanted.partyState === PARTY.held) say('EventHeld');
  else if (before === PARTY.held) say('EventRetrieved');
  return events;
}

function endOf(dn: string, call: CallView): TEvent {
  return callEvent(dn, call.partyState === PARTY.queued ? 'EventAbandoned' : 'EventReleased', call);
}

const firstState = (call: CallView): number => (call.partyState === PARTY.initiated || call.partyState === PARTY.queued ? call.partyState : PARTY.alerting);

function firstEvent(call: CallView): string {
  if (call.partyState === PARTY.queued) return 'EventQueued';
  return call.partyState === PARTY.initiated ? 'EventDialing' : 'EventRinging';
}

function callEvent(dn: string, msg: string, call: CallView): TEvent {
  return {
    msg, ThisDN: dn, ConnID: call.connID, CallUUID: call.callUUID, CallID: call.callID, CallType: call.callType, CallState: 'Ok',
    OtherDN: call.otherDN, UserData: call.userData, ...(msg === 'EventQueued' ? { ThisQueue: dn } : {}),
  };
}
