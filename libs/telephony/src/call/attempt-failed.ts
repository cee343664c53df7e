/** A destination could not be had: another trunk, the next default, the overflow list, or the one who asked (tlibrary §6.12, §7.5). */
import type { RequestOrigin } from '../messages/index.js';
import { beginAttempt, endAttempt, tryNextTrunk } from './attempt.js';
import { type Attempt, type NoAnswerRule, type Party, PartyKind } from './call.state.js';
import { giveUp } from './give-up.js';
import { closeLeg, forgetLeg } from './legs.js';
import type { Farewell } from './parties.js';
import { awaitInstruction, defaultRoute, enterQueue, leaveQueue } from './routing.js';
import {
  convertStatus, type Failure, isTrunkFailure, lostFailure, NO_ANSWER, offerFailure, reasonPhrase, silenceFailure, sipFailure,
} from './sip-failure.js';
import type { Step } from './step.js';

/** The destination's final answer was no. */
export function onTargetRejected(step: Step, attempt: Attempt, target: Party, status: number, reason: string): void {
  forgetLeg(target);
  if (status === 486 && target.kind === PartyKind.Device && step.isOn('set-notready-on-busy')) {
    act(step, target, 'notready', 'busy');
  }
  if (anotherTrunk(step, attempt, status)) return;
  const object = target.trunk === '' ? target.dn : target.trunk;
  const converted = convertStatus(step.env.option('sip-error-conversion', object), status);
  const said = converted === status ? reason : reasonPhrase(converted);
  attemptFailed(step, sipFailure(target.dn, converted, said, attempt.stage === 'alerting'));
}

/** A caller that has heard early media takes no other destination's answer for the final one. */
function anotherTrunk(step: Step, attempt: Attempt, status: number): boolean {
  if (!isTrunkFailure(status) || step.waiting?.earlyMedia === true) return false;
  return tryNextTrunk(step, attempt);
}

/** It answered, and what it answered cannot be used, or it left while the media were being joined. */
export function onTargetUnusable(step: Step, target: Party, why: 'no description' | 'gone' | 'join refused'): void {
  const failure = lostFailure(target.dn);
  if (why === 'gone') return attemptFailed(step, failure);
  const message = why === 'no description' ? 'answered without a session description' : 'and the caller agreed on no media';
  attemptFailed(step, { ...failure, status: 488, reason: 'Not Acceptable Here', message: `${target.dn} ${message}` });
}

export function onOfferRefused(step: Step, code: number, message: string): void {
  // The owner holds nothing for us, so there is nothing to withdraw.
  if (step.call.attempt !== undefined) step.call.attempt.offerId = 0;
  attemptFailed(step, offerFailure(code, message));
}

/** `sip-invite-timeout`: no answer of any kind. */
export function onInviteTimeout(step: Step): void {
  const { attempt } = step.call;
  if (attempt === undefined) return;
  const target = step.known(attempt.party);
  if (attempt.alternatives.length > 0 && step.waiting?.earlyMedia !== true) return abandonTrunk(step, attempt, target);
  attemptFailed(step, sipFailure(target.dn, 408, 'Request Timeout', false));
}

function abandonTrunk(step: Step, attempt: Attempt, target: Party): void {
  closeLeg(step, target);
  tryNextTrunk(step, attempt);
}

/** `after-routing-timeout`: the call did not leave its Routing Point in time (SC-14). */
export function onRoutingTimeout(step: Step): void {
  const { attempt, queue } = step.call;
  if (attempt === undefined || queue === undefined) return;
  const target = step.known(attempt.party);
  const point = step.known(queue.party);
  if (attempt.stage === 'alerting') act(step, target, routingTimeoutAction(step, attempt, point.dn), 'no answer');
  attemptFailed(step, silenceFailure(57, `${target.dn} did not answer within after-routing-timeout`));
}

/** tlibrary §3.8: the router's word wins over the option. */
function routingTimeoutAction(step: Step, { instruction }: Attempt, point: string): string {
  const said = instruction?.extensions.find(([key]) => key === 'AFTER_ROUTING_TIMEOUT_ACTION')?.[1];
  return typeof said === 'string' ? said : step.env.option('after-routing-timeout-action', point);
}

/** No-answer supervision: the action changes the agent, the overflow list moves the call, and neither needs the other (SC-17). */
export function onNoAnswer(step: Step): void {
  const { attempt } = step.call;
  if (attempt?.stage !== 'alerting') return;
  const target = step.known(attempt.party);
  const { action, timeoutS } = attempt.noAnswer;
  act(step, target, action, 'no answer');
  const list = overflowOf(attempt);
  // Nowhere else to go: it rings on.
  if (step.call.queue === undefined && (list.length === 0 || list[0] === 'none' || step.waiting?.earlyMedia === true)) return;
  const failure = silenceFailure(NO_ANSWER, `${target.dn} did not answer within ${timeoutS} s`);
  const ended = endAttempt(step, farewellOf(failure));
  answerAsker(step, ended, failure);
  if (ended.purpose === 'default') return defaultRoute(step, failure);
  overflow(step, list, failure);
}

function overflowOf(attempt: Attempt): NoAnswerRule['overflow'] {
  // An overflow destination continues the list that led to it.
  return attempt.purpose === 'overflow' ? attempt.overflow : attempt.noAnswer.overflow;
}

function act(step: Step, target: Party, action: string, reason: string): void {
  if (target.kind !== PartyKind.Device || (action !== 'notready' && action !== 'logout')) return;
  step.push({ kind: 'agentAction', dn: target.dn, action, reason });
}

/** `releasedBy` asked for the end of the destination's part, which its EventReleased answers. */
export function attemptFailed(step: Step, failure: Failure, releasedBy?: RequestOrigin): void {
  const { cause, code } = failure;
  const farewell: Farewell = releasedBy === undefined ? farewellOf(failure) : { msg: 'EventReleased', cause, code, origin: releasedBy };
  const attempt = endAttempt(step, farewell);
  const askedForTransfer = attempt.purpose === 'transfer' && attempt.origin !== undefined;
  answerAsker(step, attempt, failure);
  switch (attempt.purpose) {
    case 'route': return awaitInstruction(step);
    case 'default': return defaultRoute(step, failure);
    case 'overflow': return overflow(step, attempt.overflow, failure);
    case 'direct': return giveUp(step, failure);
    case 'transfer':
      // The transferrer is still there as long as it has not been answered; both talk on.
      if (!askedForTransfer) return giveUp(step, failure);
      step.call.waiting = 0;
  }
}

function farewellOf(failure: Failure): Farewell {
  return { msg: 'EventReleased', more: { CallState: failure.callState }, cause: failure.cause, code: failure.code };
}

/** EventError does not end the call (tlibrary §15.4). */
function answerAsker(step: Step, { origin }: Attempt, { code, message }: Failure): void {
  if (origin !== undefined) step.refuse(origin, code, message);
}

/** The first destination of the list that can be tried. With none, a call at a Routing Point stays there; any other is over. */
function overflow(step: Step, list: readonly string[], failure: Failure): void {
  const [target, ...others] = list;
  if (target === undefined || target === 'none' || step.waiting?.earlyMedia === true) return overflowEnds(step, failure);
  if (target === 'release') return giveUp(step, failure);
  if (target === 'recall') return recall(step, others, failure);
  if (!overflowTo(step, target, others)) overflow(step, others, failure);
}

function overflowEnds(step: Step, failure: Failure): void {
  if (step.call.queue === undefined) giveUp(step, failure);
  else awaitInstruction(step);
}

/** Back to the last distribution device; skipped by a call that was not distributed (tlibrary §7.5). */
function recall(step: Step, others: readonly string[], failure: Failure): void {
  if (step.call.queue !== undefined) return awaitInstruction(step);
  if (step.call.lastQueue === '') return overflow(step, others, failure);
  enterQueue(step, step.call.lastQueue, { enteredBy: 'Redirected' });
}

function overflowTo(step: Step, target: string, others: readonly string[]): boolean {
  const { queue, lastQueue } = step.call;
  const from = queue === undefined ? lastQueue : step.known(queue.party).dn;
  const destination = step.env.resolve(target, { kind: 'internal', dn: from === '' ? target : from });
  if (destination.kind === 'nowhere' || step.takesPart(destination)) return false;
  if (destination.kind === 'routingPoint') {
    if (queue !== undefined) leaveQueue(step, { to: destination.dn, routeType: 'Default' });
    enterQueue(step, destination.dn, { enteredBy: 'Redirected' });
  } else {
    beginAttempt(step, { purpose: 'overflow', destination, business: lastQueue !== '', overflow: others, enteredBy: 'Redirected' });
  }
  return true;
}
