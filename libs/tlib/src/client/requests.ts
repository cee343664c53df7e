/** A method for each request that the cluster serves; each resolves with the event that answers it. */
import type { TAttribute, TEvent } from '../message.js';
import type { EnumValue } from '../messages/enums.js';
import type { KVSource } from '../messages/kv-list.js';

/** KV-lists may be given as objects: `{ UserData: { Segment: 'gold' } }`. */
export type Attributes = Readonly<Record<string, TAttribute | KVSource>>;

/** Of requests that are answered when a phone is: the switch's own time-outs end them before. */
const PHONE_TIMEOUT_MS = 120_000;

export abstract class TlibRequests {
  /** @throws TlibRequestError with T-Library's code when it is refused or unanswered */
  abstract request(msg: string, attributes?: Attributes, timeoutMs?: number): Promise<TEvent>;

  // ---- sessions and registrations

  queryServer = (): Promise<TEvent> => this.request('RequestQueryServer');
  /** Only these events from now on, and answers. */
  setFilter = (names: readonly string[]): Promise<TEvent> => this.request('RequestSetInputMask', { Filter: names });
  /** The answer holds the DN's calls and its agent; `*` at the SmartProxy port registers every DN. */
  registerAddress = (thisDN: string, more: Attributes = {}): Promise<TEvent> => this.request('RequestRegisterAddress', { ThisDN: thisDN, ...more });
  unregisterAddress = (thisDN: string): Promise<TEvent> => this.request('RequestUnregisterAddress', { ThisDN: thisDN });
  /** For Smart clients. */
  registerAll = (): Promise<TEvent> => this.request('RequestRegisterAll');
  unregisterAll = (): Promise<TEvent> => this.request('RequestUnregisterAll');

  queryAddress = (thisDN: string, type: EnumValue<'AddressInfoType'> = 'DNStatus'): Promise<TEvent> =>
    this.request('RequestQueryAddress', { ThisDN: thisDN, AddressInfoType: type });
  queryCall = (connID: string, type: EnumValue<'CallInfoType'> = 'PartiesQuery'): Promise<TEvent> =>
    this.request('RequestQueryCall', { ConnID: connID, CallInfoType: type });
  querySwitch = (): Promise<TEvent> => this.request('RequestQuerySwitch');
  queryLocation = (): Promise<TEvent> => this.request('RequestQueryLocation');

  // ---- routing

  routeCall = (thisDN: string, connID: string, otherDN: string, more: Attributes = {}): Promise<TEvent> =>
    this.request('RequestRouteCall', { ThisDN: thisDN, ConnID: connID, OtherDN: otherDN, ...more }, PHONE_TIMEOUT_MS);
  /** Ends a waiting call with a SIP status. */
  rejectCall = (thisDN: string, connID: string, sipStatus = 603): Promise<TEvent> =>
    this.request('RequestRouteCall', { ThisDN: thisDN, ConnID: connID, RouteType: 'Reject', Extensions: { 'sip-status-code': sipStatus } });
  /** Resolves with EventTreatmentApplied, or with EventTreatmentNotApplied, which says why. */
  applyTreatment = (thisDN: string, connID: string, type: EnumValue<'TreatmentType'>, parms: KVSource = {}): Promise<TEvent> =>
    this.request('RequestApplyTreatment', { ThisDN: thisDN, ConnID: connID, TreatmentType: type, TreatmentParms: parms });

  // ---- user data

  /** Adds pairs; a key that is there already stands twice. */
  attachUserData = (thisDN: string, connID: string, data: KVSource): Promise<TEvent> =>
    this.request('RequestAttachUserData', { ThisDN: thisDN, ConnID: connID, UserData: data });
  /** Replaces the values of keys that are there, adds the others. */
  updateUserData = (thisDN: string, connID: string, data: KVSource): Promise<TEvent> =>
    this.request('RequestUpdateUserData', { ThisDN: thisDN, ConnID: connID, UserData: data });
  /** One key: T-Library's function TDeleteUserData. */
  deletePair = (thisDN: string, connID: string, key: string): Promise<TEvent> =>
    this.request('RequestDeletePair', { ThisDN: thisDN, ConnID: connID, DataKey: key });
  /** Everything: T-Library's function TDeleteAllUserData. */
  deleteAllUserData = (thisDN: string, connID: string): Promise<TEvent> => this.request('RequestDeleteUserData', { ThisDN: thisDN, ConnID: connID });

  // ---- reservation

  /** `agent`: ThisDN, AgentID, Place. `timeoutMs`: -1 for the server's default. The highest `priority` wins, others get error 42. */
  reserveAgent = (agent: Attributes, priority: number, timeoutMs: number): Promise<TEvent> =>
    this.request('RequestReserveAgent', { ...agent, Priority: priority, Timeout: timeoutMs });
  cancelReservation = (agent: Attributes): Promise<TEvent> => this.request('RequestReserveAgent', { ...agent, Timeout: 0 });

  // ---- agents

  agentLogin = (thisDN: string, agentID: string, more: Attributes = {}): Promise<TEvent> =>
    this.request('RequestAgentLogin', { ThisDN: thisDN, AgentID: agentID, ...more });
  agentLogout = (thisDN: string): Promise<TEvent> => this.request('RequestAgentLogout', { ThisDN: thisDN });
  agentReady = (thisDN: string, more: Attributes = {}): Promise<TEvent> => this.request('RequestAgentReady', { ThisDN: thisDN, ...more });
  agentNotReady = (thisDN: string, more: Attributes = {}): Promise<TEvent> => this.request('RequestAgentNotReady', { ThisDN: thisDN, ...more });
  setDoNotDisturb = (thisDN: string, on: boolean): Promise<TEvent> => this.request(on ? 'RequestSetDNDOn' : 'RequestSetDNDOff', { ThisDN: thisDN });
  setMessageWaiting = (thisDN: string, on: boolean): Promise<TEvent> =>
    this.request(on ? 'RequestSetMessageWaitingOn' : 'RequestSetMessageWaitingOff', { ThisDN: thisDN });

  // ---- calls

  makeCall = (thisDN: string, otherDN: string, more: Attributes = {}): Promise<TEvent> =>
    this.request('RequestMakeCall', { ThisDN: thisDN, OtherDN: otherDN, ...more }, PHONE_TIMEOUT_MS);
  answerCall = (thisDN: string, connID: string): Promise<TEvent> => this.request('RequestAnswerCall', { ThisDN: thisDN, ConnID: connID });
  releaseCall = (thisDN: string, connID: string): Promise<TEvent> => this.request('RequestReleaseCall', { ThisDN: thisDN, ConnID: connID });
  /** For everybody. */
  clearCall = (thisDN: string, connID: string): Promise<TEvent> => this.request('RequestClearCall', { ThisDN: thisDN, ConnID: connID });
  holdCall = (thisDN: string, connID: string): Promise<TEvent> => this.request('RequestHoldCall', { ThisDN: thisDN, ConnID: connID });
  retrieveCall = (thisDN: string, connID: string): Promise<TEvent> => this.request('RequestRetrieveCall', { ThisDN: thisDN, ConnID: connID });
  singleStepTransfer = (thisDN: string, connID: string, otherDN: string, more: Attributes = {}): Promise<TEvent> =>
    this.request('RequestSingleStepTransfer', { ThisDN: thisDN, ConnID: connID, OtherDN: otherDN, ...more }, PHONE_TIMEOUT_MS);
  /** Sends a ringing call elsewhere. */
  redirectCall = (thisDN: string, connID: string, otherDN: string): Promise<TEvent> =>
    this.request('RequestRedirectCall', { ThisDN: thisDN, ConnID: connID, OtherDN: otherDN });

  // ---- between clients, and reporting

  /** Makes the event `userEvent` at a virtual queue or Routing Point. */
  sendEvent = (thisDN: string, userEvent: string, more: Attributes = {}): Promise<TEvent> =>
    this.request('RequestSendEvent', { ThisDN: thisDN, UserEvent: userEvent, ...more });
  privateService = (thisDN: string, privateMsgID: number, more: Attributes = {}): Promise<TEvent> =>
    this.request('RequestPrivateService', { ThisDN: thisDN, PrivateMsgID: privateMsgID, ...more });
  startCallMonitoring = (): Promise<TEvent> => this.request('RequestStartCallMonitoring');
  stopCallMonitoring = (): Promise<TEvent> => this.request('RequestStopCallMonitoring');
}
