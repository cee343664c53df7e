/** RequestSingleStepTransfer (tlibrary §6.8): no consultation, the ConnID stays, the other party waits for the new one. */
import { beginAttempt } from './attempt.js';
import { LegState, type Party } from './call.state.js';
import { releaseTransferrer } from './hand-over.js';
import { EMPTY, kvListOf, kvReplace, kvSize } from './kv.js';
import { isTalking, type PartyRequest, refuseRequest, textOf } from './request.js';
import { enterQueue } from './routing.js';
import type { Step } from './step.js';
import { userDataLimit } from './user-data-limit.js';

export function onSingleStepTransfer(step: Step, request: PartyRequest): void {
  const { party, origin } = request;
  const target = textOf(request.request, 'OtherDN');
  const staying = step.party(party.peer);
  if (staying === undefined || !canTransfer(step, party, staying)) {
    return refuseRequest(step, request, 98, `${party.dn} must be talking, with nothing else under way, to transfer the call: try again`);
  }
  const destination = step.env.resolve(target, { kind: 'internal', dn: party.dn });
  if (destination.kind === 'nowhere') return refuseRequest(step, request, destination.code, destination.message);
  if (step.takesPart(destination)) return refuseRequest(step, request, 71, `${target} takes part in the call already`);
  const userData = kvReplace(step.call.userData, kvListOf(request.request['UserData']));
  if (kvSize(userData) > userDataLimit(step)) return refuseRequest(step, request, 53, 'UserData is larger than user-data-limit allows');
  step.call.userData = userData;
  step.call.waiting = staying.id;
  const entry = { enteredBy: 'Transferred', broughtBy: party.dn } as const;
  if (destination.kind === 'routingPoint') {
    releaseTransferrer(step, destination.dn, origin);
    return enterQueue(step, destination.dn, entry);
  }
  const instruction = { routeType: '', extensions: EMPTY, reasons: step.reasons };
  beginAttempt(step, { purpose: 'transfer', destination, business: false, origin, instruction, ...entry });
}

/** Both dialogs are settled: the one who stays must be able to take a re-INVITE, and no phone is still asked to hold or retrieve. */
function canTransfer(step: Step, party: Party, staying: Party): boolean {
  const { attempt, exchange, parties } = step.call;
  return attempt === undefined && exchange === undefined && isTalking(party) && parties.every((one) => one.pending === undefined)
    && party.legState === LegState.Confirmed && staying.legState === LegState.Confirmed;
}
