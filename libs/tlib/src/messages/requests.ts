/**
 * Every request of tlibrary §3: its attributes, what answers it, and a sentence for those that no port serves.
 * The codec checks by this table, and docs/tlib-protocol.md and docs/asyncapi.yaml are made from it.
 */
import { type AttributeRule, attributeRules } from './attributes.js';

export interface RequestRule {
  readonly msg: string;
  /** What it is for, in a sentence. */
  readonly does: string;
  readonly attributes: readonly AttributeRule[];
  readonly byName: ReadonlyMap<string, AttributeRule>;
  /** Events that answer it with its ReferenceID; EventError always may. */
  readonly answers: readonly string[];
  /** Why no port serves it, and what to use instead. */
  readonly unserved: string | undefined;
}

const ANY = 'ReferenceID? Reasons? Extensions?';
const CALL = 'ThisDN ConnID';
const DIAL = 'OtherDN Location? UserData?';
const TWO_CALLS = `${CALL} TransferConnID`;

type Row = readonly [msg: string, attributes: string, answers: string, does: string];

/** A `?` stands behind what may be missing. ReferenceID, Reasons and Extensions may stand in all. */
const SERVED: readonly Row[] = [
  // Sessions (§3.2)
  ['RequestRegisterClient', 'ApplicationName ProtocolVersion Password? ClientRole? AddpTimeout? AddpRemoteTimeout? SessionToken? LastSequence? Filter?',
    'EventLinkConnected', 'Opens the session; the first request of every connection.'],
  ['RequestQueryServer', '', 'EventServerInfo', 'Asks who the server is and how it fares.'],
  ['RequestSetInputMask', 'Filter', 'EventACK', 'From now on only these events are sent, and answers.'],
  ['RequestRegisterAddress', 'ThisDN RegisterMode? ControlMode? AddressType?', 'EventRegistered',
    'From now on the events of this DN are sent. The answer holds its calls and its agent\'s state.'],
  ['RequestUnregisterAddress', 'ThisDN ControlMode?', 'EventUnregistered', 'No more events of this DN.'],
  ['RequestRegisterAll', '', 'EventRegisteredAll', 'Registers every DN that the node owns; for Smart clients.'],
  ['RequestUnregisterAll', '', 'EventUnregisteredAll', 'Ends that.'],
  // Queries (§3.3)
  ['RequestQueryAddress', 'ThisDN? ThisQueue? AddressType? AddressInfoType', 'EventAddressInfo', 'Asks for the calls and the state of a DN or queue.'],
  ['RequestQueryCall', 'ConnID CallInfoType? ThisDN?', 'EventPartyInfo', 'Asks who takes part in a call.'],
  ['RequestQuerySwitch', 'SwitchInfoType?', 'EventSwitchInfo', 'Asks the switch for its time.'],
  ['RequestQueryLocation', 'LocationInfoType? Location?', 'EventLocationInfo', 'Asks for the sites.'],
  // Agents (§3.4)
  ['RequestAgentLogin', 'ThisDN AgentID ThisQueue? Password? AgentWorkMode?', 'EventAgentLogin',
    'Logs the agent in on its DN. Extensions `WrapUpTime`: seconds of after-call work, or `untimed`.'],
  ['RequestAgentLogout', 'ThisDN ThisQueue?', 'EventAgentLogout', 'Logs the agent out.'],
  ['RequestAgentReady', 'ThisDN ThisQueue? AgentWorkMode?', 'EventAgentReady', 'The agent takes calls. Ends after-call work.'],
  ['RequestAgentNotReady', 'ThisDN ThisQueue? AgentWorkMode?', 'EventAgentNotReady',
    'The agent takes none: a break (AuxWork, Reasons `ReasonCode`), or after-call work (AfterCallWork).'],
  ['RequestAgentSetIdleReason', 'ThisDN AgentIdleReason?', 'EventAgentIdleReasonSet', 'Names the reason of a break that lasts.'],
  ['RequestReserveAgent', 'ThisDN? AgentID? Place? Timeout? Priority?', 'EventAgentReserved EventACK',
    'Reserves an agent for Timeout ms, so that no other router takes it; names it by ThisDN, AgentID or Place. Timeout 0 gives it back (EventACK).'],
  // DNs (§3.6)
  ['RequestSetDNDOn', 'ThisDN', 'EventDNDOn', 'Do not disturb.'],
  ['RequestSetDNDOff', 'ThisDN', 'EventDNDOff', 'Disturb.'],
  ['RequestCallForwardSet', 'ThisDN OtherDN ForwardMode?', 'EventForwardSet', 'Forwards the DN\'s calls.'],
  ['RequestCallForwardCancel', 'ThisDN ForwardMode?', 'EventForwardCancel', 'Ends that.'],
  ['RequestSetMessageWaitingOn', 'ThisDN', 'EventMessageWaitingOn', 'Lights the lamp.'],
  ['RequestSetMessageWaitingOff', 'ThisDN', 'EventMessageWaitingOff', 'Puts it out.'],
  // Calls (§3.5)
  ['RequestMakeCall', `ThisDN ${DIAL} MakeCallType?`, 'EventDialing', 'ThisDN\'s phone rings; when it answers, OtherDN is dialled.'],
  ['RequestMakePredictiveCall', `ThisDN ${DIAL} Timeout?`, 'EventDialing', 'Calls OtherDN and gives the answered call to ThisDN.'],
  ['RequestAnswerCall', CALL, 'EventEstablished', 'Answers the ringing call, by NOTIFY to the phone.'],
  ['RequestReleaseCall', CALL, 'EventReleased', 'ThisDN leaves the call.'],
  ['RequestClearCall', CALL, 'EventReleased', 'Ends the call for everybody.'],
  ['RequestHoldCall', CALL, 'EventHeld', 'Puts the call on hold.'],
  ['RequestRetrieveCall', CALL, 'EventRetrieved', 'Takes it from hold.'],
  ['RequestAlternateCall', TWO_CALLS, 'EventRetrieved', 'Swaps the held call (ConnID) and the current one (TransferConnID).'],
  ['RequestReconnectCall', TWO_CALLS, 'EventRetrieved', 'Drops the consultation and takes the held call back.'],
  ['RequestInitiateTransfer', `${CALL} ${DIAL}`, 'EventDialing', 'Holds the call and makes a consultation call.'],
  ['RequestCompleteTransfer', TWO_CALLS, 'EventReleased', 'Joins the held call (ConnID) with the consulted party.'],
  ['RequestMuteTransfer', `${CALL} ${DIAL}`, 'EventReleased', 'Transfers without waiting for the answer.'],
  ['RequestSingleStepTransfer', `${CALL} ${DIAL}`, 'EventReleased', 'Transfers in one step; the ConnID stays.'],
  ['RequestInitiateConference', `${CALL} ${DIAL}`, 'EventDialing', 'Holds the call and makes a consultation call for a conference.'],
  ['RequestCompleteConference', TWO_CALLS, 'EventPartyAdded', 'Brings the consulted party into the held call.'],
  ['RequestSingleStepConference', `${CALL} ${DIAL}`, 'EventPartyAdded', 'Brings OtherDN into the call.'],
  ['RequestDeleteFromConference', `${CALL} OtherDN`, 'EventPartyDeleted', 'Drops OtherDN from the conference.'],
  ['RequestMergeCalls', `${TWO_CALLS} MergeType?`, 'EventReleased EventPartyAdded', 'Completes a transfer or a conference.'],
  ['RequestRedirectCall', `${CALL} ${DIAL}`, 'EventReleased', 'Sends a ringing call elsewhere.'],
  ['RequestListenDisconnect', `${CALL} OtherDN`, 'EventListenDisconnected', 'OtherDN hears nothing.'],
  ['RequestListenReconnect', `${CALL} OtherDN`, 'EventListenReconnected', 'OtherDN hears again.'],
  ['RequestSetMuteOn', CALL, 'EventMuteOn', 'The supervisor is silent.'],
  ['RequestSetMuteOff', CALL, 'EventMuteOff', 'The supervisor speaks.'],
  ['RequestSendDTMF', `${CALL} DTMFDigits`, 'EventDTMFSent', 'Sends digits into the call.'],
  // Routing (§3.7)
  ['RequestRouteCall', `${CALL} RouteType? OtherDN? Location? DNIS? UserData?`, 'EventRouteUsed',
    'Sends the call that waits at the Routing Point ThisDN to OtherDN. Refused or unanswered, it stays there and may be routed again.'],
  ['RequestApplyTreatment', `${CALL} TreatmentType TreatmentParms?`, 'EventTreatmentApplied EventTreatmentNotApplied', 'What the caller hears while it waits.'],
  ['RequestGetAccessNumber', 'OtherDN Location? XRouteType?', 'EventAnswerAccessNumber', 'Asks for a number of another site.'],
  ['RequestCancelReqGetAccessNumber', 'ThisDN?', 'EventReqGetAccessNumberCanceled', 'Takes that back.'],
  // User data (§3.9)
  ['RequestAttachUserData', `${CALL} UserData`, 'EventAttachedDataChanged', 'Adds pairs; a key that is there already stands twice.'],
  ['RequestUpdateUserData', `${CALL} UserData`, 'EventAttachedDataChanged', 'Replaces the values of keys that are there, adds the others.'],
  ['RequestDeletePair', `${CALL} DataKey`, 'EventAttachedDataChanged', 'Deletes the pairs of one key (T-Library\'s function TDeleteUserData).'],
  ['RequestDeleteUserData', CALL, 'EventAttachedDataChanged', 'Deletes everything (T-Library\'s function TDeleteAllUserData).'],
  // Supervision (§3.10)
  ['RequestMonitorNextCall', 'ThisDN OtherDN MonitorNextCallType?', 'EventMonitoringNextCall', 'ThisDN will listen to OtherDN\'s calls.'],
  ['RequestCancelMonitoring', 'ThisDN OtherDN', 'EventMonitoringCancelled', 'Ends that.'],
  // Between clients (§3.11)
  ['RequestDistributeUserEvent', 'ThisDN UserData?', 'EventACK', 'Sends EventUserEvent to those who registered ThisDN.'],
  ['RequestSendEvent', 'ThisDN UserEvent ConnID? CallUUID? CallType? CallState? OtherDN? ThirdPartyDN? ThirdPartyDNRole? ThisQueue? ANI? DNIS? UserData?',
    'EventACK', 'Makes the event UserEvent at ThisDN: how routers tell what happens in virtual queues.'],
  ['RequestPrivateService', 'PrivateMsgID ThisDN? ConnID? UserData?', 'EventACK', 'Sends EventPrivateInfo to those who registered ThisDN.'],
  ['RequestStartCallMonitoring', '', 'EventACK', 'Calls that begin from now on are told to this client; IPport starts so.'],
  ['RequestStopCallMonitoring', '', 'EventACK', 'No further calls; those begun are told to their end.'],
];

const MEDIA = 'there is no media server';
const MAILBOX = 'there are no mailboxes in the switch';
const SITES = 'all data centres are one switch, so there are no transfers between networks: use RequestSingleStepTransfer';
const INTERNAL = 'it travels between servers only';

/** Requests of tlibrary §3 that no port serves, with what to do instead. They are answered by EventError 51 everywhere. */
const UNSERVED: Readonly<Record<string, string>> = {
  RequestSetDNInfo: INTERNAL,
  RequestLostBackupConnection: INTERNAL,
  RequestLoginMailBox: MAILBOX, RequestLogoutMailBox: MAILBOX, RequestOpenVoiceFile: MAILBOX, RequestCloseVoiceFile: MAILBOX, RequestPlayVoiceFile: MAILBOX,
  RequestCollectDigits: `${MEDIA} to collect digits`,
  RequestGiveMusicTreatment: `${MEDIA}; send RequestApplyTreatment with TreatmentType RingBack`,
  RequestGiveSilenceTreatment: `${MEDIA}; send RequestApplyTreatment with TreatmentType RingBack`,
  RequestGiveRingBackTreatment: 'it is the old form of RequestApplyTreatment with TreatmentType RingBack',
  RequestDistributeEvent: 'it is called RequestSendEvent here',
  RequestSetCallInfo: 'calls are changed by the switch alone; business data goes with RequestUpdateUserData',
  RequestReserveAgentAndGetAccessNumber: 'there are no access numbers; send RequestReserveAgent to a virtual-queue server',
  RequestSendReturnReceipt: 'there are no other sites to send it to',
  RequestNetworkConsult: SITES, RequestNetworkAlternate: SITES, RequestNetworkTransfer: SITES, RequestNetworkMerge: SITES,
  RequestNetworkReconnect: SITES, RequestNetworkSingleStepTransfer: SITES, RequestNetworkPrivateService: SITES,
  RequestTransactionMonitoring: 'there are no transactions between sites',
};

function rule(msg: string, text: string, answers: string, does: string, unserved?: string): RequestRule {
  const attributes = attributeRules(`${text} ${ANY}`);
  return {
    msg, does, attributes, byName: new Map(attributes.map((each) => [each.name, each])), answers: answers.split(' ').filter(Boolean), unserved,
  };
}

export const REQUEST_RULES: ReadonlyMap<string, RequestRule> = new Map([
  ...SERVED.map(([msg, attributes, answers, does]) => [msg, rule(msg, attributes, answers, does)] as const),
  ...Object.entries(UNSERVED).map(([msg, sentence]) => [msg, rule(msg, '', '', '', sentence)] as const),
]);
