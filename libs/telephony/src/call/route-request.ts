/** RequestRouteCall: what the router decided (tlibrary §3.7). A refused or failed instruction leaves the call where it is. */
import { beginAttempt } from './attempt.js';
import type { RouteInstruction } from './call.state.js';
import { giveUp } from './give-up.js';
import { kvListOf, kvText } from './kv.js';
import { tell, withLists } from './events.js';
import { endTreatment } from './queue-end.js';
import { type PartyRequest, refuseRequest, textOf } from './request.js';
import { defaultTargets, enterQueue, forgetDefaults, leaveQueue } from './routing.js';
import { REJECTED, reasonPhrase } from './sip-failure.js';
import type { Step } from './step.js';

/** tlibrary §3.7: routes to OtherDN. */
const TO_OTHER_DN = new Set(['Unknown', 'Default', 'OverwriteDNIS', 'DDD', 'IDDD', 'Direct']);

export function onRouteCall(step: Step, request: PartyRequest): void {
  const type = textOf(request.request, 'RouteType') || 'Unknown';
  if (step.call.attempt !== undefined) {
    return refuseRequest(step, request, 496, 'another destination is being tried: wait for its event or its EventError');
  }
  if (type === 'Reject' || type === 'CallDisconnect') return reject(step, request, type);
  if (type === 'AgentID') return routeToAgent(step, request);
  if (!TO_OTHER_DN.has(type)) {
    return refuseRequest(step, request, 51, `RouteType ${type} is not supported: use Default with OtherDN, AgentID, Reject or CallDisconnect`);
  }
  const target = textOf(request.request, 'OtherDN');
  if (type === 'Default' && target === '') return routeByDefault(step, request);
  routeTo(step, request, target, type);
}

function routeToAgent(step: Step, request: PartyRequest): void {
  const agentID = textOf(request.request, 'OtherDN');
  if (step.env.agentDN === undefined) {
    return refuseRequest(step, request, 51, 'this node does not know where agents are logged in: route to the DN of the agent');
  }
  const dn = step.env.agentDN(agentID);
  if (dn === undefined) return refuseRequest(step, request, 415, `agent ${agentID} is not logged in anywhere`);
  routeTo(step, request, dn, 'AgentID');
}

function routeTo(step: Step, request: PartyRequest, target: string, routeType: string): void {
  const point = request.party.dn;
  if (target === '') return refuseRequest(step, request, 53, 'OtherDN is missing: name the destination');
  if (target === point) return refuseRequest(step, request, 417, `${point} is where the call waits: name another destination`);
  const destination = step.env.resolve(target, { kind: 'internal', dn: point });
  if (destination.kind === 'nowhere') return refuseRequest(step, request, destination.code, destination.message);
  if (step.takesPart(destination)) return refuseRequest(step, request, 415, `${target} takes part in the call already`);
  const instruction = instructionOf(request, routeType);
  forgetDefaults(step);
  endTreatment(step);
  if (routeType === 'OverwriteDNIS') step.call.dnis = textOf(request.request, 'DNIS') || step.call.dnis;
  if (destination.kind === 'routingPoint') {
    leaveQueue(step, { to: destination.dn, routeType, origin: request.origin, instruction });
    return enterQueue(step, destination.dn);
  }
  beginAttempt(step, { purpose: 'route', destination, business: true, origin: request.origin, instruction });
}

function instructionOf({ request }: PartyRequest, routeType: string): RouteInstruction {
  return { routeType, extensions: kvListOf(request['Extensions']), reasons: kvListOf(request['Reasons']) };
}

/** Default without a destination: to the first of the Routing Point's own that leads anywhere. */
function routeByDefault(step: Step, request: PartyRequest): void {
  const point = request.party;
  const leadsSomewhere = (target: string): boolean => step.env.resolve(target, { kind: 'internal', dn: point.dn }).kind !== 'nowhere';
  const target = defaultTargets(step, point).find(leadsSomewhere);
  if (target === undefined) return refuseRequest(step, request, 415, `${point.dn} has no default destination: configure default-dn or name OtherDN`);
  routeTo(step, request, target, 'Default');
}

/** The caller hears a refusal; Extensions may say which. */
function reject(step: Step, request: PartyRequest, type: string): void {
  used(step, request, type);
  const wanted = Number(kvText(kvListOf(request.request['Extensions']), 'sip-status-code'));
  const status = Number.isInteger(wanted) && wanted >= 400 && wanted <= 699 ? wanted : 603;
  giveUp(step, {
    status, reason: reasonPhrase(status), code: REJECTED, message: 'the router rejected the call',
    callState: 'Cleared', cause: 'Reject',
  });
}

function used(step: Step, { request, origin, party }: PartyRequest, type: string): void {
  endTreatment(step);
  tell(step, 'EventRouteUsed', party, withLists({ RouteType: type }, kvListOf(request['Reasons']), kvListOf(request['Extensions'])), origin);
}
