/** Business data attached to the call (SC-22). What is told is always the whole list after the change (tlibrary §15.17). */
import type { KVList } from '#tlib';
import { PartyState } from './call.state.js';
import { tell } from './events.js';
import { kvAppend, kvListOf, kvReplace, kvSize, kvWithout } from './kv.js';
import { reportDataChanged } from './monitor-events.js';
import { type PartyRequest, refuseRequest, textOf } from './request.js';
import type { Step } from './step.js';
import { userDataLimit } from './user-data-limit.js';

export function onAttachUserData(step: Step, request: PartyRequest): void {
  change(step, request, kvAppend(step.call.userData, kvListOf(request.request['UserData'])));
}

export function onUpdateUserData(step: Step, request: PartyRequest): void {
  change(step, request, kvReplace(step.call.userData, kvListOf(request.request['UserData'])));
}

/** Message DeletePair, function TDeleteUserData: one key (tlibrary §15.16). */
export function onDeletePair(step: Step, request: PartyRequest): void {
  change(step, request, kvWithout(step.call.userData, textOf(request.request, 'DataKey')));
}

/** Message DeleteUserData, function TDeleteAllUserData: everything. */
export function onDeleteUserData(step: Step, request: PartyRequest): void {
  change(step, request, []);
}

function change(step: Step, request: PartyRequest, userData: KVList): void {
  const { call } = step;
  const limit = userDataLimit(step);
  // Deleting is always possible, even when the limit was lowered meanwhile.
  if (kvSize(userData) > limit && kvSize(userData) > kvSize(call.userData)) {
    const sizes = `${kvSize(userData)} bytes, and user-data-limit is ${limit}`;
    return refuseRequest(step, request, 53, `the user data would have ${sizes}: delete pairs first, or raise the limit`);
  }
  call.userData = userData;
  for (const party of call.parties) {
    if (party.state === PartyState.New) continue;
    const origin = party === request.party ? request.origin : undefined;
    tell(step, 'EventAttachedDataChanged', party, { UserData: userData, ThirdPartyDN: request.party.dn }, origin);
  }
  reportDataChanged(step);
}
