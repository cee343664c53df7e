/**
 * Every request: its attributes, which must be there, and where it is accepted (tlibrary §3). One line a request:
 * `Name:type` is mandatory, `Name?:type` is not. docs/tlib-protocol.md is generated from this table.
 */
import type { EnumName, EnumValue } from './enums.js';

export type ServerRole = EnumValue<'ServerRole'>;
export type AttributeType = 'int' | 'string' | 'ConnID' | 'kvlist' | 'strings' | EnumName;

export interface AttributeRule {
  readonly name: string;
  readonly type: AttributeType;
  readonly required: boolean;
}

export interface RequestRule {
  readonly msg: string;
  readonly attributes: readonly AttributeRule[];
  readonly byName: ReadonlyMap<string, AttributeRule>;
}

const ANY = 'ReferenceID?:int Reasons?:kvlist Extensions?:kvlist';
const CALL = 'ThisDN:string ConnID:ConnID';
const DIAL = 'OtherDN:string Location?:string UserData?:kvlist';
const TWO_CALLS = `${CALL} TransferConnID:ConnID`;

const REQUESTS: Readonly<Record<string, string>> = {
  RequestRegisterClient: 'ApplicationName:string ProtocolVersion:int Password?:string ClientRole?:ClientRole AddpTimeout?:int '
    + 'AddpRemoteTimeout?:int SessionToken?:string LastSequence?:int Filter?:strings',
  RequestQueryServer: '',
  RequestQueryAddress: 'ThisDN?:string ThisQueue?:string AddressType?:AddressType AddressInfoType:AddressInfoType',
  RequestRegisterAddress: 'ThisDN:string RegisterMode?:RegisterMode ControlMode?:ControlMode AddressType?:AddressType',
  RequestUnregisterAddress: 'ThisDN:string ControlMode?:ControlMode',
  RequestRegisterAll: '',
  RequestUnregisterAll: '',
  RequestSetInputMask: 'Filter:strings',
  RequestAgentLogin: 'ThisDN:string AgentID:string ThisQueue?:string Password?:string AgentWorkMode?:AgentWorkMode',
  RequestAgentLogout: 'ThisDN:string ThisQueue?:string',
  RequestAgentReady: 'ThisDN:string ThisQueue?:string AgentWorkMode?:AgentWorkMode',
  RequestAgentNotReady: 'ThisDN:string ThisQueue?:string AgentWorkMode?:AgentWorkMode',
  RequestAgentSetIdleReason: 'ThisDN:string AgentIdleReason?:string',
  RequestSetDNDOn: 'ThisDN:string',
  RequestSetDNDOff: 'ThisDN:string',
  RequestMakeCall: `ThisDN:string ${DIAL} MakeCallType?:MakeCallType`,
  RequestMakePredictiveCall: `ThisDN:string ${DIAL} Timeout?:int`,
  RequestAnswerCall: CALL,
  RequestReleaseCall: CALL,
  RequestClearCall: CALL,
  RequestHoldCall: CALL,
  RequestRetrieveCall: CALL,
  RequestAlternateCall: TWO_CALLS,
  RequestReconnectCall: TWO_CALLS,
  RequestInitiateTransfer: `${CALL} ${DIAL}`,
  RequestCompleteTransfer: TWO_CALLS,
  RequestMuteTransfer: `${CALL} ${DIAL}`,
  RequestSingleStepTransfer: `${CALL} ${DIAL}`,
  RequestInitiateConference: `${CALL} ${DIAL}`,
  RequestCompleteConference: TWO_CALLS,
  RequestSingleStepConference: `${CALL} ${DIAL}`,
  RequestDeleteFromConference: `${CALL} OtherDN:string`,
  RequestMergeCalls: `${TWO_CALLS} MergeType?:MergeType`,
  RequestRedirectCall: `${CALL} ${DIAL}`,
  RequestListenDisconnect: `${CALL} OtherDN:string`,
  RequestListenReconnect: `${CALL} OtherDN:string`,
  RequestSetMuteOn: CALL,
  RequestSetMuteOff: CALL,
  RequestSendDTMF: `${CALL} DTMFDigits:string`,
  RequestCallForwardSet: 'ThisDN:string OtherDN:string ForwardMode?:ForwardMode',
  RequestCallForwardCancel: 'ThisDN:string ForwardMode?:ForwardMode',
  RequestSetMessageWaitingOn: 'ThisDN:string',
  RequestSetMessageWaitingOff: 'ThisDN:string',
  RequestRouteCall: `${CALL} RouteType?:RouteType OtherDN?:string Location?:string DNIS?:string UserData?:kvlist`,
  RequestApplyTreatment: `${CALL} TreatmentType:TreatmentType TreatmentParms?:kvlist`,
  RequestGetAccessNumber: 'OtherDN:string Location?:string XRouteType?:XRouteType',
  RequestCancelReqGetAccessNumber: 'ThisDN?:string',
  RequestAttachUserData: `${CALL} UserData:kvlist`,
  RequestUpdateUserData: `${CALL} UserData:kvlist`,
  RequestDeletePair: `${CALL} DataKey:string`,
  RequestDeleteUserData: CALL,
  RequestQueryCall: 'ConnID:ConnID CallInfoType?:CallInfoType ThisDN?:string',
  RequestQuerySwitch: 'SwitchInfoType?:SwitchInfoType',
  RequestQueryLocation: 'LocationInfoType?:LocationInfoType Location?:string',
  RequestReserveAgent: 'ThisDN?:string AgentID?:string Place?:string Timeout?:int Priority?:int',
  RequestMonitorNextCall: 'ThisDN:string OtherDN:string MonitorNextCallType?:MonitorNextCallType',
  RequestCancelMonitoring: 'ThisDN:string OtherDN:string',
  RequestDistributeUserEvent: 'ThisDN:string UserData?:kvlist',
  RequestSendEvent: 'ThisDN:string UserEvent:string ConnID?:ConnID CallUUID?:string CallType?:CallType CallState?:CallState '
    + 'OtherDN?:string ThirdPartyDN?:string ThirdPartyDNRole?:DNRole ThisQueue?:string ANI?:string DNIS?:string UserData?:kvlist',
  RequestPrivateService: 'PrivateMsgID:int ThisDN?:string ConnID?:ConnID UserData?:kvlist',
  RequestStartCallMonitoring: '',
  RequestStopCallMonitoring: '',
};

const SESSION = ['RequestQueryServer', 'RequestSetInputMask'];
const REGISTER = ['RequestRegisterAddress', 'RequestUnregisterAddress'];
const QUERIES = ['RequestQueryAddress', 'RequestQueryCall', 'RequestQuerySwitch', 'RequestQueryLocation'];

/** Opens a connection; every port. */
export const OPENING = 'RequestRegisterClient';

/** What each port accepts (tlib-protocol §4, tlibrary §3.13). */
export const ACCEPTED: Readonly<Record<ServerRole, ReadonlySet<string>>> = {
  SessionController: new Set([
    ...SESSION, ...REGISTER, 'RequestRouteCall', 'RequestApplyTreatment', 'RequestSendDTMF', 'RequestQueryCall',
    'RequestAttachUserData', 'RequestUpdateUserData', 'RequestDeletePair', 'RequestDeleteUserData', 'RequestGetAccessNumber',
    'RequestCancelReqGetAccessNumber', 'RequestReserveAgent', 'RequestSendEvent', 'RequestPrivateService',
  ]),
  TController: new Set(Object.keys(REQUESTS).filter((msg) => msg !== OPENING && msg !== 'RequestReserveAgent')),
  InteractionProxy: new Set([...SESSION, 'RequestStartCallMonitoring', 'RequestStopCallMonitoring']),
  SmartProxy: new Set([...SESSION, ...REGISTER, ...QUERIES]),
  VirtualQueue: new Set([...SESSION, ...REGISTER, ...QUERIES, 'RequestReserveAgent', 'RequestSendEvent']),
};

function parseRule(msg: string, text: string): RequestRule {
  const attributes = `${text} ${ANY}`.trim().split(/\s+/).map((part): AttributeRule => {
    const [name, type] = part.split(':') as [string, AttributeType];
    return name.endsWith('?') ? { name: name.slice(0, -1), type, required: false } : { name, type, required: true };
  });
  return { msg, attributes, byName: new Map(attributes.map((rule) => [rule.name, rule])) };
}

export const REQUEST_RULES: ReadonlyMap<string, RequestRule> = new Map(
  Object.entries(REQUESTS).map(([msg, text]) => [msg, parseRule(msg, text)]),
);
