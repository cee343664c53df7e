/** A party leaves: by itself, on request, or because nobody is left to talk to (docs/specs/call.md, "Leaving"). */
import type { RequestOrigin } from '../messages/index.js';
import { endAttempt } from './attempt.js';
import { onTargetUnusable } from './attempt-failed.js';
import type { Party } from './call.state.js';
import { EMPTY } from './kv.js';
import { closeLeg, type SipRefusal } from './legs.js';
import { type Farewell, removeParty, unlink } from './parties.js';
import { stopWaiting } from './queue-end.js';
import { DISCONNECTED } from './sip-failure.js';
import type { Step } from './step.js';
import { clearTimer } from './timers.js';

/** The party's leg has ended, or ends now. `origin` asked for it. */
export function leave(step: Step, party: Party, origin?: RequestOrigin): void {
  if (step.call.attempt?.party === party.id) return onTargetUnusable(step, party, 'gone');
  if (step.call.making?.party === party.id) return originatorLeaves(step, party);
  if (step.call.waiting === party.id) return waitingLeaves(step, party, origin);
  establishedLeaves(step, party, origin);
}

/** Who asked for the call has not answered; nobody was told of it but the one that asked. */
function originatorLeaves(step: Step, party: Party): void {
  refuseMaking(step, 'the call ended before the originator answered');
  closeLeg(step, party);
  removeParty(step, party, { msg: 'EventReleased' });
}

function refuseMaking(step: Step, message: string): void {
  const { making } = step.call;
  if (making === undefined) return;
  step.call.making = undefined;
  for (const timer of ['invite', 'originator'] as const) clearTimer(step, timer);
  step.refuse(making.origin, DISCONNECTED, message);
}

/** The one for whom a destination is sought (CC-51). */
function waitingLeaves(step: Step, waiting: Party, origin: RequestOrigin | undefined): void {
  const transferrer = step.party(waiting.peer);
  clearTimer(step, 'acknowledge');
  closeLeg(step, waiting);
  dropAttempt(step, waiting);
  abandonQueue(step);
  removeParty(step, waiting, { msg: 'EventReleased', origin });
  if (transferrer !== undefined) endTogether(step, transferrer);
}

/** What rang for it is abandoned; what only was being called has never heard of it. */
function dropAttempt(step: Step, waiting: Party): void {
  if (step.call.attempt === undefined) return;
  const { origin } = endAttempt(step, { msg: 'EventAbandoned' });
  if (origin !== undefined) step.refuse(origin, DISCONNECTED, `${waiting.dn} hung up before the call was connected`);
}

function abandonQueue(step: Step): void {
  const { queue } = step.call;
  if (queue === undefined) return;
  stopWaiting(step);
  const point = step.known(queue.party);
  step.call.queue = undefined;
  removeParty(step, point, { msg: 'EventAbandoned' });
}

function establishedLeaves(step: Step, party: Party, origin: RequestOrigin | undefined): void {
  const peer = step.party(party.peer);
  const transferring = step.call.attempt !== undefined && peer !== undefined && step.call.waiting === peer.id;
  closeLeg(step, party);
  if (transferring) return transferrerLeaves(step, party, origin);
  dropExchange(step);
  removeParty(step, party, { msg: 'EventReleased', origin });
  if (peer !== undefined) endTogether(step, peer);
}

/** It asked to transfer the call and hung up without waiting: its partner waits on. */
function transferrerLeaves(step: Step, party: Party, origin: RequestOrigin | undefined): void {
  const { attempt } = step.call;
  const asked = attempt?.origin;
  if (attempt !== undefined) attempt.origin = undefined;
  if (origin === undefined) step.reasons = attempt?.instruction?.reasons ?? EMPTY;
  removeParty(step, party, { msg: 'EventReleased', more: { CallState: 'Transferred' }, origin: origin ?? asked, cause: 'SingleStepTransfer' });
  if (step.waiting !== undefined) unlink(step.waiting);
  if (origin !== undefined && asked !== undefined) step.refuse(asked, DISCONNECTED, `${party.dn} was released; the transfer goes on`);
}

function endTogether(step: Step, peer: Party): void {
  closeLeg(step, peer);
  removeParty(step, peer, { msg: 'EventReleased' });
}

function dropExchange(step: Step): void {
  step.call.exchange = undefined;
  for (const timer of ['glare', 'phone'] as const) clearTimer(step, timer);
}

/** Everybody leaves: the node is drained, an operator or RequestClearCall ends the call. */
export function clearCall(step: Step, refusal: SipRefusal, origin?: RequestOrigin, askedBy?: Party): void {
  stopWaiting(step);
  dropExchange(step);
  clearTimer(step, 'acknowledge');
  refuseMaking(step, 'the call was cleared');
  const farewell = (party: Party | undefined): Farewell =>
    ({ msg: 'EventReleased', more: { CallState: 'Cleared' }, origin: party === askedBy ? origin : undefined });
  endPendingAttempt(step, farewell(step.party(step.call.attempt?.party ?? 0)));
  step.call.queue = undefined;
  for (const party of [...step.call.parties]) {
    closeLeg(step, party, refusal);
    removeParty(step, party, farewell(party));
  }
}

function endPendingAttempt(step: Step, farewell: Farewell): void {
  if (step.call.attempt === undefined) return;
  const { origin } = endAttempt(step, farewell);
  if (origin !== undefined) step.refuse(origin, DISCONNECTED, 'the call was cleared');
}
