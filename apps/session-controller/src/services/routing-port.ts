/**
 * The default port: what routing clients may ask of this node (SC-05, tlibrary §3.13). Attributes are checked already;
 * here is what needs to know Routing Points and calls.
 */
import type { ClusterConfig } from '#config';
import type { Clock } from '#kernel';
import type { CallView, RequestOrigin } from '#telephony';
import { kv, type KVSource, type TEvent, TError, type TRequest, tTime } from '#tlib';
import type { ClientSession } from '../adapters/client-session.js';
import type { CallDirectory } from './call-directory.js';
import type { RequestOutcomes } from './request-outcomes.js';
import type { RegisterMode, RoutingClients } from './routing-clients.js';

export interface RoutingPortPorts {
  readonly clock: Clock;
  readonly instance: string;
  readonly directory: CallDirectory;
  readonly routing: RoutingClients;
  readonly outcomes: RequestOutcomes;
}

/** Recording by private service (tlibrary §3.12). */
const RECORDING = new Set([3013, 3014, 3015, 3016]);
/** What RequestSendEvent says about itself and not about the event it makes. */
const OF_THE_REQUEST = new Set(['msg', 'ReferenceID', 'UserEvent']);

export class RoutingPort {
  constructor(private readonly config: ClusterConfig, private readonly ports: RoutingPortPorts) {}

  onRequest(session: ClientSession, request: TRequest): void {
    switch (request.msg) {
      case 'RequestRegisterAddress': return this.#register(session, request);
      case 'RequestUnregisterAddress': return this.#unregister(session, request);
      case 'RequestQueryCall': return this.#toCall(session, request);
      case 'RequestRouteCall': case 'RequestApplyTreatment': case 'RequestSendDTMF': case 'RequestAttachUserData':
      case 'RequestUpdateUserData': case 'RequestDeletePair': case 'RequestDeleteUserData':
        return this.#control(session, request);
      case 'RequestSendEvent': return this.#sendEvent(session, request);
      case 'RequestPrivateService': return this.#privateService(session, request);
      case 'RequestReserveAgent':
        return this.#refuse(session, request, TError.UnsupportedOperation,
          'agents are reserved at the virtual queue server, so that all data centres see one reservation: send RequestReserveAgent there');
      case 'RequestGetAccessNumber': case 'RequestCancelReqGetAccessNumber':
        return this.#refuse(session, request, TError.UnsupportedOperation,
          'there are no other sites: all data centres are one switch, route to the DN itself');
      default:
        return this.#refuse(session, request, TError.UnsupportedOperation,
          `the default port serves routing clients and does not take ${request.msg}: use TCport`);
    }
  }

  #register(session: ClientSession, request: TRequest): void {
    const dn = text(request.ThisDN);
    const type = this.config.dns.get(dn)?.type;
    if (type === undefined) {
      return this.#refuse(session, request, TError.NotConfigured, `${dn} is not configured: register a Routing Point of the switch`);
    }
    if (type !== 'RoutingPoint') {
      return this.#refuse(session, request, TError.UnsupportedOperation,
        `${dn} is a ${type}: the default port knows Routing Points only, register other DNs at TCport`);
    }
    const mode = (request.RegisterMode ?? 'ModeShare') as RegisterMode;
    if (!this.ports.routing.register(dn, session, mode)) {
      return this.#refuse(session, request, TError.ResourceSeized, `${dn} is registered by another client, one of them in ModePrivate`);
    }
    const calls = this.ports.directory.viewsOf(dn);
    this.#answer(session, request, {
      msg: 'EventRegistered', ThisDN: dn, AddressType: 'RoutingPoint', InfoType: 'QueueStatus', InfoStatus: calls.length,
      Extensions: kv(snapshotOf(calls)), Time: tTime(this.ports.clock.nowMs()),
    });
    this.ports.routing.registered(dn, session.id);
  }

  #unregister(session: ClientSession, request: TRequest): void {
    const dn = text(request.ThisDN);
    if (!this.ports.routing.unregister(dn, session.id)) return this.#notRegistered(session, request, dn);
    this.#answer(session, request, { msg: 'EventUnregistered', ThisDN: dn });
  }

  #control(session: ClientSession, request: TRequest): void {
    const dn = text(request.ThisDN);
    const mode = this.ports.routing.modeOf(dn, session.id);
    if (mode === undefined) return this.#notRegistered(session, request, dn);
    if (mode === 'ModeMonitor') {
      return this.#refuse(session, request, TError.NotRegistered, `${dn} is registered in ModeMonitor, which hears and does not ask: register in ModeShare`);
    }
    this.#toCall(session, request);
  }

  #toCall(session: ClientSession, request: TRequest): void {
    const connID = text(request.ConnID);
    const call = this.ports.directory.find(connID);
    if (call === undefined || (call.ended && request.msg !== 'RequestQueryCall')) {
      return this.#refuse(session, request, TError.InvalidConnID, `no call ${connID} on this node`);
    }
    this.ports.directory.feed(call, { kind: 'request', request, origin: this.#origin(session, request), nowMs: this.ports.clock.nowMs() });
  }

  /** The event named in UserEvent, for everybody registered on ThisDN (tlibrary §3.11). */
  #sendEvent(session: ClientSession, request: TRequest): void {
    const dn = text(request.ThisDN);
    if (this.ports.routing.modeOf(dn, session.id) === undefined) return this.#notRegistered(session, request, dn);
    const event: Record<string, TEvent[string]> = {};
    for (const name of Object.keys(request)) if (!OF_THE_REQUEST.has(name)) event[name] = request[name];
    this.ports.routing.distribute(dn, { ...event, msg: text(request.UserEvent), Time: tTime(this.ports.clock.nowMs()) }, undefined);
    this.#answer(session, request, { msg: 'EventACK', ThisDN: dn, UserEvent: request.UserEvent });
  }

  /** SC-27: other clients of the Routing Point see it as EventPrivateInfo. */
  #privateService(session: ClientSession, request: TRequest): void {
    const id = Number(request.PrivateMsgID);
    if (RECORDING.has(id)) {
      return this.#refuse(session, request, TError.UnsupportedOperation, 'recording needs a media server, which this switch does not have');
    }
    const dn = text(request.ThisDN);
    if (this.ports.routing.modeOf(dn, session.id) === undefined) return this.#notRegistered(session, request, dn);
    const { ConnID, Extensions, UserData, Reasons } = request;
    this.ports.routing.distribute(dn, { msg: 'EventPrivateInfo', ThisDN: dn, PrivateMsgID: id, ConnID, Extensions, UserData, Reasons }, undefined);
    this.#answer(session, request, { msg: 'EventACK', ThisDN: dn, PrivateMsgID: id });
  }

  #origin(session: ClientSession, request: TRequest): RequestOrigin {
    return {
      instance: this.ports.instance, session: session.id, applicationName: session.applicationName,
      referenceID: referenceOf(request),
    };
  }

  #answer(session: ClientSession, request: TRequest, event: TEvent): void {
    session.send(event, referenceOf(request));
  }

  #notRegistered(session: ClientSession, request: TRequest, dn: string): void {
    this.#refuse(session, request, TError.NotRegistered, `this client has not registered ${dn}: send RequestRegisterAddress first`);
  }

  #refuse(session: ClientSession, request: TRequest, code: number, message: string): void {
    this.ports.outcomes.refused(this.#origin(session, request), code, message);
  }
}

/** The calls that wait there, so that a late client can route them (tlibrary §4.4.1). */
function snapshotOf(calls: readonly CallView[]): KVSource {
  const snapshot: Record<string, string | number> = { status: calls.length === 0 ? 0 : 1 };
  calls.forEach((call, index) => {
    snapshot[`conn-${index + 1}`] = call.connID;
    snapshot[`ct-${index + 1}`] = call.callType;
  });
  return snapshot;
}

function referenceOf(request: TRequest): number | undefined {
  return typeof request.ReferenceID === 'number' ? request.ReferenceID : undefined;
}

function text(attribute: TRequest[string]): string {
  return typeof attribute === 'string' ? attribute : '';
}
