/** Nothing is left to try for the party that waits: it hears why, and the call is over. */
import { endAttempt } from './attempt.js';
import { type Party, PartyState } from './call.state.js';
import { tell } from './events.js';
import { closeLeg, type SipRefusal } from './legs.js';
import { removeParty } from './parties.js';
import { stopWaiting } from './queue-end.js';
import { DISCONNECTED, type Failure } from './sip-failure.js';
import type { Step } from './step.js';
import { clearTimer } from './timers.js';

export function giveUp(step: Step, failure: Failure): void {
  stopTrying(step, failure);
  leaveQueueUnrouted(step, failure);
  const { waiting } = step;
  if (waiting === undefined) return;
  if (waiting.state === PartyState.Dialing) tell(step, 'EventDestinationBusy', waiting, { CallState: failure.callState });
  endWaiting(step, waiting, failure);
}

/** The router may end the call while its destination is still being tried. */
function stopTrying(step: Step, failure: Failure): void {
  if (step.call.attempt === undefined) return;
  const { origin } = endAttempt(step, { msg: 'EventReleased', more: { CallState: failure.callState }, cause: failure.cause, code: failure.code });
  if (origin !== undefined) step.refuse(origin, DISCONNECTED, failure.message);
}

function endWaiting(step: Step, waiting: Party, failure: Failure): void {
  clearTimer(step, 'acknowledge');
  const refusal: SipRefusal = { status: failure.status, reason: failure.reason };
  closeLeg(step, waiting, refusal);
  removeParty(step, waiting, { msg: 'EventReleased', more: { CallState: failure.callState }, cause: failure.cause, code: failure.code });
}

/** The server ends what waits at the Routing Point: neither diverted nor abandoned, so EventReleased says Cleared. */
function leaveQueueUnrouted(step: Step, failure: Failure): void {
  const { queue } = step.call;
  if (queue === undefined) return;
  stopWaiting(step);
  const point = step.known(queue.party);
  step.call.queue = undefined;
  removeParty(step, point, { msg: 'EventReleased', more: { CallState: 'Cleared' }, cause: failure.cause, code: failure.code });
}
