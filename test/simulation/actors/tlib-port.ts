/** A T-Library port over simulated streams: real framing, codec and sessions, without the socket. */
import { EMPTY_KV, ACCEPTED, decodeRequest, LineFramer, OPENING, type ServerRole, TError, type TEvent, type TRequest } from '#tlib';
import { TlibError, TlibSession } from '#tlib/server';
import type { SimConnection, SimPorts } from '#simulation';

export interface TlibPortEvents {
  onOpened?(session: TlibSession): void;
  onRequest(session: TlibSession, request: TRequest): void;
  onClosed?(session: TlibSession): void;
}

const BACKLOG = { ms: 60_000, bytes: 1_048_576 };

export class TlibPort {
  readonly #sessions = new Set<TlibSession>();
  #count = 0;
  readonly #life: string;
  /** Takes no more connections. */
  readonly close: () => void;

  constructor(
    private readonly ports: SimPorts, readonly address: string, private readonly name: string, private readonly role: ServerRole,
    private readonly events: TlibPortEvents,
  ) {
    this.#life = Math.floor(ports.clock.nowMs()).toString(36);
    this.close = ports.streams.listen(ports.node, address, (connection) => this.#accept(connection));
  }

  get clients(): number {
    return this.#sessions.size;
  }

  fanOut(event: TEvent, sessions: Iterable<TlibSession>, requester?: string, referenceID?: number): void {
    const nowMs = this.ports.clock.nowMs();
    for (const session of sessions) session.sendAt(event, session.id === requester ? referenceID : undefined, nowMs);
  }

  #accept(connection: SimConnection): void {
    const framer = new LineFramer();
    let session: TlibSession | undefined;
    connection.onData = (bytes) => void framer.push(bytes, (line) => {
      const decoded = decodeRequest(line ?? '');
      if (!decoded.ok) return void session?.error(decoded.error.referenceID, decoded.error.code, decoded.error.message);
      const request = decoded.value as TRequest;
      if (session === undefined) session = this.#open(connection, request);
      else this.#request(session, request);
    });
    connection.onClose = () => {
      if (session === undefined || !this.#sessions.delete(session)) return;
      session.lost(this.ports.clock.nowMs());
      this.events.onClosed?.(session);
    };
  }

  #open(connection: SimConnection, request: TRequest): TlibSession | undefined {
    if (request.msg !== OPENING) return undefined;
    this.#count += 1;
    const session = new TlibSession({
      id: `${this.name}#${this.#life}.${this.#count}`, token: this.ports.entropy.hex(32),
      applicationName: request['ApplicationName'] as string, clientRole: 'Standard',
    }, BACKLOG, () => this.ports.clock.nowMs());
    this.#sessions.add(session);
    session.open(connection, { msg: 'EventLinkConnected', ServerRole: this.role, Extensions: EMPTY_KV }, request['ReferenceID'] as number | undefined);
    this.events.onOpened?.(session);
    return session;
  }

  #request(session: TlibSession, request: TRequest): void {
    const reference = request['ReferenceID'] as number | undefined;
    if (!ACCEPTED[this.role].has(request.msg)) return session.error(reference, TError.UnsupportedOperation, `not served here: ${request.msg}`);
    try {
      this.events.onRequest(session, request);
    } catch (error) {
      if (!(error instanceof TlibError)) throw error;
      session.error(reference, error.code, error.message);
    }
  }
}
