/** Requests of T-Library clients: which are understood, what they need, and a sentence for those that are not (SC-46). */
import type { TRequest } from '#tlib';
import type { RequestOrigin } from '../messages/index.js';
import { PartyState } from './call.state.js';
import { onHoldCall, onRetrieveCall } from './hold.js';
import { onAnswerCall, onClearCall, onReleaseCall } from './party-requests.js';
import { kvListOf } from './kv.js';
import { onQueryCall } from './query.js';
import { onRedirectCall } from './redirect.js';
import { type PartyRequest, refuseRequest, textOf } from './request.js';
import { onRouteCall } from './route-request.js';
import type { Step } from './step.js';
import { onSingleStepTransfer } from './transfer.js';
import { onApplyTreatment } from './treatment.js';
import { onAttachUserData, onDeletePair, onDeleteUserData, onUpdateUserData } from './user-data.js';

type Handler = (step: Step, request: PartyRequest) => void;

/** On behalf of any party that has been told of the call. */
const OF_PARTIES: ReadonlyMap<string, Handler> = new Map([
  ['RequestAnswerCall', onAnswerCall],
  ['RequestReleaseCall', onReleaseCall],
  ['RequestClearCall', onClearCall],
  ['RequestHoldCall', onHoldCall],
  ['RequestRetrieveCall', onRetrieveCall],
  ['RequestSingleStepTransfer', onSingleStepTransfer],
  ['RequestRedirectCall', onRedirectCall],
  ['RequestAttachUserData', onAttachUserData],
  ['RequestUpdateUserData', onUpdateUserData],
  ['RequestDeletePair', onDeletePair],
  ['RequestDeleteUserData', onDeleteUserData],
]);

/** On behalf of the Routing Point where the call waits. */
const OF_ROUTING_POINTS: ReadonlyMap<string, Handler> = new Map([
  ['RequestRouteCall', onRouteCall],
  ['RequestApplyTreatment', onApplyTreatment],
]);

const TWO_STEP = 'two-step transfer and conference are not available yet: use RequestSingleStepTransfer';
const SUPERVISION = 'supervision is not available yet';
const MULTI_SITE = 'one switch has no access numbers: route to the DN or number itself';
const MEDIA = 'there is no media server';

/** What is refused, and what to do instead. Anything else is refused in general words. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['RequestInitiateTransfer', TWO_STEP], ['RequestCompleteTransfer', TWO_STEP], ['RequestMuteTransfer', TWO_STEP],
  ['RequestInitiateConference', TWO_STEP], ['RequestCompleteConference', TWO_STEP], ['RequestSingleStepConference', TWO_STEP],
  ['RequestDeleteFromConference', TWO_STEP], ['RequestMergeCalls', TWO_STEP], ['RequestAlternateCall', TWO_STEP],
  ['RequestReconnectCall', TWO_STEP],
  ['RequestMonitorNextCall', SUPERVISION], ['RequestCancelMonitoring', SUPERVISION],
  ['RequestSetMuteOn', SUPERVISION], ['RequestSetMuteOff', SUPERVISION],
  ['RequestListenDisconnect', SUPERVISION], ['RequestListenReconnect', SUPERVISION],
  ['RequestGetAccessNumber', MULTI_SITE], ['RequestCancelReqGetAccessNumber', MULTI_SITE],
  ['RequestSendDTMF', `${MEDIA} to send digits: dial them on the phone`],
  ['RequestCollectDigits', `${MEDIA} to collect digits`],
  ['RequestGiveMusicTreatment', `${MEDIA}: use RequestApplyTreatment with RingBack`],
  ['RequestGiveSilenceTreatment', `${MEDIA}: use RequestApplyTreatment with RingBack`],
  ['RequestGiveRingBackTreatment', 'use RequestApplyTreatment with TreatmentType RingBack'],
  ['RequestMakePredictiveCall', `${MEDIA} to detect who answers`],
  ['RequestPrivateService', `${MEDIA} to record with`],
]);

export function onRequest(step: Step, request: TRequest, origin: RequestOrigin): void {
  if (request.msg === 'RequestQueryCall') return onQueryCall(step, request, origin);
  const handler = OF_PARTIES.get(request.msg) ?? OF_ROUTING_POINTS.get(request.msg);
  const thisDN = textOf(request, 'ThisDN');
  if (handler === undefined) return unsupported(step, request.msg, thisDN, origin);
  if (step.call.phase !== 'live') {
    return step.refuse(origin, 56, `call ${step.call.identity.connID} is over`, thisDN);
  }
  const party = step.partyOfDn(thisDN);
  if (party === undefined || party.state === PartyState.New) {
    return step.refuse(origin, 470, `${thisDN} takes no part in call ${step.call.identity.connID}`, thisDN);
  }
  step.reasons = kvListOf(request['Reasons']);
  const asked: PartyRequest = { request, origin, party };
  if (OF_ROUTING_POINTS.has(request.msg) && party.state !== PartyState.Queued) {
    return refuseRequest(step, asked, 496, `${thisDN} is no Routing Point where the call waits`);
  }
  handler(step, asked);
}

function unsupported(step: Step, msg: string, thisDN: string, origin: RequestOrigin): void {
  step.refuse(origin, 51, unsupportedRequest(msg), thisDN);
}

/** Why a request cannot be served, and what to do instead; EventError 51. */
export function unsupportedRequest(msg: string): string {
  return `${msg} is not supported: ${REFUSALS.get(msg) ?? 'this switch does not have the feature'}`;
}
