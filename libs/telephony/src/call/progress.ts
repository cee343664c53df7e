/** Provisional answers: the destination rings (tlibrary §12.1), or the phone of somebody who asked for a call. */
import type { KVList, KVPair } from '#tlib';
import { type Attempt, LegState, type Party, PartyKind, PartyState } from './call.state.js';
import type { Sdp } from './call.types.js';
import { tell, withLists } from './events.js';
import { releaseTransferrer } from './hand-over.js';
import { EMPTY } from './kv.js';
import { ringCaller } from './legs.js';
import { advance, entryAttributes } from './parties.js';
import { leaveQueue, queuePoint } from './routing.js';
import type { Step } from './step.js';
import { clearTimer, setTimer } from './timers.js';

/** RFC 3261 §13.2.2.1. The shell keeps 100 to itself: it comes from the next hop. */
export function onProgress(step: Step, party: Party, status: number, sdp: Sdp | null): void {
  const { attempt, making } = step.call;
  if (party.legState !== LegState.Inviting) return;
  if (making?.party === party.id) return onOriginatorRings(step, party);
  if (attempt?.party !== party.id) return;
  alert(step, attempt, party);
  passOn(step, attempt, party, status, sdp);
}

/** SC-09: the phone of who asked for the call is told to answer. */
function onOriginatorRings(step: Step, party: Party): void {
  if (party.rung !== 0) return;
  party.rung = 180;
  clearTimer(step, 'invite');
  if (canControl(step, party.dn, 'talk')) step.push({ kind: 'notify', leg: party.leg, event: 'talk' });
}

/** Whether NOTIFY may ask that of the phone. */
export function canControl(step: Step, dn: string, what: 'talk' | 'hold'): boolean {
  return step.env.option('sip-cti-control', dn).split(',').includes(what);
}

/** The destination is alerted, at the latest when it answers. */
export function alert(step: Step, attempt: Attempt, party: Party): void {
  if (attempt.stage !== 'inviting') return;
  attempt.stage = 'alerting';
  clearTimer(step, 'invite');
  if (attempt.noAnswer.timeoutS > 0) setTimer(step, 'noAnswer', attempt.noAnswer.timeoutS * 1000);
  if (attempt.purpose === 'transfer' && step.known(step.call.waiting).peer !== 0) {
    step.reasons = attempt.instruction?.reasons ?? EMPTY;
    releaseTransferrer(step, party.dn, attempt.origin);
    attempt.origin = undefined;
  }
  if (party.state === PartyState.New) announce(step, attempt, party);
  divertOnRinging(step, attempt, party);
}

function announce(step: Step, attempt: Attempt, party: Party): void {
  advance(step, party, PartyState.Ringing, 'EventRinging', withLists(entryAttributes(party), EMPTY, ringingExtensions(step, attempt, party)));
  const waiting = step.known(step.call.waiting);
  if (party.kind === PartyKind.Outside && waiting.state === PartyState.Dialing) tell(step, 'EventNetworkReached', waiting);
}

/** tlibrary §4.6, EventRinging. */
function ringingExtensions(step: Step, { noAnswer }: Attempt, party: Party): KVList {
  const list: KVPair[] = [['BusinessCall', party.business ? 1 : 0]];
  const origination = step.known(step.call.waiting);
  if (origination.dn !== '') list.push(['OriginationDN', origination.dn]);
  if (noAnswer.timeoutS > 0) {
    list.push(['NO_ANSWER_TIMEOUT', String(noAnswer.timeoutS)], ['NO_ANSWER_ACTION', noAnswer.action]);
    list.push(['NO_ANSWER_OVERFLOW', noAnswer.overflow.join(',') || 'none']);
  }
  return list;
}

/** `divert-on-ringing` true: the call leaves the Routing Point now, and no-answer supervision takes over (SC-21, tlibrary §6.12). */
function divertOnRinging(step: Step, attempt: Attempt, party: Party): void {
  if (step.call.queue === undefined || !step.isOn('divert-on-ringing', queuePoint(step).dn)) return;
  leaveQueue(step, { to: party.dn, routeType: routeTypeOf(attempt), origin: attempt.origin, instruction: attempt.instruction });
  attempt.origin = undefined;
  attempt.purpose = 'overflow';
  attempt.overflow = attempt.noAnswer.overflow;
}

export function routeTypeOf(attempt: Attempt): string {
  return attempt.instruction?.routeType ?? 'Default';
}

/**
 * The caller hears what the destination says. Early media passes only when no other destination can follow by the
 * strategy: the caller takes the first description in any answer for the final one (RFC 3261 §13.2.1).
 */
function passOn(step: Step, attempt: Attempt, party: Party, status: number, sdp: Sdp | null): void {
  const passes = attempt.purpose === 'direct' && party.invitedWithOffer;
  ringCaller(step, step.known(step.call.waiting), status === 183 ? 183 : 180, passes ? sdp : null);
}
