/** Call-monitoring events for the IPport: one per change of the call, keyed by CallUUID (tlibrary §4.10, IP-02). */
import type { TEvent } from '#tlib';
import { type Party, PartyKind, PartyState } from './call.state.js';
import { type Attributes, timeOf } from './events.js';
import type { Step } from './step.js';

/** tlibrary §5.5 Cause, as far as this machine says it. */
export type Cause = 'Empty' | 'Busy' | 'NoAnswer' | 'Reject' | 'Route' | 'Redirect' | 'SingleStepTransfer';

/** tlibrary §5.5 PartyState, low bits. */
const PARTY_STATE_BITS: readonly number[] = [0, 1, 9, 0xa, 0xc, 0xe];

export function partyStateBits(state: PartyState): number {
  return PARTY_STATE_BITS[state] ?? 0;
}

export function reportCreated(step: Step): void {
  report(step, 'EventCallCreated', created(step));
}

export function reportDataChanged(step: Step): void {
  report(step, 'EventCallDataChanged', { UserData: step.call.userData });
}

export function reportDeleted(step: Step): void {
  report(step, 'EventCallDeleted', {});
}

export function reportPartyAdded(step: Step, party: Party): void {
  report(step, 'EventCallPartyAdded', partyAdded(step, party));
}

export function reportPartyState(step: Step, party: Party): void {
  report(step, 'EventCallPartyState', partyState(step, party));
}

export function reportPartyDeleted(step: Step, party: Party, { cause = 'Empty', code }: { readonly cause?: Cause; readonly code?: number }): void {
  report(step, 'EventCallPartyDeleted', {
    PartyUUID: partyUuid(step, party), DN: party.dn, Cause: cause, ...(code === undefined ? {} : { ErrorCode: code }),
  });
}

/** The call as it is, told to who has not heard its beginning, in the order and with the times in which it happened. Parties that left are not told. */
export function pictureOf(step: Step): TEvent[] {
  const { call } = step;
  const told: (readonly [atMs: number, msg: string, more: Attributes])[] = [];
  for (const party of call.parties) {
    if (party.state === PartyState.New) continue;
    told.push([party.cameAtMs, 'EventCallPartyAdded', partyAdded(step, party)]);
    if (party.state !== party.cameAs) told.push([party.sinceMs, 'EventCallPartyState', partyState(step, party)]);
  }
  told.sort(([a], [b]) => a - b);
  return [monitorEvent(step, 'EventCallCreated', created(step), call.identity.startedAtMs),
    ...told.map(([atMs, msg, more]) => monitorEvent(step, msg, more, atMs))];
}

function created({ call }: Step): Attributes {
  return {
    CallType: call.callType, PropagatedCallType: call.callType, ANI: call.ani, DNIS: call.dnis,
    ...(call.userData.length > 0 ? { UserData: call.userData } : {}),
  };
}

function partyAdded(step: Step, party: Party): Attributes {
  return {
    PartyUUID: partyUuid(step, party), PartyType: partyType(party), PartyState: partyStateBits(party.cameAs),
    DN: party.dn, DNRole: party.role,
    ...(party.kind === PartyKind.Outside ? { Trunk: party.trunk } : {}),
    ...(party.broughtBy === '' ? {} : { CtrlParty: party.broughtBy }),
    Cause: causeOfEntry(party),
  };
}

function partyState(step: Step, party: Party): Attributes {
  return { PartyUUID: partyUuid(step, party), PartyState: partyStateBits(party.state) };
}

function report(step: Step, msg: string, more: Attributes): void {
  step.push({ kind: 'monitor', event: monitorEvent(step, msg, more, step.nowMs) });
}

function monitorEvent({ call, env }: Step, msg: string, more: Attributes, atMs: number): TEvent {
  const { connID, callUUID, callID } = call.identity;
  return { msg, CallUUID: callUUID, ConnID: connID, CallID: callID, ...more, Node: env.node, TimeStamp: timeOf(atMs) };
}

function partyUuid(step: Step, party: Party): string {
  return `${step.call.identity.callUUID}-${party.id}`;
}

function partyType(party: Party): string {
  if (party.kind === PartyKind.RoutingPoint) return 'RoutingPoint';
  return party.kind === PartyKind.Outside ? 'External' : 'Internal';
}

function causeOfEntry(party: Party): Cause {
  if (party.enteredBy === 'Transferred') return 'SingleStepTransfer';
  if (party.enteredBy === 'Redirected') return 'Redirect';
  return party.thisQueue !== '' && party.kind !== PartyKind.RoutingPoint ? 'Route' : 'Empty';
}
