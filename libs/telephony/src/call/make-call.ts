/**
 * A call made on request (SC-07): RFC 3725 flow I. The originator is called without an offer; its 2xx brings one, which goes
 * to the destination, and the ACK carries the destination's answer back.
 */
import type { TRequest } from '#tlib';
import type { RequestOrigin } from '../messages/index.js';
import { LegState, type MakeCallRequest, type Party, PartyKind, PartyState } from './call.state.js';
import type { Destination, LegId, Sdp } from './call.types.js';
import { withLists } from './events.js';
import { kvListOf, kvSize } from './kv.js';
import { closeLeg, inviteParty } from './legs.js';
import { reportCreated } from './monitor-events.js';
import { openCall, proceedTo } from './opening.js';
import { addParty, advance, removeParty } from './parties.js';
import { canControl } from './progress.js';
import { textOf } from './request.js';
import { heldAnswer } from './sdp-hold.js';
import { sipFailure } from './sip-failure.js';
import type { Step } from './step.js';
import { ACKNOWLEDGE_MS, clearTimer, ORIGINATOR_MS, setTimer } from './timers.js';
import { userDataLimit } from './user-data-limit.js';

export function onMakeCall(step: Step, leg: LegId, request: TRequest, origin: RequestOrigin): void {
  const thisDN = textOf(request, 'ThisDN');
  const dialled = textOf(request, 'OtherDN');
  const originator = step.env.resolve(thisDN, { kind: 'internal', dn: thisDN });
  const destination = step.env.resolve(dialled, { kind: 'internal', dn: thisDN });
  const problem = problemOf(step, request, originator, destination);
  if (problem !== undefined) {
    step.call.phase = 'over';
    return step.refuse(origin, problem.code, problem.message, thisDN);
  }
  openCall(step, { from: { kind: 'internal', dn: thisDN }, ani: thisDN, dnis: dialled, displayName: '', destination });
  step.call.userData = kvListOf(request['UserData']);
  reportCreated(step);
  const party = addParty(step, { kind: PartyKind.Device, dn: thisDN, role: 'Origination' });
  step.call.making = {
    party: party.id, dialled, origin, reasons: kvListOf(request['Reasons']), extensions: kvListOf(request['Extensions']),
  };
  inviteParty(step, party, {
    destination: originator, fromUser: dialled, fromDisplay: '', sdp: null, autoAnswer: canControl(step, thisDN, 'talk'),
  }, leg);
  setTimer(step, 'invite', step.secondsMs('sip-invite-timeout'));
  setTimer(step, 'originator', ORIGINATOR_MS);
}

interface Problem {
  readonly code: number;
  readonly message: string;
}

function problemOf(step: Step, request: TRequest, originator: Destination, destination: Destination): Problem | undefined {
  const thisDN = textOf(request, 'ThisDN');
  const type = textOf(request, 'MakeCallType');
  if (originator.kind !== 'device') return { code: 61, message: `${thisDN} is no Extension: make calls on behalf of an Extension` };
  if (type !== '' && type !== 'Regular') return { code: 51, message: `MakeCallType ${type} is not supported: use Regular` };
  if (destination.kind === 'nowhere') return { code: destination.code, message: destination.message };
  if (destination.kind === 'device' && destination.dn === thisDN) return { code: 71, message: `${thisDN} cannot call itself` };
  if (kvSize(kvListOf(request['UserData'])) > userDataLimit(step)) {
    return { code: 53, message: `UserData is larger than user-data-limit (${userDataLimit(step)} bytes)` };
  }
  return undefined;
}

/** The originator answered: from now on there is a call to tell of. Its 2xx waits for the ACK that carries the answer. */
export function onOriginatorAnswered(step: Step, making: MakeCallRequest, party: Party, sdp: Sdp | null): void {
  party.legState = LegState.Unacknowledged;
  party.sdp = sdp;
  if (sdp === null) return originatorFailed(step, making, party, 93, `${party.dn} answered without an offer, which RFC 3261 §13.3.1 demands`);
  endMaking(step);
  step.call.waiting = party.id;
  setTimer(step, 'acknowledge', ACKNOWLEDGE_MS);
  advance(step, party, PartyState.Dialing, 'EventDialing', withLists({}, making.reasons, making.extensions), making.origin);
  proceedTo(step, party, step.env.resolve(making.dialled, { kind: 'internal', dn: party.dn }));
}

export function onOriginatorRejected(step: Step, making: MakeCallRequest, party: Party, status: number, reason: string): void {
  party.legState = LegState.None;
  const { code, message } = sipFailure(party.dn, status, reason, party.rung !== 0);
  // tlibrary §5.7: the busy one is who calls, not who is called.
  originatorFailed(step, making, party, code === 231 ? 79 : code, message);
}

/** No answer at all, or nobody who picks up the phone. */
export function onOriginatorTimeout(step: Step): void {
  const { making } = step.call;
  if (making === undefined) return;
  const party = step.known(making.party);
  originatorFailed(step, making, party, 232, `${party.dn} did not answer the call it asked for`);
}

function originatorFailed(step: Step, making: MakeCallRequest, party: Party, code: number, message: string): void {
  endMaking(step);
  step.refuse(making.origin, code, message, party.dn);
  closeLeg(step, party);
  removeParty(step, party, { msg: 'EventReleased' });
}

function endMaking(step: Step): void {
  step.call.making = undefined;
  for (const timer of ['invite', 'originator'] as const) clearTimer(step, timer);
}

/** The originator's 2xx cannot wait longer: it gets silence now, and the destination's description when there is one. */
export function onAcknowledgeDue(step: Step): void {
  const { waiting } = step;
  if (waiting?.legState !== LegState.Unacknowledged || waiting.sdp === null) return;
  waiting.legState = LegState.Confirmed;
  step.push({ kind: 'ack', leg: waiting.leg, sdp: heldAnswer(waiting.sdp) });
}
