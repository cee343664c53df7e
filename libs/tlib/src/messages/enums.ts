/**
 * Enumerations by their Platform SDK names, in the order of T-Library's numbers where they have any (tlibrary §5.5).
 * Numbers do not travel.
 */

export const ENUMS = {
  ClientRole: ['Standard', 'Smart', 'InteractionProxy'],
  ServerRole: ['SessionController', 'TController', 'InteractionProxy', 'SmartProxy', 'VirtualQueue'],
  CallType: ['Unknown', 'Internal', 'Inbound', 'Outbound', 'Consult'],
  CallState: [
    'Ok', 'Transferred', 'Conferenced', 'GeneralError', 'SystemError', 'RemoteRelease', 'Busy', 'NoAnswer', 'SitDetected',
    'AnsweringMachineDetected', 'AllTrunksBusy', 'SitInvalidnum', 'SitVacant', 'SitIntercept', 'SitUnknown', 'SitNocircuit',
    'SitReorder', 'FaxDetected', 'QueueFull', 'Cleared', 'Overflowed', 'Abandoned', 'Redirected', 'Forwarded', 'Consult',
    'Pickedup', 'Dropped', 'Droppednoanswer', 'Unknown', 'Covered', 'ConverseOn', 'Bridged', 'Deafened', 'Held',
  ],
  AgentWorkMode: [
    'Unknown', 'ManualIn', 'AutoIn', 'LegalGuard', 'AfterCallWork', 'AuxWork', 'NoCallDisconnect', 'WalkAway', 'ReturnBack',
  ],
  DNRole: [
    'Unknown', 'Origination', 'Destination', 'ConferenceMember', 'NewParty', 'AddedBy', 'DeletedBy', 'TransferredBy',
    'DeletedParty', 'ConferencedBy', 'Observer',
  ],
  AddressType: [
    'Unknown', 'DN', 'Position', 'Queue', 'RouteDN', 'RoutingPoint', 'Trunk', 'VoiceChannel', 'DataChannel', 'Announcement',
    'ASAI', 'ACDGroup', 'VSP', 'RouteQueue', 'AgentID', 'Other',
  ],
  RegisterMode: ['ModeShare', 'ModePrivate', 'ModeMonitor'],
  ControlMode: ['RegisterDefault', 'RegisterForce', 'RegisterLocal'],
  RouteType: [
    'Unknown', 'Default', 'Label', 'OverwriteDNIS', 'DDD', 'IDDD', 'Direct', 'Reject', 'Announcement', 'PostFeature',
    'DirectAgent', 'Priority', 'DirectPriority', 'AgentID', 'CallDisconnect',
  ],
  MakeCallType: ['Regular', 'DirectAgent', 'SupervisorAssist', 'Priority', 'DirectPriority'],
  TreatmentType: [
    'Unknown', 'IVR', 'Music', 'RingBack', 'Silence', 'Busy', 'CollectDigits', 'PlayAnnouncement', 'PlayAnnouncementAndDigits',
    'VerifyDigits', 'RecordUserAnnouncement', 'DeleteUserAnnouncement', 'CancelCall', 'PlayApplication', 'SetDefaultRoute',
    'TextToSpeech', 'TextToSpeechAndDigits', 'FastBusy', 'RAN',
  ],
  CallInfoType: ['PartiesQuery', 'StatusQuery'],
  AddressInfoType: [
    'AddressStatus', 'MessageWaitingStatus', 'AssociationStatus', 'CallForwardingStatus', 'AgentStatus', 'NumberOfAgents',
    'NumberOfAvailableAgents', 'NumberOfCallsInQueue', 'AddressType', 'CallsQuery', 'SendAllCallsStatus', 'QueueLoginAudit',
    'NumberOfIdleClassifiers', 'NumberOfClassifiersInUse', 'NumberOfIdleTrunks', 'NumberOfTrunksInUse', 'DatabaseValue',
    'DNStatus', 'QueueStatus',
  ],
  LocationInfoType: [
    'AllLocations', 'LocationData', 'MonitorLocation', 'CancelMonitorLocation', 'MonitorAllLocations',
    'CancelMonitorAllLocations', 'LocationMonitorCanceled', 'AllLocationsMonitorCanceled',
  ],
  SwitchInfoType: ['DateTime', 'ClassifierStat'],
  ForwardMode: ['None', 'Unconditional', 'OnBusy', 'OnNoAnswer', 'OnBusyAndNoAnswer', 'SendAllCalls'],
  MonitorNextCallType: ['OneCall', 'AllCalls'],
  MergeType: ['ForTransfer', 'ForConference'],
  XRouteType: [
    'Default', 'Route', 'Direct', 'Reroute', 'DirectUUI', 'DirectANI', 'DirectNoToken', 'DNISPooling', 'DirectDigits', 'PullBack',
    'ExtProtocol', 'RouteUUI', 'DirectNetworkCallID',
  ],
  PartyType: ['Internal', 'External', 'RoutingPoint'],
  Cause: [
    'Empty', 'ACD', 'Busy', 'NoAnswer', 'Reject', 'Route', 'Coverage', 'ConverseOn', 'Forward', 'Redirect', 'Transfer', 'SingleStepTransfer',
    'Conference', 'AMDetected', 'FaxDetected', 'SITDetected',
  ],
} as const;

export type EnumName = keyof typeof ENUMS;
export type EnumValue<N extends EnumName> = (typeof ENUMS)[N][number];
