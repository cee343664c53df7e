/** Every attribute that travels: its type and meaning, the same in each message that carries it (tlibrary §5.2, §5.3). */
import type { EnumName } from './enums.js';

export type AttributeType = 'int' | 'string' | 'flag' | 'ConnID' | 'kvlist' | 'strings' | 'time' | EnumName;

type Entry = readonly [type: AttributeType, meaning: string];

export const ATTRIBUTES = {
  ReferenceID: ['int', 'Chosen by the client; comes back in the one event that answers the request.'],
  EventSequenceNumber: ['int', 'Number of the event in this session, from 1 without a gap; 0 before the session is open.'],
  Time: ['time', 'When it happened.'],
  TimeStamp: ['time', 'When it happened, in call-monitoring events.'],
  Extensions: ['kvlist', 'What goes beyond the attributes, both ways.'],
  Reasons: ['kvlist', 'Why; a request\'s are repeated in the event that answers it. `ReasonCode` is a break\'s name, `site` the agent\'s data centre.'],

  // Sessions
  ApplicationName: ['string', 'In the opening the client\'s own name, in answers the server\'s.'],
  ProtocolVersion: ['int', '1'],
  Password: ['string', 'Of the port (option `client-password`), or of the agent.'],
  ClientRole: ['ClientRole', 'Smart: all DNs owned by a TCport\'s node at once. InteractionProxy: reporting at IPport.'],
  AddpTimeout: ['int', 'Seconds of silence after which the client gives the connection up; 0 = never.'],
  AddpRemoteTimeout: ['int', 'Seconds of silence after which the server shall; 0 = AddpTimeout counts for it too.'],
  SessionToken: ['string', 'What a lost session is resumed with. Keep it secret.'],
  LastSequence: ['int', 'The last EventSequenceNumber that the client has seen.'],
  Filter: ['strings', 'Names of the events wanted; answers always come.'],
  Resumed: ['flag', 'Whether the former session goes on. Only in answer to a SessionToken.'],
  FromSequence: ['int', 'The first event that is lost.'],
  ServerRole: ['ServerRole', 'Which port this is.'],
  ServerVersion: ['string', ''],
  ServerStartTime: ['time', ''],
  Switch: ['string', 'Name of the switch.'],
  GeoLocation: ['string', 'Data centre of the server.'],
  Node: ['string', 'Node that the event comes from.'],
  Server: ['string', 'Node that owns the DN.'],
  DNSequence: ['int', 'Number of the event among those of its DN, without a gap while OwnerEpoch stays and beyond.'],
  OwnerEpoch: ['int', 'Grows with each change of the DN\'s owner.'],
  ErrorCode: ['int', 'T-Library\'s number; see Error codes.'],
  ErrorMessage: ['string', 'What to change.'],

  // DNs and agents
  ThisDN: ['string', 'The DN that the message is about; of a request, on whose behalf it is made.'],
  ThisDNRole: ['DNRole', ''],
  OtherDN: ['string', 'The other party; of a request, the destination or object.'],
  OtherDNRole: ['DNRole', ''],
  ThirdPartyDN: ['string', 'Who caused the change, or where a diverted call went.'],
  ThirdPartyDNRole: ['DNRole', ''],
  ThisQueue: ['string', 'The Routing Point or queue that delivered the call.'],
  AddressType: ['AddressType', ''],
  RegisterMode: ['RegisterMode', 'ModeShare is the default. ModeMonitor hears and may not ask, and does not count as a router. ModePrivate keeps others out.'],
  ControlMode: ['ControlMode', 'Accepted and without meaning for a SIP switch.'],
  AddressInfoType: ['AddressInfoType', 'What is asked; DNStatus for a DN, QueueStatus for a queue.'],
  InfoType: ['AddressInfoType', 'What InfoStatus tells.'],
  InfoStatus: ['int', 'Calls on the object.'],
  AgentID: ['string', 'The agent\'s employee id.'],
  AgentSessionID: ['string', 'Names one login.'],
  AgentWorkMode: ['AgentWorkMode', 'In EventAgentNotReady: AfterCallWork, AuxWork (break), LegalGuard.'],
  AgentIdleReason: ['string', ''],
  ForwardMode: ['ForwardMode', ''],

  // Calls
  ConnID: ['ConnID', 'The call; of transfer requests, the held one.'],
  TransferConnID: ['ConnID', 'The other call of a transfer, conference or swap.'],
  PreviousConnID: ['ConnID', 'The ConnID before; of a consultation call, its parent.'],
  CallID: ['int', 'Small number of the call at its node.'],
  CallUUID: ['string', '32 characters; the call in the whole installation.'],
  CallType: ['CallType', ''],
  PropagatedCallType: ['CallType', ''],
  CallState: ['CallState', 'How the party got here, or why it left.'],
  ANI: ['string', 'Number of an outside caller.'],
  DNIS: ['string', 'Number that was dialled.'],
  UserData: ['kvlist', 'Business data of the call: the whole list in events; in requests what is added or changed.'],
  DataKey: ['string', 'Key of the pair that goes.'],
  Location: ['string', ''],
  MakeCallType: ['MakeCallType', ''],
  MergeType: ['MergeType', ''],
  DTMFDigits: ['string', ''],
  CallInfoType: ['CallInfoType', 'PartiesQuery is the default.'],

  // Routing
  RouteType: ['RouteType', 'Unknown, Default, OverwriteDNIS, DDD, IDDD, Direct: to OtherDN. AgentID: OtherDN names an agent. Reject: the call ends.'],
  TreatmentType: ['TreatmentType', ''],
  TreatmentParms: ['kvlist', 'Parameters of the treatment: DURATION, DESTINATION, ...'],
  XRouteType: ['XRouteType', ''],
  Timeout: ['int', 'Milliseconds of a reservation: -1 the default, 0 cancels. Seconds of a predictive call.'],
  Priority: ['int', 'The highest one wins a reservation.'],
  Place: ['string', 'Name of a place; reserved like a DN.'],

  // Messages
  UserEvent: ['string', 'Name of the event to make; in EventACK, of the request or event that is acknowledged.'],
  PrivateMsgID: ['int', 'Number of a private service.'],
  MonitorNextCallType: ['MonitorNextCallType', ''],
  LocationInfoType: ['LocationInfoType', ''],
  SwitchInfoType: ['SwitchInfoType', ''],

  // Call monitoring
  PartyUUID: ['string', 'The party, in call-monitoring events.'],
  PartyType: ['PartyType', ''],
  PartyState: ['int', 'Bits: 0 null, 1 initiated, 9 queued, 10 alerting, 12 connected, 14 held.'],
  DN: ['string', 'Name or number of the party.'],
  DNRole: ['DNRole', ''],
  Trunk: ['string', 'Trunk of an outside party.'],
  CtrlParty: ['string', 'Who caused it.'],
  Cause: ['Cause', ''],
} as const satisfies Readonly<Record<string, Entry>>;

export type AttributeName = keyof typeof ATTRIBUTES;

export interface AttributeRule {
  readonly name: string;
  readonly type: AttributeType;
  readonly required: boolean;
  readonly meaning: string;
}

/** Rules of `ThisDN ConnID OtherDN?`: a question mark stands behind what may be missing. */
export function attributeRules(text: string): AttributeRule[] {
  return text.split(/\s+/).filter(Boolean).map((word) => {
    const required = !word.endsWith('?');
    const name = required ? word : word.slice(0, -1);
    const entry: Entry | undefined = (ATTRIBUTES as Readonly<Record<string, Entry>>)[name];
    if (entry === undefined) throw new Error(`${name} stands in a message and not among the attributes`);
    return { name, type: entry[0], required, meaning: entry[1] };
  });
}
