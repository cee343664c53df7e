/** RequestAnswerCall, RequestReleaseCall, RequestClearCall (tlibrary §3.5). */
import { attemptFailed } from './attempt-failed.js';
import { LegState, type Party, PartyKind, PartyState } from './call.state.js';
import { clearCall, leave } from './leave.js';
import { TERMINATED } from './legs.js';
import { canControl } from './progress.js';
import { type PartyRequest, refuseRequest } from './request.js';
import { declineFailure } from './sip-failure.js';
import type { Step } from './step.js';

/** SC-09: the phone answers when NOTIFY tells it to; EventEstablished is the positive answer. */
export function onAnswerCall(step: Step, request: PartyRequest): void {
  const { party, origin } = request;
  if (party.state !== PartyState.Ringing) return refuseRequest(step, request, 1167, `${party.dn} has no ringing call to answer`);
  if (party.pending !== undefined) return refuseRequest(step, request, 43, `the phone of ${party.dn} was told to answer already`);
  if (!canControl(step, party.dn, 'talk')) {
    return refuseRequest(step, request, 51, `the phone of ${party.dn} must be answered by hand: its sip-cti-control lacks talk`);
  }
  party.pending = { kind: 'answer', origin, reasons: step.reasons, byPhone: true };
  // One that has answered just now is being joined to the caller: EventEstablished comes by itself.
  if (party.legState === LegState.Inviting) step.push({ kind: 'notify', leg: party.leg, event: 'talk' });
}

export function onAnswerNotified(step: Step, party: Party, status: number): void {
  const { pending } = party;
  if (status < 300 || pending === undefined) return;
  party.pending = undefined;
  step.refuse(pending.origin, 51, `the phone of ${party.dn} refused to be answered by NOTIFY (${status}): answer it by hand`, party.dn);
}

export function onReleaseCall(step: Step, request: PartyRequest): void {
  const { party, origin } = request;
  if (party.kind === PartyKind.RoutingPoint) {
    return refuseRequest(step, request, 51, 'a Routing Point cannot hang up: use RequestRouteCall with RouteType Reject');
  }
  if (step.call.attempt?.party === party.id) return decline(step, request);
  leave(step, party, origin);
}

/** A ringing destination that is released refuses the call. */
function decline(step: Step, { party, origin }: PartyRequest): void {
  attemptFailed(step, declineFailure(party.dn), origin);
}

export function onClearCall(step: Step, { party, origin }: PartyRequest): void {
  clearCall(step, TERMINATED, origin, party);
}
