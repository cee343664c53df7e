/** Parties come, change and go; each change is told to T-Library clients and to call monitoring in one place. */
import type { RequestOrigin } from '../messages/index.js';
import { type CallStateName, LegState, type Party, type PartyKind, PartyState, type Role } from './call.state.js';
import { type Attributes, tell } from './events.js';
import { type Cause, reportPartyAdded, reportPartyDeleted, reportPartyState } from './monitor-events.js';
import type { Step } from './step.js';

export interface NewParty {
  readonly kind: PartyKind;
  readonly dn: string;
  readonly trunk?: string;
  readonly role: Role;
  readonly business?: boolean;
  readonly thisQueue?: string;
  readonly enteredBy?: CallStateName;
  readonly broughtBy?: string;
  readonly leg?: string;
  readonly legState?: LegState;
  readonly peer?: Party | undefined;
}

export function addParty(step: Step, from: NewParty): Party {
  step.call.partyCount += 1;
  const party: Party = {
    id: step.call.partyCount, kind: from.kind, dn: from.dn, trunk: from.trunk ?? '', role: from.role,
    business: from.business ?? false, thisQueue: from.thisQueue ?? '',
    enteredBy: from.enteredBy ?? 'Ok', broughtBy: from.broughtBy ?? '',
    state: PartyState.New, cameAs: PartyState.New, cameAtMs: 0, sinceMs: 0,
    leg: from.leg ?? '', legState: from.legState ?? LegState.None, peer: 0, other: undefined,
    sdp: null, invitedWithOffer: false, offering: false, rung: 0, earlyMedia: false, heldByServer: false, sdpShift: 0, pending: undefined,
  };
  step.call.parties.push(party);
  if (from.peer !== undefined) link(party, from.peer);
  return party;
}

/** From now on `party` has `peer` at the other end. */
export function link(party: Party, peer: Party): void {
  party.peer = peer.id;
  party.other = { dn: peer.dn, role: peer.role };
}

/** Nobody is at the other end until somebody new comes. */
export function unlink(party: Party): void {
  party.peer = 0;
  party.other = undefined;
}

/** Moves the party on, with the event that says so. */
export function advance(
  step: Step, party: Party, state: PartyState, msg: string, more: Attributes = {}, origin?: RequestOrigin,
): void {
  const isNew = party.state === PartyState.New;
  party.state = state;
  party.sinceMs = step.nowMs;
  if (isNew) {
    party.cameAs = state;
    party.cameAtMs = step.nowMs;
  }
  tell(step, msg, party, more, origin);
  if (isNew) reportPartyAdded(step, party);
  else reportPartyState(step, party);
}

/** How a party's part in the call ends. Its leg is somebody else's business. */
export interface Farewell {
  /** `EventAbandoned` is only for who has been told of the call by EventRinging or EventQueued (tlibrary §15.10). */
  readonly msg: 'EventReleased' | 'EventAbandoned' | 'EventDiverted';
  readonly more?: Attributes;
  readonly cause?: Cause;
  /** T-Library's number for what made the attempt fail, for call monitoring. */
  readonly code?: number;
  readonly origin?: RequestOrigin | undefined;
}

export function removeParty(step: Step, party: Party, farewell: Farewell): void {
  const { call } = step;
  refusePending(step, party);
  if (party.state !== PartyState.New) {
    tell(step, farewell.msg, party, farewell.more, farewell.origin);
    reportPartyDeleted(step, party, farewell);
  } else if (farewell.cause !== undefined) {
    // Nobody was told of the attempt; history counts it all the same.
    reportPartyAdded(step, party);
    reportPartyDeleted(step, party, farewell);
  }
  call.parties.splice(call.parties.indexOf(party), 1);
  if (call.waiting === party.id) call.waiting = 0;
  for (const other of call.parties) if (other.peer === party.id) other.peer = 0;
}

/** The one that waits for this party's phone will wait in vain. */
function refusePending(step: Step, party: Party): void {
  const { pending } = party;
  if (pending === undefined) return;
  party.pending = undefined;
  step.refuse(pending.origin, 237, `the call left ${party.dn} before the phone did it`, party.dn);
}

/** The attributes that name who brought the call here (tlibrary §6.8, §6.14). */
export function entryAttributes(party: Party): Attributes {
  if (party.broughtBy === '') return { CallState: party.enteredBy };
  return {
    CallState: party.enteredBy, ThirdPartyDN: party.broughtBy,
    ThirdPartyDNRole: party.enteredBy === 'Transferred' ? 'TransferredBy' : 'Destination',
  };
}
