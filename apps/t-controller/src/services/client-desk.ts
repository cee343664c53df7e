/** Requests of T-Library clients: registrations kept here, everything else passed to the DN's owner (TC-13, TC-14). */
import { type Bus, type BusReply, subjects } from '#cluster';
import type { ClusterConfig } from '#config';
import { type DnCommand, type DnReply, type DnSnapshot, type RequestOrigin, type ScCommand, type ScReply, snapshotAttributes } from '#telephony';
import { TError, type TEvent, type TRequest } from '#tlib';
import type { TlibSession } from '#tlib/server';

export interface DeskPorts {
  readonly bus: Bus;
  watch(dn: string, known: (snapshot: DnSnapshot) => void): void;
  unwatch(dn: string): void;
  /** TC-03, TC-04: an owner application took or left a DN. */
  registered(dn: string, session: TlibSession): void;
  unregistered(dn: string, session: TlibSession): void;
  fanOut(event: TEvent, sessions: Iterable<TlibSession>, requester?: string, referenceID?: number): void;
}

const FORWARD_MS = 5_000;
const SERVED_TYPES: ReadonlySet<string> = new Set(['Extension', 'RoutingPoint']);

export class ClientDesk {
  readonly #clientsOf = new Map<string, Set<TlibSession>>();
  readonly #dnsOf = new Map<TlibSession, Set<string>>();

  constructor(private readonly instance: string, private readonly config: ClusterConfig, private readonly ports: DeskPorts) {}

  request(session: TlibSession, request: TRequest): void {
    switch (request.msg) {
      case 'RequestRegisterAddress': return this.#register(session, request);
      case 'RequestUnregisterAddress': return this.#unregister(session, request);
      case 'RequestQueryAddress': return this.#queryAddress(session, request);
      case 'RequestQueryCall': return this.#queryCall(session, request);
      default: return this.#forward(session, request);
    }
  }

  /** An event of a watched DN: to all who registered it; only the requester's copy carries ReferenceID. */
  deliver(dn: string, event: TEvent, origin: RequestOrigin | undefined): void {
    const clients = this.#clientsOf.get(dn);
    if (clients === undefined) return;
    const mine = origin?.instance === this.instance ? origin : undefined;
    if (event.msg === 'EventError' && origin !== undefined) {
      // A late refusal is for the client that asked, and for nobody else (docs/specs/cluster-protocol.md).
      const asked = mine === undefined ? [] : [...clients].filter((session) => session.id === mine.session);
      return this.ports.fanOut(event, asked, mine?.session, mine?.referenceID);
    }
    this.ports.fanOut(event, clients, mine?.session, mine?.referenceID);
  }

  /** The DNs that the client had registered. */
  closed(session: TlibSession): string[] {
    const dns = [...(this.#dnsOf.get(session) ?? [])];
    for (const dn of dns) this.#leave(session, dn);
    this.#dnsOf.delete(session);
    return dns;
  }

  dnsOf(session: TlibSession): Iterable<string> {
    return this.#dnsOf.get(session) ?? [];
  }

  #register(session: TlibSession, request: TRequest): void {
    const dn = request['ThisDN'] as string;
    if (!this.#serves(dn)) return session.error(reference(request), TError.NotConfigured, `${dn} is neither an extension nor a Routing Point of this switch`);
    this.ports.registered(dn, session);
    this.ports.watch(dn, (snapshot) => {
      this.#join(session, dn);
      session.send({ msg: 'EventRegistered', ...this.#attributes(snapshot), InfoType: 'AddressType' }, reference(request));
    });
  }

  #unregister(session: TlibSession, request: TRequest): void {
    const dn = request['ThisDN'] as string;
    if (!this.#isRegistered(session, dn)) return this.#notRegistered(session, request, dn);
    this.#leave(session, dn);
    this.#dnsOf.get(session)?.delete(dn);
    this.ports.unregistered(dn, session);
    session.send({ msg: 'EventUnregistered', ThisDN: dn }, reference(request));
  }

  #queryAddress(session: TlibSession, request: TRequest): void {
    const dn = (request['ThisDN'] ?? request['ThisQueue']) as string | undefined;
    if (dn === undefined || !this.#serves(dn)) {
      return session.error(reference(request), TError.NotConfigured, 'ThisDN must be an extension or a Routing Point of this switch');
    }
    const command: DnCommand = { kind: 'snapshot' };
    this.ports.bus.request(subjects.dnCommand(dn), command, FORWARD_MS, (reply) => {
      const answer = reply.kind === 'reply' ? reply.message as DnReply : undefined;
      const snapshot = answer?.kind === 'snapshot' ? answer.snapshot : outOfService(dn);
      session.send({ msg: 'EventAddressInfo', ...this.#attributes(snapshot), InfoType: request['AddressInfoType'] }, reference(request));
    });
  }

  /** The first three digits of a ConnID are the `server-id` of its node. */
  #queryCall(session: TlibSession, request: TRequest): void {
    const connID = request['ConnID'] as string;
    const serverId = Number.parseInt(connID.slice(0, 3), 16);
    const node = this.config.applications.find((each) => each.type === 'sip-server' && each.serverId === serverId)?.name;
    if (node === undefined) return session.error(reference(request), TError.InvalidConnID, `no node of this cluster made the ConnID ${connID}`);
    const command: ScCommand = { kind: 'request', request, origin: this.#origin(session, request) };
    this.ports.bus.request(subjects.scCommand(node), command, FORWARD_MS, (reply) => this.#answer(session, request, reply));
  }

  #forward(session: TlibSession, request: TRequest): void {
    const dn = request['ThisDN'] as string | undefined;
    if (dn === undefined) {
      return session.error(reference(request), TError.UnsupportedOperation, `${request.msg} is not served by this cluster; docs/limits.md says what is`);
    }
    if (!this.#isRegistered(session, dn)) return this.#notRegistered(session, request, dn);
    const command: DnCommand = { kind: 'request', request, origin: this.#origin(session, request) };
    this.ports.bus.request(subjects.dnCommand(dn), command, FORWARD_MS, (reply) => this.#answer(session, request, reply));
  }

  /** The positive event of an accepted request comes with the DN's events. */
  #answer(session: TlibSession, request: TRequest, reply: BusReply): void {
    const about = String(request['ThisDN'] ?? request['ConnID']);
    if (reply.kind === 'no-responders') return session.error(reference(request), TError.OutOfService, `${about} is out of service: nobody owns it`);
    if (reply.kind === 'timeout') return session.error(reference(request), TError.Timeout, `the owner of ${about} did not answer in time; ask again`);
    const answer = reply.message as DnReply | ScReply;
    if (answer.kind === 'error') session.error(reference(request), answer.code, answer.message);
    else if (answer.kind === 'reply') session.send(answer.event, reference(request));
  }

  #notRegistered(session: TlibSession, request: TRequest, dn: string): void {
    session.error(reference(request), TError.NotRegistered, `${dn} is not registered by this client: send RequestRegisterAddress first`);
  }

  #serves(dn: string): boolean {
    return SERVED_TYPES.has(this.config.dns.get(dn)?.type ?? '');
  }

  #attributes(snapshot: DnSnapshot): Omit<TEvent, 'msg'> {
    return snapshotAttributes(snapshot, this.config.dns.get(snapshot.dn)?.type === 'RoutingPoint');
  }

  #origin(session: TlibSession, request: TRequest): RequestOrigin {
    return { instance: this.instance, session: session.id, referenceID: reference(request), applicationName: session.applicationName };
  }

  #isRegistered(session: TlibSession, dn: string): boolean {
    return this.#clientsOf.get(dn)?.has(session) === true;
  }

  #join(session: TlibSession, dn: string): void {
    const clients = this.#clientsOf.get(dn) ?? new Set();
    this.#clientsOf.set(dn, clients.add(session));
    const dns = this.#dnsOf.get(session) ?? new Set();
    this.#dnsOf.set(session, dns.add(dn));
  }

  #leave(session: TlibSession, dn: string): void {
    const clients = this.#clientsOf.get(dn);
    if (clients?.delete(session) !== true || clients.size > 0) return;
    this.#clientsOf.delete(dn);
    this.ports.unwatch(dn);
  }
}

const reference = (request: TRequest): number | undefined => request['ReferenceID'] as number | undefined;
const outOfService = (dn: string): DnSnapshot => ({ dn, owner: '', epoch: 0, seq: 0, inService: false, agent: undefined, calls: [], dnd: false });
