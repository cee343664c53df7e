/** Requests of T-Library clients: registrations kept here, everything else passed to the DN's owner (TC-13, TC-14). */
import { type Bus, type BusReply, subjects } from '#cluster';
import type { ClusterConfig } from '#config';
import {
  type DnCommand, type DnReply, type DnSnapshot, queryCall, type RequestOrigin, type ScReply, snapshotAttributes, SWITCH_QUERIES, switchAnswer,
  type SwitchIdentity, type TErrorReply, vacant,
} from '#telephony';
import { TError, type TEvent, type TRequest, tTime } from '#tlib';
import type { TlibSession } from '#tlib/server';
import type { SmartDesk } from './smart-desk.js';

export interface DeskPorts {
  readonly bus: Bus;
  readonly smart: SmartDesk;
  nowMs(): number;
  later(delayMs: number, then: () => void): void;
  watch(dn: string, known: (snapshot: DnSnapshot) => void): void;
  unwatch(dn: string): void;
  /** TC-03, TC-04: an owner application took or left a DN. */
  registered(dn: string, session: TlibSession): void;
  unregistered(dn: string, session: TlibSession): void;
  /** A client that hears all DNs of this node is there. Answers where it took agents over. */
  hereForAll(origin: RequestOrigin): readonly string[];
  fanOut(event: TEvent, sessions: Iterable<TlibSession>, requester?: string, referenceID?: number): void;
}

/** What a client registered, and how. `ready` is false until the DN's picture is known. */
interface Registration {
  monitorOnly: boolean;
  ready: boolean;
  /** Requests for the DN that came meanwhile: a client need not wait for its answers (tlib-protocol §1). */
  readonly waiting: TRequest[];
}

const FORWARD_MS = 5_000;
const HERE_MS = 2_000;
/** For half a minute: a pair takes over in less. */
const HERE_TRIES = 15;
const WAITING_MAX = 256;
const SERVED_TYPES: ReadonlySet<string> = new Set(['Extension', 'RoutingPoint']);

export class ClientDesk {
  /** Clients that get the DN's events. */
  readonly #clientsOf = new Map<string, Set<TlibSession>>();
  readonly #registrations = new Map<TlibSession, Map<string, Registration>>();
  /** Where each client logged agents in: it stays responsible for them when it unregisters the DN. */
  readonly #logins = new Map<TlibSession, Set<string>>();
  readonly #closed = new WeakSet<TlibSession>();

  constructor(
    private readonly instance: string, private readonly config: ClusterConfig, private readonly identity: SwitchIdentity,
    private readonly ports: DeskPorts,
  ) {}

  request(session: TlibSession, request: TRequest): void {
    const pending = this.#registration(session, request['ThisDN'] as string | undefined);
    if (pending !== undefined && !pending.ready) return this.#later(session, request, pending);
    if (SWITCH_QUERIES.has(request.msg)) return this.#querySwitch(session, request);
    switch (request.msg) {
      case 'RequestRegisterAddress': return this.#register(session, request);
      case 'RequestUnregisterAddress': return this.#unregister(session, request);
      case 'RequestRegisterAll': return this.#registerAll(session, request);
      case 'RequestUnregisterAll': return this.ports.smart.unregisterAll(session, reference(request));
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
    this.ports.fanOut(event, clients, mine?.session, mine?.referenceID);
  }

  /** A late refusal is for the client that asked, and for nobody else (docs/specs/cluster-protocol.md). */
  refused(dn: string, event: TEvent, { session, referenceID }: RequestOrigin): void {
    const asked = [...this.#clientsOf.get(dn) ?? []].filter(({ id }) => id === session);
    this.ports.fanOut(event, asked, session, referenceID);
  }

  /** Numbers of the DN were leapt over: they go on after those of the picture. */
  leapt(snapshot: DnSnapshot): void {
    this.deliver(snapshot.dn, { msg: 'EventAddressInfo', ...this.#attributes(snapshot), InfoType: 'DNStatus' }, undefined);
  }

  /** The session is over. */
  closed(session: TlibSession): void {
    this.#closed.add(session);
    this.ports.smart.closed(session);
    const dns = this.registeredBy(session);
    this.#registrations.delete(session);
    this.#logins.delete(session);
    for (const dn of dns) this.#leave(session, dn);
  }

  registeredBy(session: TlibSession): string[] {
    return [...(this.#registrations.get(session)?.keys() ?? [])];
  }

  /** The DNs where agents may have been logged in by the client. */
  loginsBy(session: TlibSession): Iterable<string> {
    return this.#logins.get(session) ?? [];
  }

  // ---- registrations

  #register(session: TlibSession, request: TRequest): void {
    const dn = request['ThisDN'] as string;
    if (session.clientRole === 'Smart') {
      return session.error(reference(request), TError.UnsupportedOperation, 'a Smart client registers all DNs of this node: send RequestRegisterAll');
    }
    if (!this.#serves(dn)) return session.error(reference(request), TError.NotConfigured, `${dn} is neither an extension nor a Routing Point of this switch`);
    const registration: Registration = { monitorOnly: request['RegisterMode'] === 'ModeMonitor', ready: false, waiting: [] };
    this.#registrationsOf(session).set(dn, registration);
    this.ports.registered(dn, session);
    this.ports.watch(dn, (snapshot) => this.#registered(session, request, registration, snapshot));
  }

  #registered(session: TlibSession, request: TRequest, registration: Registration, snapshot: DnSnapshot): void {
    const { dn } = snapshot;
    if (this.#closed.has(session)) return this.#unwatchUnused(dn);
    const clients = this.#clientsOf.get(dn) ?? new Set();
    this.#clientsOf.set(dn, clients.add(session));
    registration.ready = true;
    if (snapshot.agent !== undefined && !registration.monitorOnly) this.#tellHere(session, request, dn);
    session.send({ msg: 'EventRegistered', ...this.#attributes(snapshot), InfoType: 'AddressType' }, reference(request));
    for (const waited of registration.waiting.splice(0)) this.request(session, waited);
  }

  #registerAll(session: TlibSession, request: TRequest): void {
    this.ports.smart.registerAll(session, reference(request));
    if (session.clientRole !== 'Smart') return;
    for (const dn of this.ports.hereForAll(this.#origin(session, request))) this.#noteLogin(session, dn);
  }

  /** The agent there may have lost this client's former session (docs/adr/0005-desktops-of-a-pair.md). Its owner may be changing halves too. */
  #tellHere(session: TlibSession, request: TRequest, dn: string, tries = HERE_TRIES): void {
    if (this.#closed.has(session) || this.#registration(session, dn) === undefined) return;
    const command: DnCommand = { kind: 'clientHere', origin: this.#origin(session, request) };
    this.ports.bus.request(subjects.dnCommand(dn), command, HERE_MS, (reply) => {
      if (reply.kind !== 'reply') return tries > 1 ? this.ports.later(HERE_MS, () => this.#tellHere(session, request, dn, tries - 1)) : undefined;
      if ((reply.message as DnReply).kind !== 'accepted') return undefined;
      if (!this.#closed.has(session)) return this.#noteLogin(session, dn);
      const gone: DnCommand = { kind: 'clientGone', instance: this.instance, session: session.id, unregistered: false };
      return this.ports.bus.publish(subjects.dnCommand(dn), gone);
    });
  }

  #noteLogin(session: TlibSession, dn: string): void {
    this.#logins.set(session, (this.#logins.get(session) ?? new Set()).add(dn));
  }

  #later(session: TlibSession, request: TRequest, { waiting }: Registration): void {
    if (waiting.length < WAITING_MAX) return void waiting.push(request);
    session.error(reference(request), TError.ResourceUnavailable, `${WAITING_MAX} requests wait for this DN's registration: send fewer`);
  }

  #unregister(session: TlibSession, request: TRequest): void {
    const dn = request['ThisDN'] as string;
    if (this.#registration(session, dn) === undefined) return this.#notRegistered(session, request, dn);
    this.#registrations.get(session)?.delete(dn);
    this.#leave(session, dn);
    this.ports.unregistered(dn, session);
    session.send({ msg: 'EventUnregistered', ThisDN: dn, Time: tTime(this.ports.nowMs()) }, reference(request));
  }

  #registration(session: TlibSession, dn: string | undefined): Registration | undefined {
    return dn === undefined ? undefined : this.#registrations.get(session)?.get(dn);
  }

  #registrationsOf(session: TlibSession): Map<string, Registration> {
    const known = this.#registrations.get(session) ?? new Map<string, Registration>();
    this.#registrations.set(session, known);
    return known;
  }

  #leave(session: TlibSession, dn: string): void {
    if (this.#clientsOf.get(dn)?.delete(session) === true) this.#unwatchUnused(dn);
  }

  #unwatchUnused(dn: string): void {
    if ((this.#clientsOf.get(dn)?.size ?? 0) > 0) return;
    this.#clientsOf.delete(dn);
    this.ports.unwatch(dn);
  }

  // ---- queries

  #querySwitch(session: TlibSession, request: TRequest): void {
    answerWith(session, request, switchAnswer(request, this.identity, this.ports.nowMs()));
  }

  #queryAddress(session: TlibSession, request: TRequest): void {
    const dn = (request['ThisDN'] ?? request['ThisQueue']) as string | undefined;
    if (dn === undefined || !this.#serves(dn)) {
      return session.error(reference(request), TError.NotConfigured, 'ThisDN must be an extension or a Routing Point of this switch');
    }
    const command: DnCommand = { kind: 'snapshot' };
    this.ports.bus.request(subjects.dnCommand(dn), command, FORWARD_MS, (reply) => {
      const answer = reply.kind === 'reply' ? reply.message as DnReply : undefined;
      const snapshot = answer?.kind === 'snapshot' ? answer.snapshot : vacant(dn);
      session.send({ msg: 'EventAddressInfo', ...this.#attributes(snapshot), InfoType: request['AddressInfoType'] }, reference(request));
    });
  }

  #queryCall(session: TlibSession, request: TRequest): void {
    const { applications } = this.config;
    queryCall(this.ports.bus, applications, request, this.#origin(session, request), (answer) => answerWith(session, request, answer));
  }

  // ---- to the owner

  #forward(session: TlibSession, request: TRequest): void {
    const dn = request['ThisDN'] as string | undefined;
    if (dn === undefined) {
      return session.error(reference(request), TError.UnsupportedOperation, `${request.msg} is not served by this cluster; docs/limits.md says what is`);
    }
    const registration = this.#registration(session, dn);
    if (registration === undefined && !this.ports.smart.serves(session, dn)) return this.#notRegistered(session, request, dn);
    if (registration?.monitorOnly === true) {
      return session.error(reference(request), TError.NotRegistered, `${dn} is registered with ModeMonitor, for events only: use ModeShare`);
    }
    if (request.msg === 'RequestAgentLogin') this.#noteLogin(session, dn);
    const untilMs = this.ports.nowMs() + FORWARD_MS;
    const command: DnCommand = { kind: 'request', request, origin: this.#origin(session, request), untilMs };
    this.ports.bus.request(subjects.dnCommand(dn), command, FORWARD_MS, (reply) => this.#answer(session, request, reply));
  }

  /** The positive event of an accepted request comes with the DN's events. */
  #answer(session: TlibSession, request: TRequest, reply: BusReply): void {
    const about = String(request['ThisDN'] ?? request['ConnID']);
    if (reply.kind === 'no-responders') return session.error(reference(request), TError.OutOfService, `${about} is out of service: ${this.#cure(about)}`);
    if (reply.kind === 'timeout') return session.error(reference(request), TError.Timeout, `the owner of ${about} did not answer in time; ask again`);
    const answer = reply.message as DnReply | ScReply;
    if (answer.kind === 'error') session.error(reference(request), answer.code, answer.message);
    else if (answer.kind === 'reply') session.send(answer.event, reference(request));
  }

  /** What brings back a DN that nobody owns, or the call of a node that does not answer. */
  #cure(about: string): string {
    const definition = this.config.dns.get(about);
    if (definition === undefined) return 'its node does not run';
    if (definition.type !== 'Extension') return 'no T-Controller has it yet; ask again';
    const contact = definition.options.get('contact') ?? '*';
    return contact === '*' ? 'register its phone' : 'let an application of dn-owner-applications register it';
  }

  #notRegistered(session: TlibSession, request: TRequest, dn: string): void {
    session.error(reference(request), TError.NotRegistered, `${dn} is not registered by this client: send RequestRegisterAddress first`);
  }

  #serves(dn: string): boolean {
    return SERVED_TYPES.has(this.config.dns.get(dn)?.type ?? '');
  }

  #attributes(snapshot: DnSnapshot): Omit<TEvent, 'msg'> {
    return { ...snapshotAttributes(snapshot, this.config.dns.get(snapshot.dn)?.type === 'RoutingPoint'), Time: tTime(this.ports.nowMs()) };
  }

  #origin(session: TlibSession, request: TRequest): RequestOrigin {
    return { instance: this.instance, session: session.id, referenceID: reference(request), applicationName: session.applicationName };
  }
}

const reference = (request: TRequest): number | undefined => request['ReferenceID'] as number | undefined;

function answerWith(session: TlibSession, request: TRequest, answer: TEvent | TErrorReply): void {
  if ('msg' in answer) session.send(answer, reference(request));
  else session.error(reference(request), answer.code, answer.message);
}
