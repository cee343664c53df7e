/** Every event that a port sends, with its attributes (tlibrary §4, §5.4). docs/tlib-protocol.md and docs/asyncapi.yaml are made from it. */
import { type AttributeRule, attributeRules } from './attributes.js';

export interface EventRule {
  readonly msg: string;
  /** When it is sent. */
  readonly when: string;
  readonly attributes: readonly AttributeRule[];
  readonly byName: ReadonlyMap<string, AttributeRule>;
}

/** What the owner of a DN adds at TCport and SmartProxy. */
const OWNER = 'AgentID? Server? DNSequence? OwnerEpoch?';
/** Of a call, from the viewpoint of one party (§4.1, §4.2). */
const CALL = 'ThisDN ConnID CallUUID CallID CallType PropagatedCallType? CallState ThisDNRole? OtherDN? OtherDNRole? ThirdPartyDN? ThirdPartyDNRole? '
  + `ThisQueue? PreviousConnID? ANI? DNIS? UserData? Node? ${OWNER}`;
/** At a Routing Point, or made by RequestSendEvent at a virtual queue: then it says what the router gave. */
const QUEUE = 'ThisDN ConnID CallUUID? CallID? CallType? PropagatedCallType? CallState? ThisDNRole? OtherDN? OtherDNRole? ThirdPartyDN? ThirdPartyDNRole? '
  + `ThisQueue? PreviousConnID? ANI? DNIS? UserData? Node? ${OWNER}`;
const AGENT = 'ThisDN AgentID AgentSessionID AgentWorkMode Server DNSequence OwnerEpoch';
const DN = 'ThisDN Server DNSequence OwnerEpoch';
/** Also told by a server that found a new owner, or lost the old one. */
const SERVICE = 'ThisDN Server? DNSequence? OwnerEpoch?';
const SNAPSHOT = 'ThisDN AddressType InfoStatus InfoType? AgentID? AgentSessionID? AgentWorkMode? Server? DNSequence? OwnerEpoch?';
const IDENTITY = 'ApplicationName ServerRole Switch GeoLocation Node ServerVersion ProtocolVersion';
/** Of a call as a whole, at IPport (§4.10). */
const MONITOR = 'CallUUID ConnID CallID Node TimeStamp';

type Row = readonly [msg: string, attributes: string, when: string];

const EVENTS: readonly Row[] = [
  ['EventLinkConnected', `${IDENTITY} SessionToken Resumed?`, 'The session is open.'],
  ['EventBacklogLost', 'FromSequence', 'A session could not be resumed: register anew.'],
  ['EventServerInfo', `${IDENTITY} ServerStartTime`,
    'Answers RequestQueryServer. Extensions: `role` (primary or backup of its pair), `draining`, and the load.'],
  ['EventError', 'ErrorCode ErrorMessage ThisDN? ConnID?', 'A request was refused or failed.'],
  ['EventACK', 'UserEvent? ThisDN? PrivateMsgID?', 'Answers what changes nothing that others see.'],

  ['EventRegistered', SNAPSHOT,
    'Answers RequestRegisterAddress. Extensions hold the snapshot. Unasked, to Smart clients: the node owns one more DN.'],
  ['EventUnregistered', 'ThisDN Server? ErrorCode? ErrorMessage?',
    'Answers RequestUnregisterAddress. Unasked, to Smart clients: the node owns the DN no longer; Extensions `owner`.'],
  ['EventRegisteredAll', 'Server InfoStatus',
    'Answers RequestRegisterAll, in parts; the last has the ReferenceID. Extensions `owned`: snapshots by DN; `more`: whether a part follows.'],
  ['EventUnregisteredAll', 'Server', 'Answers RequestUnregisterAll.'],
  ['EventAddressInfo', SNAPSHOT, 'Answers RequestQueryAddress; after RequestRegisterAddress with `"*"` one for each DN. Extensions as in EventRegistered.'],
  ['EventPartyInfo', 'ConnID CallUUID CallID CallType CallInfoType InfoStatus ANI DNIS UserData? Node',
    'Answers RequestQueryCall. Extensions: for each party n `dn-n`, `role-n`, `ps-n`, `trunk-n`; or `status` and `started`.'],
  ['EventSwitchInfo', 'SwitchInfoType', 'Answers RequestQuerySwitch. Extensions `switch`, `DateTime`.'],
  ['EventLocationInfo', 'LocationInfoType Location',
    'Answers RequestQueryLocation: all data centres are one switch. Extensions `location-1`, `site`.'],

  ['EventDNBackInService', SERVICE, 'The DN\'s phone registered, or its owner application did.'],
  ['EventDNOutOfService', SERVICE, 'It did so no longer, or the DN\'s owner was lost: then without DNSequence.'],
  ['EventAgentLogin', AGENT, 'The agent logged in; EventAgentReady or EventAgentNotReady follows and says the state.'],
  ['EventAgentLogout', AGENT, 'The agent logged out, or was: its desktop or phone was lost.'],
  ['EventAgentReady', AGENT, 'The agent takes calls. Reasons `site`: its data centre.'],
  ['EventAgentNotReady', AGENT, 'The agent takes none. AgentWorkMode AfterCallWork comes before EventReleased, with Extensions `WrapUpTime`.'],
  ['EventAgentIdleReasonSet', 'ThisDN AgentIdleReason?', 'Answers RequestAgentSetIdleReason.'],
  ['EventAgentReserved', 'ThisDN? AgentID? Place? Timeout', 'The reservation is granted: to who asked, and to those who registered the agent\'s DN.'],
  ['EventDNDOn', DN, ''],
  ['EventDNDOff', DN, ''],
  ['EventForwardSet', `${DN} OtherDN? ForwardMode?`, ''],
  ['EventForwardCancel', `${DN} ForwardMode?`, ''],
  ['EventMessageWaitingOn', DN, ''],
  ['EventMessageWaitingOff', DN, ''],

  ['EventDialing', CALL, 'ThisDN calls somebody.'],
  ['EventNetworkReached', CALL, 'The call left to the outside and rings there.'],
  ['EventRinging', CALL, 'ThisDN rings. Extensions `BusinessCall` 1: a routed call; `NO_ANSWER_*`: what happens when nobody answers.'],
  ['EventEstablished', CALL, 'ThisDN is connected. Extensions `WrapUpTime`: the after-call work that will follow.'],
  ['EventHeld', CALL, 'ThisDN put the call on hold. The held party is told nothing.'],
  ['EventRetrieved', CALL, 'ThisDN took it from hold.'],
  ['EventPartyChanged', CALL, 'ThisDN speaks with somebody else now; PreviousConnID when the ConnID changed.'],
  ['EventPartyAdded', CALL, 'OtherDN joined.'],
  ['EventPartyDeleted', CALL, 'OtherDN left.'],
  ['EventReleased', CALL, 'ThisDN left the call; CallState says why.'],
  ['EventAbandoned', QUEUE, 'The caller gave up while ThisDN rang or the call waited there.'],
  ['EventDestinationBusy', CALL, 'What was dialled is busy or invalid; CallState says why.'],
  ['EventAttachedDataChanged', `${CALL}`, 'UserData is the whole list after the change; ThirdPartyDN changed it.'],
  ['EventDTMFSent', CALL, ''],
  ['EventMuteOn', CALL, ''],
  ['EventMuteOff', CALL, ''],
  ['EventListenDisconnected', CALL, ''],
  ['EventListenReconnected', CALL, ''],
  ['EventMonitoringNextCall', `${DN} OtherDN? MonitorNextCallType?`, 'A supervisor will listen.'],
  ['EventMonitoringCancelled', `${DN} OtherDN?`, 'It will not.'],

  ['EventQueued', QUEUE, 'The call came to the Routing Point or queue. Extensions `geo-location`, `OtherTrunkName`: where it came in.'],
  ['EventRouteRequest', CALL, 'The call waits for RequestRouteCall.'],
  ['EventRouteUsed', `${CALL} RouteType`, 'The instruction was carried out: ThirdPartyDN took the call. Without ReferenceID: another router\'s, or the default route.'],
  ['EventDiverted', QUEUE, 'The call left the Routing Point or queue to ThirdPartyDN.'],
  ['EventTreatmentApplied', `${CALL} TreatmentType`, 'The treatment began.'],
  ['EventTreatmentNotApplied', `${CALL} TreatmentType ErrorCode ErrorMessage`, 'It could not be applied, and why.'],
  ['EventTreatmentEnd', `${CALL} TreatmentType`, 'The treatment ended by itself, by another one, or because the call left.'],
  ['EventAnswerAccessNumber', '', 'Answers RequestGetAccessNumber.'],
  ['EventReqGetAccessNumberCanceled', '', 'Answers RequestCancelReqGetAccessNumber.'],

  ['EventUserEvent', 'ThisDN ConnID? CallUUID? CallType? CallState? OtherDN? ThirdPartyDN? ThirdPartyDNRole? ANI? DNIS? UserData?',
    'Another client sent it.'],
  ['EventPrivateInfo', 'ThisDN PrivateMsgID ConnID? UserData?',
    'Another client asked for a private service; or a cut between data centres took the control of a call away (PrivateMsgID 1001) or gave it back (1002).'],

  ['EventCallCreated', `${MONITOR} CallType PropagatedCallType ANI DNIS UserData?`, 'A call began. All events of a call go to the same client of IPport.'],
  ['EventCallDataChanged', `${MONITOR} UserData`, 'Its user data changed.'],
  ['EventCallPartyAdded', `${MONITOR} PartyUUID PartyType PartyState DN DNRole Trunk? CtrlParty? Cause`, 'A party joined.'],
  ['EventCallPartyState', `${MONITOR} PartyUUID PartyState`, 'A party rings, answered, holds.'],
  ['EventCallPartyDeleted', `${MONITOR} PartyUUID DN Cause ErrorCode?`, 'A party left. ErrorCode: what made an attempt to reach it fail.'],
  ['EventCallDeleted', MONITOR, 'The call ended.'],
];

/** Made by the client SDK, not sent (tlibrary §2.1). */
export const CLIENT_SIDE_EVENTS = ['EventServerConnected', 'EventServerDisconnected'] as const;

export const EVENT_RULES: ReadonlyMap<string, EventRule> = new Map(EVENTS.map(([msg, text, when]) => {
  const attributes = attributeRules(`EventSequenceNumber ReferenceID? Time ${text} Reasons? Extensions?`);
  return [msg, { msg, when, attributes, byName: new Map(attributes.map((each) => [each.name, each])) }];
}));
