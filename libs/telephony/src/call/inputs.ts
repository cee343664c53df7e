/** Which part of the machine an input is for. */
import { unreachable } from '#kernel';
import { TError } from '#tlib';
import { holdsOffer, onOfferAccepted, offerIsCurrent } from './attempt.js';
import { onInviteTimeout, onNoAnswer, onOfferRefused, onRoutingTimeout, onTargetRejected, onTargetUnusable } from './attempt-failed.js';
import { type CallTimer, LegState, type Party } from './call.state.js';
import type { CallInput, LegId, Sdp } from './call.types.js';
import { closingTimedOut, isClosing, onClosingLeg } from './closing.js';
import { onTargetAnswered } from './connect.js';
import { retryExchange } from './exchange.js';
import { onHoldNotified, onPhoneTimeout } from './hold.js';
import { clearCall, leave } from './leave.js';
import { forgetLeg } from './legs.js';
import { onAcknowledgeDue, onMakeCall, onOriginatorAnswered, onOriginatorRejected, onOriginatorTimeout } from './make-call.js';
import { offerAnswered, offerRejected, onAcked, onOffered } from './media.js';
import { onInvited } from './opening.js';
import { onAnswerNotified } from './party-requests.js';
import { onProgress } from './progress.js';
import { endTreatment } from './queue-end.js';
import { onRequest } from './requests.js';
import { onRestored, onRoutersBack } from './restored.js';
import { defaultRoute, queuePoint } from './routing.js';
import type { Step } from './step.js';
import { timerFired } from './timers.js';

export function handle(step: Step, input: CallInput): void {
  switch (input.kind) {
    case 'invited': return step.call.phase === 'new' ? onInvited(step, input) : undefined;
    case 'makeCall': return step.call.phase === 'new' ? onMakeCall(step, input.leg, input.request, input.origin) : undefined;
    case 'request': return onRequest(step, input.request, input.origin);
    case 'routersGone': return onRoutersGone(step, input.routingPoint);
    case 'routersBack': return onRoutersBack(step, input.routingPoint);
    case 'restored': return onRestored(step);
    case 'offerAccepted': return onOfferAccepted(step, input);
    case 'offerRefused':
      return offerIsCurrent(step, input.dn, input.offerId) ? onOfferRefused(step, input.code, input.message) : undefined;
    case 'offerRevoked': return holdsOffer(step, input.dn) ? onOfferRefused(step, TError.OutOfService, input.message) : undefined;
    case 'timer': return timerFired(step, input.timer) ? onTimer(step, input.timer as CallTimer) : undefined;
    case 'clear': return onClear(step);
    default: return onLeg(step, input);
  }
}

type LegInput = Exclude<Extract<CallInput, { readonly leg: LegId }>, { readonly kind: 'invited' | 'makeCall' }>;

function onLeg(step: Step, input: LegInput): void {
  if (isClosing(step, input.leg)) return onClosingLeg(step, input);
  const party = step.partyOfLeg(input.leg);
  // A leg that was ended: what still comes from it was on its way then.
  if (party === undefined) return;
  switch (input.kind) {
    case 'progress': return onProgress(step, party, input.status, input.sdp);
    case 'answered': return onAnswered(step, party, input.sdp);
    case 'rejected': return onRejected(step, party, input.status, input.reason);
    case 'acked': return onAcked(step, party, input.sdp);
    case 'offered': return onOffered(step, party, input.sdp);
    case 'offerAnswered': return offerAnswered(step, party, input.sdp);
    case 'offerRejected': return offerRejected(step, party, input.status);
    case 'gone': return onGone(step, party);
    case 'notified': return onNotified(step, party, input.status);
    default: return unreachable(input);
  }
}

function onAnswered(step: Step, party: Party, sdp: Sdp | null): void {
  const { attempt, making } = step.call;
  if (party.legState !== LegState.Inviting) return;
  if (making?.party === party.id) return onOriginatorAnswered(step, making, party, sdp);
  if (attempt?.party !== party.id) return;
  if (!onTargetAnswered(step, attempt, party, sdp)) onTargetUnusable(step, party, 'no description');
}

function onRejected(step: Step, party: Party, status: number, reason: string): void {
  const { attempt, making } = step.call;
  if (party.legState !== LegState.Inviting) return;
  if (making?.party === party.id) return onOriginatorRejected(step, making, party, status, reason);
  if (attempt?.party === party.id) onTargetRejected(step, attempt, party, status, reason);
}

function onGone(step: Step, party: Party): void {
  forgetLeg(party);
  leave(step, party);
}

function onNotified(step: Step, party: Party, status: number): void {
  if (party.pending?.byPhone !== true) return;
  if (party.pending.kind === 'answer') onAnswerNotified(step, party, status);
  else onHoldNotified(step, party, status);
}

/** Default routing starts at once when the last router leaves, not only at `router-timeout` (tlibrary §15.29). */
function onRoutersGone(step: Step, routingPoint: string): void {
  const { queue, attempt } = step.call;
  if (queue === undefined || attempt !== undefined || queuePoint(step).dn !== routingPoint) return;
  defaultRoute(step);
}

function onClear(step: Step): void {
  if (step.call.phase === 'live') clearCall(step, { status: 503, reason: 'Service Unavailable' });
}

function onTimer(step: Step, timer: CallTimer): void {
  switch (timer) {
    case 'router': return defaultRoute(step);
    case 'routing': return onRoutingTimeout(step);
    case 'noAnswer': return onNoAnswer(step);
    case 'invite': return step.call.making === undefined ? onInviteTimeout(step) : onOriginatorTimeout(step);
    case 'originator': return onOriginatorTimeout(step);
    case 'acknowledge': return onAcknowledgeDue(step);
    case 'phone': return onPhoneTimeout(step);
    case 'treatment': return endTreatment(step);
    case 'glare': return retryExchange(step);
    case 'closing': return closingTimedOut(step);
    default: return unreachable(timer);
  }
}
