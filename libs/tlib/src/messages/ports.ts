/** What each port accepts (tlib-protocol §4, tlibrary §3.13). */
import type { EnumValue } from './enums.js';
import { REQUEST_RULES, type RequestRule } from './requests.js';

export type ServerRole = EnumValue<'ServerRole'>;

/** Opens a connection; every port. */
export const OPENING = 'RequestRegisterClient';

const SESSION = ['RequestQueryServer', 'RequestSetInputMask'];
const REGISTER = ['RequestRegisterAddress', 'RequestUnregisterAddress'];
const QUERIES = ['RequestQueryAddress', 'RequestQueryCall', 'RequestQuerySwitch', 'RequestQueryLocation'];
const EVERYTHING = [...REQUEST_RULES.values()].filter((rule) => rule.unserved === undefined && rule.msg !== OPENING).map((rule) => rule.msg);

export const ACCEPTED: Readonly<Record<ServerRole, ReadonlySet<string>>> = {
  SessionController: new Set([
    ...SESSION, ...REGISTER, 'RequestRouteCall', 'RequestApplyTreatment', 'RequestSendDTMF', 'RequestQueryCall',
    'RequestAttachUserData', 'RequestUpdateUserData', 'RequestDeletePair', 'RequestDeleteUserData', 'RequestGetAccessNumber',
    'RequestCancelReqGetAccessNumber', 'RequestReserveAgent', 'RequestSendEvent', 'RequestPrivateService',
  ]),
  TController: new Set(EVERYTHING.filter((msg) => msg !== 'RequestReserveAgent')),
  InteractionProxy: new Set([...SESSION, 'RequestStartCallMonitoring', 'RequestStopCallMonitoring']),
  SmartProxy: new Set([...SESSION, ...REGISTER, ...QUERIES]),
  VirtualQueue: new Set([...SESSION, ...REGISTER, ...QUERIES, 'RequestReserveAgent', 'RequestSendEvent']),
};

/** Names of the ports in configuration, for messages. */
export const PORT_NAMES: Readonly<Record<ServerRole, string>> = {
  SessionController: 'the default port of a sip-server', TController: 'TCport', InteractionProxy: 'IPport', SmartProxy: 'the SmartProxy port',
  VirtualQueue: 'a vq-server',
};

/** Why the port does not take the request, and what does. Undefined when it takes it. */
export function portRefusal(role: ServerRole, rule: RequestRule): string | undefined {
  if (ACCEPTED[role].has(rule.msg)) return undefined;
  if (rule.unserved !== undefined) return `${rule.msg} is not served: ${rule.unserved}`;
  const others = (Object.keys(ACCEPTED) as ServerRole[]).filter((other) => ACCEPTED[other].has(rule.msg)).map((other) => PORT_NAMES[other]);
  return `the ${role} port does not accept ${rule.msg}: send it to ${others.join(' or ')}`;
}
