/** RequestRedirectCall (tlibrary §6.14): a ringing call is sent elsewhere. */
import { type AttemptPlan, beginAttempt, endAttempt } from './attempt.js';
import type { Destination } from './call.types.js';
import { routeTypeOf } from './progress.js';
import { type PartyRequest, refuseRequest, textOf } from './request.js';
import { enterQueue, leaveQueue } from './routing.js';
import type { Step } from './step.js';

export function onRedirectCall(step: Step, request: PartyRequest): void {
  const { party } = request;
  const { attempt } = step.call;
  if (attempt?.party !== party.id || attempt.stage !== 'alerting') {
    return refuseRequest(step, request, 185, `${party.dn} is not ringing: only a ringing call can be redirected`);
  }
  const target = textOf(request.request, 'OtherDN');
  const destination = step.env.resolve(target, { kind: 'internal', dn: party.dn });
  if (destination.kind === 'nowhere') return refuseRequest(step, request, destination.code, destination.message);
  if (step.takesPart(destination)) return refuseRequest(step, request, 71, `${target} takes part in the call already`);
  if (step.waiting?.earlyMedia === true) {
    return refuseRequest(step, request, 93, 'the caller has heard early media of this phone and cannot be connected to another one');
  }
  redirect(step, request, destination, target);
}

type Found = Exclude<Destination, { readonly kind: 'nowhere' }>;

function redirect(step: Step, { party, origin }: PartyRequest, destination: Found, target: string): void {
  const ended = endAttempt(step, {
    msg: 'EventReleased', cause: 'Redirect', origin,
    more: { CallState: 'Redirected', ThirdPartyDN: target, ThirdPartyDNRole: 'Destination' },
  });
  const entry = { enteredBy: 'Redirected', broughtBy: party.dn } as const;
  if (destination.kind === 'routingPoint') {
    if (step.call.queue !== undefined) {
      leaveQueue(step, { to: target, routeType: routeTypeOf(ended), origin: ended.origin, instruction: ended.instruction });
    }
    return enterQueue(step, target, entry);
  }
  const plan: AttemptPlan = {
    purpose: ended.purpose, destination, business: party.business, origin: ended.origin, instruction: ended.instruction,
    overflow: ended.overflow, ...entry,
  };
  beginAttempt(step, plan);
}
