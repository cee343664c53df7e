/**
 * Hold and retrieve (tlibrary §6.5, SC-08, SC-09): by the phone, which NOTIFY asks when `sip-cti-control` lets it, or by our own
 * re-INVITEs to both ends. Only the party that holds is told.
 */
import type { RequestOrigin } from '../messages/index.js';
import { LegState, type Party, PartyState } from './call.state.js';
import { type ExchangeEnd, startHold, startJoin } from './exchange.js';
import { advance } from './parties.js';
import { canControl } from './progress.js';
import { type PartyRequest, refuseRequest } from './request.js';
import { isHold } from './sdp-hold.js';
import type { Step } from './step.js';
import { clearTimer, PHONE_MS, setTimer } from './timers.js';

export function onHoldCall(step: Step, request: PartyRequest): void {
  if (request.party.state !== PartyState.Established) {
    return refuseRequest(step, request, 1163, `${request.party.dn} has no active call to hold`);
  }
  begin(step, request, 'hold');
}

export function onRetrieveCall(step: Step, request: PartyRequest): void {
  if (request.party.state !== PartyState.Held) {
    return refuseRequest(step, request, 1164, `${request.party.dn} holds no call to retrieve`);
  }
  begin(step, request, 'retrieve');
}

function begin(step: Step, request: PartyRequest, kind: 'hold' | 'retrieve'): void {
  const { party, origin } = request;
  const peer = step.party(party.peer);
  if (peer === undefined || !isFree(step, party, peer)) {
    return refuseRequest(step, request, 185, `${party.dn} has another change of the call under way: try again`);
  }
  const how = kind === 'hold' ? 'hold' : 'talk';
  // What the phone does not know it cannot undo.
  const byPhone = canControl(step, party.dn, how) && !party.heldByServer;
  party.pending = { kind, origin, reasons: step.reasons, byPhone };
  if (!byPhone) return doItOurselves(step, party, peer);
  step.push({ kind: 'notify', leg: party.leg, event: how });
  setTimer(step, 'phone', PHONE_MS);
}

function isFree(step: Step, party: Party, peer: Party): boolean {
  const { attempt, exchange, queue, parties } = step.call;
  return attempt === undefined && queue === undefined && exchange === undefined
    && parties.every((one) => one.pending === undefined)
    && party.legState === LegState.Confirmed && peer.legState === LegState.Confirmed;
}

function doItOurselves(step: Step, party: Party, peer: Party): void {
  if (party.pending === undefined) return;
  party.pending.byPhone = false;
  if (party.pending.kind === 'retrieve') return startJoin(step, party, peer);
  if (party.sdp === null || peer.sdp === null) return refusePending(step, party, 1140, 'no session description is known to hold with');
  startHold(step, party, peer);
}

/** Final answer to NOTIFY. A phone that accepts is given time until the timer; one that refuses is not waited for. */
export function onHoldNotified(step: Step, party: Party, status: number): void {
  if (status < 300) return;
  clearTimer(step, 'phone');
  fallBack(step, party);
}

export function onPhoneTimeout(step: Step): void {
  const party = step.call.parties.find((one) => one.pending?.byPhone === true && one.pending.kind !== 'answer');
  if (party !== undefined) fallBack(step, party);
}

function fallBack(step: Step, party: Party): void {
  const peer = step.party(party.peer);
  if (party.pending === undefined || peer === undefined) return;
  // The phone may be at it just now: its own re-INVITE is under way.
  if (step.call.exchange !== undefined) return setTimer(step, 'phone', PHONE_MS);
  doItOurselves(step, party, peer);
}

function refusePending(step: Step, party: Party, code: number, message: string): void {
  const { pending } = party;
  party.pending = undefined;
  if (pending !== undefined) step.refuse(pending.origin, code, message, party.dn);
}

/** Our own re-INVITEs are through, or one of them was refused. */
export function onHoldEnded(step: Step, end: ExchangeEnd): void {
  const party = step.known(end.exchange.from);
  // With the first re-INVITE the other end fell silent; a holder that refuses the second one listens to nothing.
  if (!end.ok && end.exchange.step === 1) return refusePending(step, party, 1140, `the other end refused the re-INVITE with ${end.status}`);
  party.heldByServer = true;
  hold(step, party);
}

export function onRetrieveEnded(step: Step, end: ExchangeEnd): void {
  const party = step.known(end.exchange.from);
  if (!end.ok) return refusePending(step, party, 1140, `a phone refused the re-INVITE with ${end.status}`);
  if (end.exchange.offer !== null && isHold(end.exchange.offer)) {
    return refusePending(step, party, 185, `the phone of ${party.dn} keeps the call on hold: retrieve it there`);
  }
  party.heldByServer = false;
  retrieve(step, party);
}

/** A description that the party sent by itself: it holds, or does not (RFC 3264 §8.4). */
export function onDescribed(step: Step, party: Party, sdp: string): void {
  if (party.heldByServer) return;
  const holds = isHold(sdp);
  if (holds && party.state === PartyState.Established) hold(step, party);
  if (!holds && party.state === PartyState.Held) retrieve(step, party);
}

function hold(step: Step, party: Party): void {
  advance(step, party, PartyState.Held, 'EventHeld', {}, fulfil(step, party, 'hold'));
}

function retrieve(step: Step, party: Party): void {
  advance(step, party, PartyState.Established, 'EventRetrieved', {}, fulfil(step, party, 'retrieve'));
}

/** Who asked for it, when somebody did. */
function fulfil(step: Step, party: Party, kind: 'hold' | 'retrieve'): RequestOrigin | undefined {
  const { pending } = party;
  if (pending?.kind !== kind) return undefined;
  party.pending = undefined;
  clearTimer(step, 'phone');
  step.reasons = pending.reasons;
  return pending.origin;
}
