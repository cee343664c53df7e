/**
 * RequestApplyTreatment (tlibrary §4.8) without a media server: what a caller on an unanswered leg hears is the ringing of its own
 * phone, so RingBack is true; everything that needs media is refused with the reason.
 */
import { LegState } from './call.state.js';
import { tell } from './events.js';
import { giveUp } from './give-up.js';
import { kvListOf, kvText } from './kv.js';
import { endTreatment } from './queue-end.js';
import { type PartyRequest, textOf } from './request.js';
import { routerSpoke } from './routing.js';
import { REJECTED } from './sip-failure.js';
import type { Step } from './step.js';
import { setTimer } from './timers.js';

/** tlibrary §5.7: the requested service is unavailable. */
const UNAVAILABLE = 118;

export function onApplyTreatment(step: Step, request: PartyRequest): void {
  const type = textOf(request.request, 'TreatmentType');
  if (type === 'CancelCall') return cancelCall(step, request);
  if (type === 'RingBack') ringBack(step, request);
  else if (type === 'SetDefaultRoute') setDefaultRoute(step, request);
  else notApplied(step, request, 'there is no media server: RingBack, SetDefaultRoute and CancelCall can be applied');
  routerSpoke(step);
}

function ringBack(step: Step, request: PartyRequest): void {
  if (step.waiting?.legState !== LegState.Incoming) {
    return notApplied(step, request, 'the caller was answered before, and there is no media server to play ringback to it');
  }
  applied(step, request);
  (step.call.queue as { treatment: string }).treatment = 'RingBack';
  const seconds = Number(kvText(kvListOf(request.request['TreatmentParms']), 'DURATION') ?? 0);
  if (seconds > 0 && seconds <= 86_400) setTimer(step, 'treatment', seconds * 1000);
}

function cancelCall(step: Step, request: PartyRequest): void {
  applied(step, request);
  giveUp(step, {
    status: 603, reason: 'Decline', code: REJECTED, message: 'the router cancelled the call', callState: 'Cleared', cause: 'Reject',
  });
}

/** Where the call goes when the router dies. */
function setDefaultRoute(step: Step, request: PartyRequest): void {
  const parms = kvListOf(request.request['TreatmentParms']);
  const target = kvText(parms, 'DESTINATION') ?? kvText(parms, 'LABEL') ?? '';
  if (target === '') return notApplied(step, request, 'TreatmentParms must name DESTINATION');
  applied(step, request);
  (step.call.queue as { defaultRoute: string }).defaultRoute = target;
  tell(step, 'EventTreatmentEnd', request.party, { TreatmentType: 'SetDefaultRoute' });
}

/** What runs stops first (tlibrary §15.5). */
function applied(step: Step, { request, origin, party }: PartyRequest): void {
  endTreatment(step);
  tell(step, 'EventTreatmentApplied', party, { TreatmentType: textOf(request, 'TreatmentType') }, origin);
}

function notApplied(step: Step, { request, origin, party }: PartyRequest, reason: string): void {
  const why = { TreatmentType: textOf(request, 'TreatmentType'), ErrorCode: UNAVAILABLE, ErrorMessage: reason };
  tell(step, 'EventTreatmentNotApplied', party, why, origin);
}
