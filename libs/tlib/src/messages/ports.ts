/** What each port accepts (tlib-protocol §4, tlibrary §3.13). */
import type { EnumValue } from './enums.js';
import { REQUEST_RULES, type RequestRule } from './requests.js';

export type ServerRole = EnumValue<'ServerRole'>;

/** Opens a connection; every port. */
export const OPENING = 'RequestRegisterClient';

const SESSION = ['RequestQueryServer', 'RequestSetInputMask'];
const REGISTER = ['RequestRegisterAddress', 'RequestUnregisterAddress'];
const QUERIES = ['RequestQueryAddress', 'RequestQueryCall', 'RequestQuerySwitch', 'RequestQueryLocation'];
const OF_REPORTING = ['RequestStartCallMonitoring', 'RequestStopCallMonitoring'];
const EVERYTHING = [...REQUEST_RULES.values()].filter((rule) => rule.unserved === undefined && rule.msg !== OPENING).map((rule) => rule.msg);

export const ACCEPTED: Readonly<Record<ServerRole, ReadonlySet<string>>> = {
  SessionController: new Set([
    ...SESSION, ...REGISTER, 'RequestRouteCall', 'RequestApplyTreatment', 'RequestSendDTMF', 'RequestQueryCall',
    'RequestAttachUserData', 'RequestUpdateUserData', 'RequestDeletePair', 'RequestDeleteUserData', 'RequestGetAccessNumber',
    'RequestCancelReqGetAccessNumber', 'RequestReserveAgent', 'RequestSendEvent', 'RequestPrivateService',
  ]),
  TController: new Set(EVERYTHING.filter((msg) => msg !== 'RequestReserveAgent' && !OF_REPORTING.includes(msg))),
  InteractionProxy: new Set([...SESSION, ...OF_REPORTING]),
  SmartProxy: new Set([...SESSION, ...REGISTER, ...QUERIES]),
  VirtualQueue: new Set([...SESSION, ...REGISTER, ...QUERIES, 'RequestReserveAgent', 'RequestSendEvent']),
};

/** Names of the ports in configuration, for messages. */
export const PORT_NAMES: Readonly<Record<ServerRole, string>> = {
  SessionController: 'the default port of a sip-server', TController: 'TCport', InteractionProxy: 'IPport', SmartProxy: 'the SmartProxy port',
  VirtualQueue: 'a vq-server',
};

/** Of the guide's allow-list of the default port; answered there by EventError that names the virtual-queue server. */
const ALLOWED_AND_REFUSED = 'RequestReserveAgent';

/** Why the port does not take the request, and what does. Undefined when it takes it. */
export function portRefusal(role: ServerRole, rule: RequestRule): string | undefined {
  if (ACCEPTED[role].has(rule.msg)) return undefined;
  if (rule.unserved !== undefined) return `${rule.msg} is not served: ${rule.unserved}`;
  const others = (Object.keys(ACCEPTED) as ServerRole[]).filter((other) =>
    ACCEPTED[other].has(rule.msg) && (other !== 'SessionController' || rule.msg !== ALLOWED_AND_REFUSED));
  return `the ${role} port does not accept ${rule.msg}: send it to ${others.map((other) => PORT_NAMES[other]).join(' or ')}`;
}

const AT_QUEUES = ['EventQueued', 'EventDiverted', 'EventAbandoned', 'EventUserEvent'];
const AT_ROUTING_POINTS = [
  ...AT_QUEUES, 'EventRouteRequest', 'EventRouteUsed', 'EventReleased', 'EventTreatmentApplied', 'EventTreatmentNotApplied', 'EventTreatmentEnd',
  'EventAttachedDataChanged', 'EventPrivateInfo',
];
const OF_CALLS_AS_A_WHOLE = [
  'EventCallCreated', 'EventCallDataChanged', 'EventCallPartyAdded', 'EventCallPartyState', 'EventCallPartyDeleted', 'EventCallDeleted',
];
const OF_DNS = [
  ...AT_ROUTING_POINTS, 'EventDNBackInService', 'EventDNOutOfService', 'EventAgentLogin', 'EventAgentLogout', 'EventAgentReady', 'EventAgentNotReady',
  'EventDNDOn', 'EventDNDOff', 'EventMessageWaitingOn', 'EventMessageWaitingOff',
  'EventDialing', 'EventNetworkReached', 'EventRinging', 'EventEstablished', 'EventHeld', 'EventRetrieved',
  'EventPartyChanged', 'EventPartyAdded', 'EventPartyDeleted', 'EventDestinationBusy',
];
const UNASKED: Readonly<Record<ServerRole, readonly string[]>> = {
  SessionController: AT_ROUTING_POINTS, TController: OF_DNS, InteractionProxy: OF_CALLS_AS_A_WHOLE, SmartProxy: OF_DNS,
  VirtualQueue: [...AT_QUEUES, 'EventAgentReserved'],
};

/** What each port sends: answers to what it accepts, and what it tells unasked. */
export function sentBy(role: ServerRole): ReadonlySet<string> {
  const answers = [...ACCEPTED[role]].flatMap((msg) => (REQUEST_RULES.get(msg) as RequestRule).answers);
  return new Set(['EventLinkConnected', 'EventBacklogLost', 'EventError', ...answers, ...UNASKED[role]]);
}
