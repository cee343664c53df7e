/** The server of one T-Library port: opening, keep-alive, resume, slow clients (tlib-protocol §2, §3, §5). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Clock, Counter, Entropy, Log, Meter, Timer } from '#kernel';
import { type AddpMessage, decodeRequest } from '../codec/decode.js';
import { encodeEvent, timed, tTime } from '../codec/encode.js';
import type { TEvent, TRequest } from '../message.js';
import type { EnumValue } from '../messages/enums.js';
import { TError } from '../messages/error-codes.js';
import { kv, type KVSource } from '../messages/kv-list.js';
import { OPENING, portRefusal, type ServerRole } from '../messages/ports.js';
import { REQUEST_RULES, type RequestRule } from '../messages/requests.js';
import type { BacklogLimits } from '../session/backlog.js';
import { Connection, type ConnectionEvents, type Gate } from './connection.js';
import { Lane } from './lane.js';
import { TlibSession } from './session.js';

export interface TlibServerPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
  /**
   * While it is closed no client is read or spoken to: each waits as long as the fence holds it. One that is cut off then comes back, here or
   * elsewhere, and resumes.
   */
  readonly fence?: Gate | undefined;
}

export interface TlibServerIdentity {
  readonly role: ServerRole;
  readonly applicationName: string;
  readonly switchName: string;
  readonly geoLocation: string;
  readonly node: string;
  readonly version: string;
}

export interface TlibServerOptions {
  readonly identity: TlibServerIdentity;
  readonly clientRoles: readonly EnumValue<'ClientRole'>[];
  /** Empty: none is asked. */
  readonly password: string;
  /** Empty: any application is let in. */
  readonly knownApplications: readonly string[];
  readonly backlog: BacklogLimits;
  readonly maxClients: number;
  readonly tls?: TlsOptions;
}

/** What the tier makes of its clients. */
export interface TlibServerEvents {
  onOpened?(session: TlibSession): void;
  /**
   * A request that this port accepts. Answer with `session.send` or `session.error`. The session's next request comes
   * when this returns, or when the promise that it returns is settled.
   */
  onRequest(session: TlibSession, request: TRequest): void | Promise<void>;
  /** The connection is gone; the session waits for a resume. */
  onLost?(session: TlibSession): void;
  onResumed?(session: TlibSession): void;
  /** The session is over. */
  onClosed?(session: TlibSession): void;
  /** What the tier adds to EventServerInfo, in Extensions: `role`, its part in an HA pair, and its load. */
  info?(): KVSource;
}

/** What is known of a connection beside its bytes. */
interface Peer {
  session: TlibSession | undefined;
  /** Requests before the opening one. */
  strikes: number;
  /** Silence after which the connection is closed; 0 = never. */
  addpMs: number;
  pings: number;
  /** What it sent cannot be followed any further: nothing after that is read. */
  lost: boolean;
}

type Decoded = ReturnType<typeof decodeRequest>;

const STRIKES_MAX = 3;
const TICK_MS = 1_000;
/** A client that reads nothing for so long, while something waits for it, is disconnected. */
const STALLED_MS = 10_000;
const PROTOCOL_VERSION = 1;
/** Requests of one client that wait for the one before; beyond it the client is not read until they are done. */
const WAITING_MAX = 1_000;
/** How long a client that was sent away may keep its side open. */
const LINGER_MS = 2_000;
/** How long clients may take to read what waits for them when the port closes. */
const CLOSE_MS = 500;
/** A client that does not read so much of what it got is given no more answers: its requests wait, then it is not read either. */
const UNREAD_MAX = 1_048_576;

export class TlibServer implements ConnectionEvents {
  readonly #peers = new Map<Connection, Peer>();
  readonly #sessions = new Map<string, TlibSession>();
  readonly #byToken = new Map<string, TlibSession>();
  readonly #connectionOf = new Map<TlibSession, Connection>();
  readonly #lanes = new Map<TlibSession, Lane>();
  /** Sent away, and since when: they have so long to close their side. */
  readonly #lingering = new Map<Connection, number>();
  readonly #dirty: Connection[] = [];
  readonly #refused: Counter;
  readonly #slow: Counter;
  #server: Server | undefined;
  #tick: Timer | undefined;
  #nextSession = 1;
  #startedAtMs = 0;
  /** Names this server's time in session ids: others may still speak of sessions of the process before. */
  #life = '';

  constructor(private readonly ports: TlibServerPorts, private readonly options: TlibServerOptions, private readonly events: TlibServerEvents) {
    const labels = { port: options.identity.role };
    this.#refused = ports.meter.counter('tlib_requests_refused_total', 'T-Library lines answered with EventError before they reached the tier', labels);
    this.#slow = ports.meter.counter('tlib_slow_clients_total', 'T-Library clients disconnected because they did not read', labels);
    ports.meter.gauge('tlib_clients', 'T-Library clients connected', () => this.#connectionOf.size, labels);
  }

  get sessions(): Iterable<TlibSession> {
    return this.#sessions.values();
  }

  get connectedClients(): number {
    return this.#connectionOf.size;
  }

  session(id: string): TlibSession | undefined {
    return this.#sessions.get(id);
  }

  /** Answers the port. @throws Error naming address and port when it is taken. */
  listen(host: string, port: number): Promise<number> {
    const accept = (socket: Socket) => this.#accept(socket);
    const server = this.options.tls === undefined ? createServer(accept) : createTlsServer(this.options.tls, accept);
    this.#server = server;
    this.#startedAtMs = this.ports.clock.nowMs();
    this.#life = Math.floor(this.#startedAtMs).toString(36);
    this.#scheduleTick();
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => reject(new Error(
        `${this.options.identity.applicationName} cannot listen on ${host} port ${port}: is another server running there?`, { cause },
      )));
      server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
    });
  }

  /** One event to many sessions: encoded once, and only the requester's copy carries ReferenceID. */
  fanOut(event: TEvent, sessions: Iterable<TlibSession>, requester?: string, referenceID?: number): void {
    const nowMs = this.ports.clock.nowMs();
    const whole = timed(event, nowMs);
    for (const session of sessions) session.sendAt(whole, session.id === requester ? referenceID : undefined, nowMs);
  }

  /** Ends a session for good. */
  dismiss(session: TlibSession): void {
    const connection = this.#connectionOf.get(session);
    this.#forget(session);
    connection?.end();
  }

  async close(): Promise<void> {
    this.#tick?.cancel();
    const server = this.#server;
    const connections = [...this.#lingering.keys(), ...this.#peers.keys()];
    for (const connection of [...this.#peers.keys()]) connection.end();
    for (const session of [...this.#sessions.values()]) this.#forget(session);
    if (server === undefined) return;
    // One that does not read would never take its last lines.
    const impatience = this.ports.clock.setTimer(CLOSE_MS, () => { for (const connection of connections) connection.destroy(); });
    await new Promise<void>((resolve) => { server.close(() => resolve()); });
    impatience.cancel();
  }

  // ---- connections

  #accept(socket: Socket): void {
    const connection = new Connection(socket, this, () => this.ports.clock.nowMs(), this.ports.fence);
    if (this.#peers.size >= this.options.maxClients) {
      connection.write(this.#unnumbered(TError.NoMoreLicense, `this port serves ${this.options.maxClients} clients at once; option max-clients`));
      connection.end();
      return;
    }
    this.#peers.set(connection, { session: undefined, strikes: 0, addpMs: 0, pings: 0, lost: false });
  }

  wantsFlush(connection: Connection): void {
    if (this.#dirty.length === 0) setImmediate(() => this.#flush());
    this.#dirty.push(connection);
  }

  #flush(): void {
    const dirty = this.#dirty.splice(0);
    for (const connection of dirty) {
      connection.flush();
      if (connection.backlogBytes > this.options.backlog.bytes) this.#cut(connection, 'more waits for it than is kept for a client');
      else this.onDrained(connection);
    }
  }

  /** Connections that were sent away and are not closed by their clients yet. */
  get lingering(): number {
    return this.#lingering.size;
  }

  onEnding(connection: Connection): void {
    this.#lingering.set(connection, this.ports.clock.nowMs());
  }

  onGone(connection: Connection): void {
    this.#lingering.delete(connection);
  }

  onDrained(connection: Connection): void {
    const session = this.#peers.get(connection)?.session;
    if (session !== undefined && hasRoom(connection)) this.#lanes.get(session)?.resume();
  }

  onLine(connection: Connection, line: string | undefined): void {
    const peer = this.#peers.get(connection);
    if (peer === undefined || peer.lost) return;
    const decoded = decodeRequest(line ?? '');
    if (decoded.ok && decoded.value.msg.startsWith('Addp')) return this.#addp(connection, decoded.value as AddpMessage);
    if (!decoded.ok) peer.lost = decoded.error.fatal;
    this.#inTurn(connection, peer, () => this.#decoded(connection, peer, decoded, line === undefined));
  }

  onTooLong(connection: Connection): void {
    const peer = this.#peers.get(connection);
    if (peer === undefined || peer.lost) return;
    peer.lost = true;
    this.#inTurn(connection, peer, () => {
      this.#refuse(connection, peer, TError.OutOfService, 'a line may have 1 MiB', undefined);
      connection.end();
    });
  }

  /** After what the session asked before. */
  #inTurn(connection: Connection, peer: Peer, work: () => void | Promise<void>): void {
    const lane = peer.session === undefined ? undefined : this.#lanes.get(peer.session);
    if (lane === undefined) return void work();
    lane.push(work);
    if (lane.waiting > WAITING_MAX || (lane.waiting > 0 && !hasRoom(connection))) connection.pause();
  }

  #decoded(connection: Connection, peer: Peer, decoded: Decoded, notUtf8: boolean): void | Promise<void> {
    if (decoded.ok) return this.#request(connection, peer, decoded.value as TRequest);
    const { code, message, referenceID, fatal } = decoded.error;
    this.#refuse(connection, peer, code, notUtf8 ? 'a line must be UTF-8' : message, referenceID);
    if (fatal) connection.end();
    else if (peer.session === undefined) this.#strike(connection, peer);
  }

  onClosed(connection: Connection): void {
    const session = this.#peers.get(connection)?.session;
    this.#peers.delete(connection);
    if (session === undefined || this.#connectionOf.get(session) !== connection) return;
    this.#connectionOf.delete(session);
    session.lost(this.ports.clock.nowMs());
    this.events.onLost?.(session);
  }

  #addp(connection: Connection, message: AddpMessage): void {
    if (message.msg === 'AddpPing') connection.write(`{"msg":"AddpPong","n":${message.n}}\n`);
  }

  /** An error before there is a session to number it. */
  #unnumbered(code: number, message: string, referenceID?: number): string {
    return encodeEvent(timed({ msg: 'EventError', ErrorCode: code, ErrorMessage: message }, this.ports.clock.nowMs()), 0, referenceID);
  }

  #refuse(connection: Connection, peer: Peer, code: number, message: string, referenceID: number | undefined): void {
    this.#refused.add();
    if (peer.session === undefined) connection.write(this.#unnumbered(code, message, referenceID));
    else peer.session.error(referenceID, code, message);
  }

  #strike(connection: Connection, peer: Peer): void {
    peer.strikes += 1;
    if (peer.strikes >= STRIKES_MAX) connection.end();
  }

  // ---- requests

  #request(connection: Connection, peer: Peer, request: TRequest): void | Promise<void> {
    const { session } = peer;
    const referenceID = request['ReferenceID'] as number | undefined;
    if (request.msg === OPENING) {
      if (session === undefined) this.#open(connection, peer, request, referenceID);
      else session.error(referenceID, TError.InvalidState, 'this connection is open already; open another one for another client');
      return;
    }
    if (session === undefined) {
      this.#refuse(connection, peer, TError.InvalidState, `the first request must be ${OPENING}`, referenceID);
      this.#strike(connection, peer);
      return;
    }
    const notHere = portRefusal(this.options.identity.role, REQUEST_RULES.get(request.msg) as RequestRule);
    if (notHere !== undefined) return this.#refuse(connection, peer, TError.UnsupportedOperation, notHere, referenceID);
    if (request.msg === 'RequestSetInputMask') {
      session.filter = request['Filter'] as readonly string[];
      session.send({ msg: 'EventACK', UserEvent: request.msg }, referenceID);
      return;
    }
    if (request.msg === 'RequestQueryServer') return session.send(this.#serverInfo(), referenceID);
    return this.events.onRequest(session, request);
  }

  #open(connection: Connection, peer: Peer, request: TRequest, referenceID: number | undefined): void {
    const problem = this.#openingProblem(request);
    if (problem !== undefined) {
      this.#refuse(connection, peer, problem.code, problem.message, referenceID);
      connection.end();
      return;
    }
    peer.addpMs = 1_000 * ((request['AddpRemoteTimeout'] as number | undefined) || (request['AddpTimeout'] as number | undefined) || 0);
    const token = request['SessionToken'] as string | undefined;
    if (token !== undefined && this.#resume(connection, peer, request, token, referenceID)) return;
    const session = this.#newSession(request);
    peer.session = session;
    this.#connectionOf.set(session, connection);
    session.filter = request['Filter'] as readonly string[] | undefined;
    session.open(connection, this.#linkConnected(session, token === undefined ? undefined : false), referenceID);
    if (token !== undefined) {
      session.send({ msg: 'EventBacklogLost', FromSequence: ((request['LastSequence'] as number | undefined) ?? 0) + 1 });
    }
    this.events.onOpened?.(session);
  }

  #openingProblem(request: TRequest): { code: number; message: string } | undefined {
    const { clientRoles, password, knownApplications, identity } = this.options;
    const name = request['ApplicationName'] as string;
    const role = (request['ClientRole'] as EnumValue<'ClientRole'> | undefined) ?? 'Standard';
    if (request['ProtocolVersion'] !== PROTOCOL_VERSION) return { code: TError.ProtocolVersion, message: `ProtocolVersion must be ${PROTOCOL_VERSION}` };
    if (password !== '' && !sameSecret(password, (request['Password'] as string | undefined) ?? '')) {
      return { code: TError.BadPassword, message: 'wrong password' };
    }
    if (knownApplications.length > 0 && !knownApplications.includes(name)) {
      return { code: TError.NotConfigured, message: `the application ${name.slice(0, 64)} is not known here; option known-applications` };
    }
    if (!clientRoles.includes(role)) {
      return { code: TError.UnsupportedOperation, message: `the ${identity.role} port takes clients with ClientRole ${clientRoles.join(' or ')}` };
    }
    return undefined;
  }

  #resume(connection: Connection, peer: Peer, request: TRequest, token: string, referenceID: number | undefined): boolean {
    const session = this.#byToken.get(token);
    if (session === undefined || session.applicationName !== request['ApplicationName']) return false;
    // A half-open connection gives way to the client's new one.
    const former = this.#connectionOf.get(session);
    if (former !== undefined) former.destroy();
    const lastSequence = (request['LastSequence'] as number | undefined) ?? -1;
    if (!session.resume(connection, lastSequence, this.#linkConnected(session, true), referenceID)) {
      this.#forget(session);
      return false;
    }
    peer.session = session;
    this.#connectionOf.set(session, connection);
    this.events.onResumed?.(session);
    return true;
  }

  #newSession(request: TRequest): TlibSession {
    const session = new TlibSession({
      id: `${this.options.identity.applicationName}#${this.#life}.${this.#nextSession}`,
      token: this.ports.entropy.hex(32),
      applicationName: request['ApplicationName'] as string,
      clientRole: (request['ClientRole'] as EnumValue<'ClientRole'> | undefined) ?? 'Standard',
    }, this.options.backlog, () => this.ports.clock.nowMs());
    this.#nextSession += 1;
    this.#sessions.set(session.id, session);
    this.#lanes.set(session, new Lane(() => this.#connectionOf.get(session)?.resume(), () => hasRoom(this.#connectionOf.get(session))));
    this.#byToken.set(session.token, session);
    return session;
  }

  #linkConnected(session: TlibSession, resumed: boolean | undefined): TEvent {
    return { msg: 'EventLinkConnected', ...this.#identity(), SessionToken: session.token, Resumed: resumed };
  }

  /** `ServerRole` says which port it is (tlib-protocol §2); the part in an HA pair stands in Extensions. */
  #serverInfo(): TEvent {
    const nowMs = this.ports.clock.nowMs();
    return {
      msg: 'EventServerInfo', ...this.#identity(), ServerStartTime: tTime(this.#startedAtMs), Extensions: kv(this.events.info?.() ?? {}), Time: tTime(nowMs),
    };
  }

  #identity(): Omit<TEvent, 'msg'> {
    const { applicationName, role, switchName, geoLocation, node, version } = this.options.identity;
    return {
      ApplicationName: applicationName, ServerRole: role, Switch: switchName, GeoLocation: geoLocation,
      Node: node, ServerVersion: version, ProtocolVersion: PROTOCOL_VERSION,
    };
  }

  // ---- time

  #scheduleTick(): void {
    this.#tick = this.ports.clock.setTimer(TICK_MS, () => {
      this.#scheduleTick();
      this.#watch(this.ports.clock.nowMs());
    });
  }

  #watch(nowMs: number): void {
    for (const [connection, peer] of [...this.#peers]) {
      if (connection.stalledMs(nowMs) > STALLED_MS) this.#cut(connection, `it has read nothing for ${STALLED_MS / 1000} s`);
      else if (peer.addpMs > 0 && !connection.paused) this.#watchAddp(connection, peer, nowMs - connection.lastHeardMs);
    }
    for (const [connection, sinceMs] of [...this.#lingering]) {
      if (nowMs - sinceMs <= LINGER_MS) continue;
      this.#lingering.delete(connection);
      connection.destroy();
    }
    for (const session of [...this.#sessions.values()]) {
      if (session.lostAtMs !== undefined && nowMs - session.lostAtMs > this.options.backlog.ms) this.#forget(session);
    }
  }

  #watchAddp(connection: Connection, peer: Peer, silentMs: number): void {
    if (silentMs > peer.addpMs) {
      this.ports.log.info('a client was silent for its ADDP timeout', { client: peer.session?.applicationName, remote: connection.remote });
      connection.destroy();
    } else if (silentMs * 2 >= peer.addpMs) {
      peer.pings += 1;
      connection.write(`{"msg":"AddpPing","n":${peer.pings}}\n`);
    }
  }

  /** The others never wait for one that does not read (architecture §6, "Slow consumers"). */
  #cut(connection: Connection, reason: string): void {
    const client = this.#peers.get(connection)?.session?.applicationName;
    this.#slow.add();
    this.ports.log.warn(`a client was disconnected: ${reason}`, { client, remote: connection.remote, waitingBytes: connection.backlogBytes });
    connection.destroy();
  }

  #forget(session: TlibSession): void {
    if (!this.#sessions.delete(session.id)) return;
    this.#byToken.delete(session.token);
    this.#lanes.get(session)?.close();
    this.#lanes.delete(session);
    this.#connectionOf.delete(session);
    this.events.onClosed?.(session);
  }
}

const hasRoom = (connection: Connection | undefined): boolean => connection === undefined || connection.backlogBytes < UNREAD_MAX;

function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(a), digest(b));
}
