/** The destination answered: its media and the waiting party's are joined, and only then they are connected. */
import type { KVList, TAttribute } from '#tlib';
import { type Attempt, LegState, type Party, PartyKind, PartyState } from './call.state.js';
import type { Sdp } from './call.types.js';
import { type Attributes, tell, withLists } from './events.js';
import { startConnect, startJoin } from './exchange.js';
import { EMPTY, kvText } from './kv.js';
import { advance, link } from './parties.js';
import { alert, routeTypeOf } from './progress.js';
import { leaveQueue, queuePoint } from './routing.js';
import type { Step } from './step.js';
import { clearTimer } from './timers.js';

/**
 * A 2xx of the destination. False when it is of no use: no description where there had to be one.
 * How the media are joined depends on where the waiting party's own offer stands.
 */
export function onTargetAnswered(step: Step, attempt: Attempt, target: Party, sdp: Sdp | null): boolean {
  alert(step, attempt, target);
  clearTimer(step, 'noAnswer');
  target.sdp = sdp;
  const waiting = step.known(step.call.waiting);
  if (target.invitedWithOffer) {
    target.legState = LegState.Confirmed;
    step.push({ kind: 'ack', leg: target.leg, sdp: null });
  } else {
    target.legState = LegState.Unacknowledged;
  }
  if (sdp === null) return false;
  if (waiting.legState === LegState.Confirmed) joinConfirmed(step, attempt, target, waiting);
  else answerWaiting(step, waiting, sdp);
  return true;
}

/** RFC 3725 §4.1: whoever waits for the answer to its offer gets this one. One that made none gets the offer, and its ACK brings the answer. */
function answerWaiting(step: Step, waiting: Party, sdp: Sdp): void {
  if (waiting.legState === LegState.Incoming) {
    waiting.legState = LegState.Answering;
    step.push({ kind: 'answer', leg: waiting.leg, sdp });
  } else {
    waiting.legState = LegState.Confirmed;
    step.push({ kind: 'ack', leg: waiting.leg, sdp });
  }
  connected(step);
}

/** The waiting party was answered before. It keeps its place until it has taken the new description (CC-52). */
function joinConfirmed(step: Step, attempt: Attempt, target: Party, waiting: Party): void {
  if (target.invitedWithOffer) {
    // Its offer of then was answered with silence in between: both start anew.
    connected(step);
    return startJoin(step, waiting, target);
  }
  attempt.stage = 'joining';
  startConnect(step, target, waiting);
}

/** The waiting party answered the destination's offer. */
export function onJoined(step: Step, answer: Sdp | null): void {
  const { attempt } = step.call;
  if (attempt === undefined) return;
  const target = step.known(attempt.party);
  target.legState = LegState.Confirmed;
  step.push({ kind: 'ack', leg: target.leg, sdp: answer });
  connected(step);
}

function connected(step: Step): void {
  const { call } = step;
  const attempt = call.attempt as Attempt;
  const target = step.known(attempt.party);
  const waiting = step.known(call.waiting);
  const transferrer = target.broughtBy || broughtToQueueBy(step);
  call.attempt = undefined;
  for (const timer of ['invite', 'noAnswer', 'routing', 'acknowledge'] as const) clearTimer(step, timer);
  if (call.queue !== undefined) {
    leaveQueue(step, { to: target.dn, routeType: routeTypeOf(attempt), origin: attempt.origin, instruction: attempt.instruction });
  }
  call.waiting = 0;
  link(waiting, target);
  link(target, waiting);
  establish(step, target, establishedAttributes(step, attempt, target));
  if (waiting.state === PartyState.Dialing) establish(step, waiting, {});
  else partnerChanged(step, waiting, transferrer);
}

function broughtToQueueBy(step: Step): string {
  return step.call.queue === undefined ? '' : queuePoint(step).broughtBy;
}

function establish(step: Step, party: Party, more: Attributes): void {
  const answering = party.pending;
  party.pending = undefined;
  step.reasons = answering?.reasons ?? EMPTY;
  advance(step, party, PartyState.Established, 'EventEstablished', more, answering?.origin);
}

/** tlibrary §6.8: who stays learns whom it talks to now. */
function partnerChanged(step: Step, party: Party, transferrer: string): void {
  const by: { [attribute: string]: TAttribute } = transferrer === ''
    ? {} : { ThirdPartyDN: transferrer, ThirdPartyDNRole: 'TransferredBy' };
  tell(step, 'EventPartyChanged', party, { CallState: 'Transferred', OtherDNRole: 'NewParty', ...by });
}

/** Coming after-call work is announced at the answer, never before (tlibrary §7.3). */
function establishedAttributes(step: Step, attempt: Attempt, target: Party): Attributes {
  if (!target.business || target.kind !== PartyKind.Device) return {};
  const wrapUp = kvText(attempt.instruction?.extensions ?? EMPTY, 'WrapUpTime') ?? step.env.option('wrap-up-time');
  const announced: KVList = wrapUp === '0' || wrapUp === '' ? EMPTY : [['WrapUpTime', wrapUp === 'untimed' ? wrapUp : Number(wrapUp)]];
  return withLists({}, EMPTY, announced);
}
