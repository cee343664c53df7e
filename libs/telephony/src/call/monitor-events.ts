/** Call-monitoring events for the IPport: one per change of the call, keyed by CallUUID (tlibrary §4.10, IP-02). */
import type { TAttribute } from '#tlib';
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
  const { call } = step;
  report(step, 'EventCallCreated', {
    CallType: call.callType, PropagatedCallType: call.callType, ANI: call.ani, DNIS: call.dnis,
    ...(call.userData.length > 0 ? { UserData: call.userData } : {}),
  });
}

export function reportDataChanged(step: Step): void {
  report(step, 'EventCallDataChanged', { UserData: step.call.userData });
}

export function reportDeleted(step: Step): void {
  report(step, 'EventCallDeleted', {});
}

export function reportPartyAdded(step: Step, party: Party): void {
  report(step, 'EventCallPartyAdded', {
    PartyUUID: partyUuid(step, party), PartyType: partyType(party), PartyState: partyStateBits(party.state),
    DN: party.dn, DNRole: party.role,
    ...(party.kind === PartyKind.Outside ? { Trunk: party.trunk } : {}),
    ...(party.broughtBy === '' ? {} : { CtrlParty: party.broughtBy }),
    Cause: causeOfEntry(party),
  });
}

export function reportPartyState(step: Step, party: Party): void {
  report(step, 'EventCallPartyState', { PartyUUID: partyUuid(step, party), PartyState: partyStateBits(party.state) });
}

export function reportPartyDeleted(step: Step, party: Party, cause: Cause): void {
  report(step, 'EventCallPartyDeleted', { PartyUUID: partyUuid(step, party), DN: party.dn, Cause: cause });
}

function report(step: Step, msg: string, more: Attributes): void {
  const { connID, callUUID, callID } = step.call.identity;
  const event: Record<string, TAttribute> = { CallUUID: callUUID, ConnID: connID, CallID: callID, ...more };
  step.push({ kind: 'monitor', event: { msg, ...event, Node: step.env.node, TimeStamp: timeOf(step.nowMs) } });
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
