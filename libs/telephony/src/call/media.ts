/** Session descriptions that arrive in established dialogs, and what the end of an exchange means for the call. */
import { onTargetUnusable } from './attempt-failed.js';
import { LegState, type Party } from './call.state.js';
import type { Sdp } from './call.types.js';
import { onJoined } from './connect.js';
import { type ExchangeEnd, onExchangeAcked, onOfferAnswered, onOfferRejected, startPass } from './exchange.js';
import { onDescribed, onHoldEnded, onRetrieveEnded } from './hold.js';
import { clearCall } from './leave.js';
import { TERMINATED } from './legs.js';
import { heldAnswer, isHold } from './sdp-hold.js';
import type { Step } from './step.js';

/** A re-INVITE or UPDATE of the far end (RFC 3261 §14.2). */
export function onOffered(step: Step, party: Party, sdp: Sdp | null): void {
  const { attempt, exchange } = step.call;
  const peer = step.party(party.peer);
  if (exchange !== undefined || party.offering || party.legState !== LegState.Confirmed) return pending(step, party);
  if (step.call.waiting === party.id && peer === undefined) return describeWaiting(step, party, sdp);
  const busy = attempt !== undefined || peer === undefined || peer.offering || peer.legState !== LegState.Confirmed;
  if (busy) return pending(step, party);
  startPass(step, party, peer, sdp);
}

/** RFC 3261 §14.2: another exchange is under way; the far end tries again. */
function pending(step: Step, { leg }: Party): void {
  step.push({ kind: 'rejectOffer', leg, status: 491, reason: 'Request Pending' });
}

/** Nobody is at the other end yet. Whoever comes gets a fresh description, so silence will do until then. */
function describeWaiting(step: Step, party: Party, sdp: Sdp | null): void {
  if (sdp === null) return pending(step, party);
  party.sdp = sdp;
  step.push({ kind: 'answerOffer', leg: party.leg, sdp: heldAnswer(sdp) });
}

export function offerAnswered(step: Step, party: Party, sdp: Sdp | null): void {
  ended(step, onOfferAnswered(step, party, sdp));
}

export function offerRejected(step: Step, party: Party, status: number): void {
  ended(step, onOfferRejected(step, party, status));
}

/** ACK of our 2xx. */
export function onAcked(step: Step, party: Party, sdp: Sdp | null): void {
  if (party.legState !== LegState.Answering) return ended(step, onExchangeAcked(step, party, sdp));
  party.legState = LegState.Confirmed;
  const peer = step.party(party.peer);
  if (peer?.legState !== LegState.Unacknowledged) return;
  // The caller sent no offer, so its ACK answers the one of the destination (RFC 3264 §4).
  if (sdp === null) return clearCall(step, TERMINATED);
  party.sdp = sdp;
  peer.legState = LegState.Confirmed;
  step.push({ kind: 'ack', leg: peer.leg, sdp });
}

function ended(step: Step, end: ExchangeEnd | undefined): void {
  if (end === undefined) return;
  switch (end.exchange.kind) {
    case 'pass': return passEnded(step, end);
    case 'connect': return connectEnded(step, end);
    case 'join': return joinEnded(step, end);
    case 'hold': return onHoldEnded(step, end);
  }
}

/** Whoever described itself anew may hold now. An answer cannot tell when the offer was a hold already (RFC 3264 §6.1). */
function passEnded(step: Step, end: ExchangeEnd): void {
  if (!end.ok) return;
  const { from, offer, step: steps } = end.exchange;
  const offeredBySelf = steps === 1;
  const said = offeredBySelf ? offer : end.answer;
  if (said === null || (!offeredBySelf && offer !== null && isHold(offer))) return;
  onDescribed(step, step.known(from), said);
}

function connectEnded(step: Step, end: ExchangeEnd): void {
  if (end.ok && end.answer !== null) return onJoined(step, end.answer);
  onTargetUnusable(step, step.known(end.exchange.from), 'join refused');
}

/** Asked for by RequestRetrieveCall; else it joins the originator of a call to a destination that was slow to answer. */
function joinEnded(step: Step, end: ExchangeEnd): void {
  if (step.known(end.exchange.from).pending?.kind === 'retrieve') return onRetrieveEnded(step, end);
  if (!end.ok) clearCall(step, TERMINATED);
}
