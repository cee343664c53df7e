/**
 * The call goes on in another process, which has its state and its dialogs (docs/specs/call.md, "Carried on"). What waited for
 * something that will not come is settled: an INVITE of ours without a final answer, the verdict of an owner, a router that heard of the
 * call. Exchanges of descriptions go on: the legs repeat what they had sent.
 */
import { type AttemptPlan, beginAttempt, endAttempt, type Reachable } from './attempt.js';
import { answerAsker, attemptFailed, farewellOf } from './attempt-failed.js';
import { type Attempt, type Party, PartyKind } from './call.state.js';
import { giveUp } from './give-up.js';
import { originatorFailed } from './make-call.js';
import { askForRoute, awaitInstruction, enterQueue, queuePoint } from './routing.js';
import { type Failure, interruptedFailure } from './sip-failure.js';
import type { Step } from './step.js';

export function onRestored(step: Step): void {
  const { making, attempt, queue } = step.call;
  if (making !== undefined) {
    const party = step.known(making.party);
    const { code, message } = interruptedFailure(party.dn);
    return originatorFailed(step, making, party, code, message);
  }
  if (attempt !== undefined) return resume(step, attempt);
  if (queue !== undefined) awaitInstruction(step);
}

/** The routers of the Routing Point are connected again: they have not heard of this call in this life of the node. */
export function onRoutersBack(step: Step, routingPoint: string): void {
  const { queue, attempt } = step.call;
  if (queue === undefined || attempt !== undefined || queuePoint(step).dn !== routingPoint) return;
  askForRoute(step);
  awaitInstruction(step);
}

/** The destination is given up. A call that was at a Routing Point is there again; for any other its destination is tried once more. */
function resume(step: Step, attempt: Attempt): void {
  const { call } = step;
  // It has answered; what is left is an exchange of descriptions.
  if (attempt.stage === 'joining') return;
  const failure = interruptedFailure(step.known(attempt.party).dn);
  switch (attempt.purpose) {
    case 'route': return attemptFailed(step, failure);
    case 'default':
      // Nothing was wrong with it.
      call.triedDefaults = call.triedDefaults.slice(0, -1);
      return attemptFailed(step, failure);
    case 'transfer':
      // As long as who transfers is still there, both talk on.
      return attempt.origin === undefined ? again(step, attempt, failure) : attemptFailed(step, failure);
    case 'overflow':
      if (call.queue !== undefined || call.lastQueue !== '') return backToQueue(step, failure);
      return again(step, attempt, failure);
    case 'direct': return again(step, attempt, failure);
  }
}

function backToQueue(step: Step, failure: Failure): void {
  answerAsker(step, endAttempt(step, farewellOf(failure)), failure);
  if (step.call.queue !== undefined) awaitInstruction(step);
  else enterQueue(step, step.call.lastQueue, { enteredBy: 'Redirected' });
}

/** A caller that has heard early media takes no other answer for the final one, not even of the same phone (RFC 3261 §13.2.1). */
function again(step: Step, attempt: Attempt, failure: Failure): void {
  const target = step.known(attempt.party);
  const { origin, purpose, instruction, overflow } = endAttempt(step, farewellOf(failure));
  if (step.waiting?.earlyMedia === true) return giveUp(step, failure);
  const { business, enteredBy, broughtBy } = target;
  const plan: AttemptPlan = { purpose, destination: destinationOf(target, attempt), business, origin, instruction, overflow, enteredBy, broughtBy };
  beginAttempt(step, plan);
}

function destinationOf({ kind, dn, trunk }: Party, { number, uri, alternatives }: Attempt): Reachable {
  return kind === PartyKind.Device ? { kind: 'device', dn, uri } : { kind: 'trunk', trunk, number, uri, alternatives };
}
