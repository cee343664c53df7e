/**
 * A client of a T-Library port: requests as promises, events by name, reconnect and resume by itself.
 * `EventServerConnected` and `EventServerDisconnected` are made here, as T-Library's own client library does.
 */
import { connect, type Socket } from 'node:net';
import { decodeEvent } from '../codec/decode.js';
import { encodeRequest } from '../codec/encode.js';
import { LineFramer } from '../codec/line-framer.js';
import type { TAttribute, TEvent, TTime } from '../message.js';
import { ERROR_MEANINGS, TError } from '../messages/error-codes.js';
import { kv, type KVSource } from '../messages/kv-list.js';
import { EventQueue } from './event-queue.js';
import { ReconnectPace } from './reconnect-pace.js';
import { type Attributes, TlibRequests } from './requests.js';
import { type RouteHandler, RoutingPoint, type ServeOptions } from './routing-point.js';

export interface TlibAddress {
  readonly host: string;
  readonly port: number;
}

export interface TlibClientOptions {
  /** Tried in turn, first the one that has the session: the two halves of a pair, of which one listens. */
  readonly addresses: readonly TlibAddress[];
  readonly applicationName: string;
  readonly clientRole?: 'Standard' | 'Smart' | 'InteractionProxy';
  readonly password?: string;
  /** Seconds of silence after which the connection counts as lost; 0 = off. */
  readonly addpTimeout?: number;
  /** How long a request may stay unanswered; for those that wait for a phone see {@link TlibRequests}. Default 10 s. */
  readonly requestTimeoutMs?: number;
  /** For the connection, and for the answer that opens a session; for that one twice as long after each that did not come, up to 10 s. Default 3.6 s. */
  readonly connectTimeoutMs?: number;
  /** Pause after a lost connection; it doubles up to 5 s while no address answers, to 1 s where there are several. Default 0.5 s. */
  readonly reconnectDelayMs?: number;
  /** `connect` goes on until a server answers: for programs that start when they like. A refusal still rejects. */
  readonly keepTrying?: boolean;
  /** Names of the events wanted; default all. Answers always come. */
  readonly filter?: readonly string[];
  /** Session of a former process to go on with. */
  readonly resume?: TlibResume;
}

/** What a client that comes back says: its session's token, a secret, and the last event that it has dealt with. */
export interface TlibResume {
  readonly token: string;
  readonly lastSequence: number;
}

/** An EventError, or that no answer came. The message is the server's sentence that says what to change. */
export class TlibRequestError extends Error {
  constructor(readonly code: number, text: string, readonly event?: TEvent) {
    super(text);
    this.name = 'TlibRequestError';
  }

  /** Name of the code, such as `ResourceSeized`; undefined for one that is not in docs/tlib-protocol.md. */
  get reason(): keyof typeof TError | undefined {
    return (Object.keys(TError) as (keyof typeof TError)[]).find((name) => TError[name] === this.code);
  }

  /** What the code means in general. */
  get meaning(): string {
    return this.reason === undefined ? '' : ERROR_MEANINGS[this.reason];
  }
}

type Handler = (event: TEvent) => void;

interface Waiting {
  readonly resolve: (event: TEvent) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const RECONNECT_DELAY_MS = 500;
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 3_600;
const OPENING_MS_MAX = 10_000;
/** Requests without an answer; one more is refused. */
const OUTSTANDING_MAX = 10_000;
/** Events that an iteration keeps for its loop. */
const QUEUE_MAX = 10_000;

export class TlibClient extends TlibRequests {
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #queues = new Set<EventQueue>();
  readonly #pace: ReconnectPace;
  #socket: Socket | undefined;
  #nextReference = 1;
  #nextAddress = 0;
  #token: string | undefined;
  #lastSequence = 0;
  #closed = false;
  #wasOpen = false;
  #retry: NodeJS.Timeout | undefined;
  #addp: NodeJS.Timeout | undefined;
  #heardAtMs = 0;

  constructor(private readonly options: TlibClientOptions) {
    super();
    this.#pace = new ReconnectPace(options.addresses.length, options.reconnectDelayMs ?? RECONNECT_DELAY_MS);
    this.#token = options.resume?.token;
    this.#lastSequence = options.resume?.lastSequence ?? 0;
  }

  /** Of the session of now. */
  get token(): string | undefined {
    return this.#token;
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Resolves with EventLinkConnected. After that the client stays connected by itself until `close`. */
  async connect(): Promise<TEvent> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#openOnce();
      } catch (error) {
        const refused = error instanceof TlibRequestError && error.event !== undefined;
        const triedAll = tries % this.options.addresses.length === 0;
        if (this.#closed || (triedAll && (refused || this.options.keepTrying !== true))) throw error;
        await this.#pause();
      }
    }
  }

  /** Calls `handler` for each event of that name, `*` for all. Answers how to stop. */
  on(name: string, handler: Handler): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    handlers.add(handler);
    this.#handlers.set(name, handlers);
    return () => void handlers.delete(handler);
  }

  /**
   * Calls `begin` for each later session that knows nothing of the one before: its server was lost, or the other half of its pair answers.
   * What was registered must be registered again; agents are still logged in for a while, as EventRegistered tells. What `begin` throws goes
   * to `failed`, unless the connection is lost meanwhile: then there will be another session. Answers how to stop.
   */
  onNewSession(begin: () => Promise<unknown>, failed: (error: Error) => void = () => undefined): () => void {
    return this.on('EventServerConnected', ({ Resumed }) => {
      const socket = this.#socket;
      if (Resumed !== true) begin().catch((error: Error) => { if (socket === this.#socket) failed(error); });
    });
  }

  /** Events of these names, or all, as they come: `for await (const event of client.events('EventRouteRequest'))`. Ends with `close`. */
  events(...names: string[]): AsyncIterableIterator<TEvent> {
    const stops: (() => void)[] = [];
    const queue = new EventQueue(QUEUE_MAX, () => {
      for (const stop of stops) stop();
      this.#queues.delete(queue);
    });
    for (const name of names.length === 0 ? ['*'] : names) stops.push(this.on(name, (event) => queue.push(event)));
    this.#queues.add(queue);
    if (this.#closed) queue.end();
    return queue;
  }

  /** Serves a Routing Point: `handler` is called for each call that waits there, also for those that do already. */
  async serve(routingPoint: string, handler: RouteHandler, options: ServeOptions = {}): Promise<RoutingPoint> {
    const point = new RoutingPoint(this, routingPoint, handler, options);
    await point.register();
    return point;
  }

  /** The next event that fits. */
  next(name: string, fits: (event: TEvent) => boolean = () => true, timeoutMs = 5_000): Promise<TEvent> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        stop();
        reject(new TlibRequestError(TError.Timeout, `no ${name} within ${timeoutMs} ms`));
      }, timeoutMs);
      const stop = this.on(name, (event) => {
        if (!fits(event)) return;
        clearTimeout(timer);
        stop();
        resolve(event);
      });
    });
  }

  /**
   * Sends a request and resolves with the positive event.
   *
   * @throws TlibRequestError with T-Library's code when it is refused, unanswered, or the connection is lost
   */
  request(msg: string, attributes: Attributes = {}, timeoutMs = this.options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS): Promise<TEvent> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      if (socket === undefined) return reject(new TlibRequestError(TError.OutOfService, 'not connected'));
      if (this.#waiting.size >= OUTSTANDING_MAX) {
        return reject(new TlibRequestError(TError.ResourceUnavailable, `${OUTSTANDING_MAX} requests wait for their answers: wait for some of them first`));
      }
      const reference = this.#nextReference;
      this.#nextReference += 1;
      const timer = setTimeout(() => {
        this.#waiting.delete(reference);
        reject(new TlibRequestError(TError.Timeout, `${msg} was not answered within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(reference, { resolve, reject, timer });
      socket.write(encodeRequest({ msg, ReferenceID: reference, ...plain(attributes) }));
      return undefined;
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const queue of [...this.#queues]) queue.end();
    this.#lost(this.#socket);
  }

  /** Cuts the connection without saying goodbye; the client comes back by itself. For drills and tests. */
  cut(): void {
    this.#socket?.destroy();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => { this.#retry = setTimeout(resolve, this.#pace.failed()); });
  }

  #openOnce(): Promise<TEvent> {
    const index = this.#nextAddress % this.options.addresses.length;
    const address = this.options.addresses[index] as TlibAddress;
    this.#nextAddress = index + 1;
    const timeoutMs = this.options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    // A process that stands still takes connections and says nothing.
    const openingMs = Math.min(this.#pace.patienceMs(timeoutMs, OPENING_MS_MAX), this.options.requestTimeoutMs ?? Infinity);
    return new Promise((resolve, reject) => {
      const socket = connect(address);
      const late = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
      const failed = (error: Error) => {
        clearTimeout(late);
        reject(new TlibRequestError(TError.OutOfService, `${address.host}:${address.port}: ${error.message}`));
      };
      socket.setNoDelay(true);
      socket.once('error', failed);
      socket.once('connect', () => {
        clearTimeout(late);
        if (this.#closed) {
          socket.destroy();
          return failed(new Error('the client was closed'));
        }
        this.#socket = socket;
        this.#read(socket);
        return void this.request('RequestRegisterClient', this.#opening(), openingMs).then((event) => {
          // The session lives at this server: after a cut it is asked first.
          this.#nextAddress = index;
          this.#pace.opened();
          this.#opened(event);
          resolve(event);
        }, (error: TlibRequestError) => {
          if (error.code === TError.Timeout) this.#pace.stayedSilent();
          reject(error);
          this.#lost(socket);
        });
      });
    });
  }

  #opening(): Attributes {
    const { applicationName, clientRole, password, addpTimeout } = this.options;
    const resume = this.#token === undefined ? {} : { SessionToken: this.#token, LastSequence: this.#lastSequence };
    return {
      ApplicationName: applicationName, ProtocolVersion: 1, ClientRole: clientRole, Password: password,
      AddpTimeout: addpTimeout, AddpRemoteTimeout: addpTimeout, Filter: this.options.filter, ...resume,
    };
  }

  #opened(event: TEvent): void {
    this.#token = event['SessionToken'] as string;
    this.#wasOpen = true;
    this.#startAddp();
    this.#emit({ msg: 'EventServerConnected', Resumed: event['Resumed'] });
  }

  #read(socket: Socket): void {
    const framer = new LineFramer();
    socket.removeAllListeners('error');
    socket.on('error', () => this.#lost(socket));
    socket.on('close', () => this.#lost(socket));
    socket.on('data', (chunk: Buffer) => {
      this.#heardAtMs = performance.now();
      if (!framer.push(chunk, (line) => this.#line(socket, line))) socket.destroy();
    });
  }

  #line(socket: Socket, line: string | undefined): void {
    const event = line === undefined ? undefined : decodeEvent(line);
    if (event === undefined) return;
    if (event.msg === 'AddpPing') return void socket.write(`{"msg":"AddpPong","n":${(event as { n: number }).n}}\n`);
    if (event.msg === 'AddpPong') return undefined;
    this.#event(event as TEvent);
    return undefined;
  }

  #event(event: TEvent): void {
    const number = event['EventSequenceNumber'] as number;
    // A session that could not be resumed counts from one again.
    if (event.msg === 'EventLinkConnected' && event['Resumed'] !== true) this.#lastSequence = number;
    else if (number > 0) this.#lastSequence = number;
    const reference = event['ReferenceID'] as number | undefined;
    const waiting = reference === undefined ? undefined : this.#waiting.get(reference);
    this.#emit(event);
    if (waiting === undefined) return;
    this.#waiting.delete(reference as number);
    clearTimeout(waiting.timer);
    if (event.msg === 'EventError') waiting.reject(new TlibRequestError(event['ErrorCode'] as number, event['ErrorMessage'] as string, event));
    else waiting.resolve(event);
  }

  #emit(event: TEvent): void {
    for (const handler of [...(this.#handlers.get(event.msg) ?? [])]) handler(event);
    for (const handler of [...(this.#handlers.get('*') ?? [])]) handler(event);
  }

  #startAddp(): void {
    clearInterval(this.#addp);
    const timeoutMs = (this.options.addpTimeout ?? 0) * 1_000;
    if (timeoutMs === 0) return;
    let n = 0;
    this.#heardAtMs = performance.now();
    this.#addp = setInterval(() => {
      if (performance.now() - this.#heardAtMs > timeoutMs) this.#socket?.destroy();
      else this.#socket?.write(`{"msg":"AddpPing","n":${n += 1}}\n`);
    }, timeoutMs / 2);
  }

  #lost(socket: Socket | undefined): void {
    if (socket === undefined || socket !== this.#socket) return;
    this.#socket = undefined;
    clearInterval(this.#addp);
    socket.destroy();
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new TlibRequestError(TError.OutOfService, 'the connection was lost'));
    }
    this.#waiting.clear();
    this.#emit({ msg: 'EventServerDisconnected' });
    if (!this.#closed && this.#wasOpen) this.#reconnect(this.#pace.lost());
  }

  /** One try at a time: a server that lets us in and then says nothing ends a try in two ways, as lost and as unanswered. */
  #reconnect(delayMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#openOnce().catch(() => {
        if (!this.#closed && this.#socket === undefined) this.#reconnect(this.#pace.failed());
      });
    }, delayMs);
  }
}

/** Objects become KV-lists. */
function plain(attributes: Attributes): Record<string, TAttribute> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, isSource(value) ? kv(value) : value]));
}

function isSource(value: TAttribute | KVSource): value is KVSource {
  return typeof value === 'object' && !Array.isArray(value) && !isTime(value);
}

const isTime = (value: object): value is TTime => 'sec' in value && 'usec' in value && Object.keys(value).length === 2;
