/**
 * A client of a T-Library port: requests as promises, events by name, reconnect and resume by itself.
 * `EventServerConnected` and `EventServerDisconnected` are made here, as T-Library's own client library does.
 */
import { connect, type Socket } from 'node:net';
import { decodeEvent } from '../codec/decode.js';
import { encodeRequest } from '../codec/encode.js';
import { LineFramer } from '../codec/line-framer.js';
import type { TAttribute, TEvent } from '../message.js';

export interface TlibAddress {
  readonly host: string;
  readonly port: number;
}

export interface TlibClientOptions {
  /** Tried in turn: primary and backup of a pair. */
  readonly addresses: readonly TlibAddress[];
  readonly applicationName: string;
  readonly clientRole?: 'Standard' | 'Smart' | 'InteractionProxy';
  readonly password?: string;
  /** Seconds of silence after which the connection counts as lost; 0 = off. */
  readonly addpTimeout?: number;
  /** How long a request may stay unanswered. */
  readonly requestTimeoutMs?: number;
  readonly reconnectDelayMs?: number;
  /** `connect` goes on until a server answers: for programs that start when they like. A refusal still rejects. */
  readonly keepTrying?: boolean;
}

/** An EventError, or that no answer came. */
export class TlibRequestError extends Error {
  constructor(readonly code: number, text: string, readonly event?: TEvent) {
    super(text);
  }
}

type Handler = (event: TEvent) => void;
export type Attributes = Readonly<Record<string, TAttribute>>;

interface Waiting {
  readonly resolve: (event: TEvent) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const TIMEOUT_CODE = 57;
const OUT_OF_SERVICE_CODE = 58;
const RECONNECT_DELAY_MS = 500;

export class TlibClient {
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly #waiting = new Map<number, Waiting>();
  #socket: Socket | undefined;
  #nextReference = 1;
  #nextAddress = 0;
  #token: string | undefined;
  #lastSequence = 0;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;
  #addp: NodeJS.Timeout | undefined;
  #heardAtMs = 0;

  constructor(private readonly options: TlibClientOptions) {}

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
        if (triedAll) await this.#pause();
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

  /** The next event that fits. */
  next(name: string, fits: (event: TEvent) => boolean = () => true, timeoutMs = 5_000): Promise<TEvent> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        stop();
        reject(new TlibRequestError(TIMEOUT_CODE, `no ${name} within ${timeoutMs} ms`));
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
  request(msg: string, attributes: Attributes = {}): Promise<TEvent> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      if (socket === undefined) {
        reject(new TlibRequestError(OUT_OF_SERVICE_CODE, 'not connected'));
        return;
      }
      const reference = this.#nextReference;
      this.#nextReference += 1;
      const timer = setTimeout(() => {
        this.#waiting.delete(reference);
        reject(new TlibRequestError(TIMEOUT_CODE, `${msg} was not answered`));
      }, this.options.requestTimeoutMs ?? 10_000);
      this.#waiting.set(reference, { resolve, reject, timer });
      socket.write(encodeRequest({ msg, ReferenceID: reference, ...attributes }));
    });
  }

  registerAddress = (thisDN: string, more: Attributes = {}) => this.request('RequestRegisterAddress', { ThisDN: thisDN, ...more });
  unregisterAddress = (thisDN: string) => this.request('RequestUnregisterAddress', { ThisDN: thisDN });
  agentLogin = (thisDN: string, agentID: string, more: Attributes = {}) => this.request('RequestAgentLogin', { ThisDN: thisDN, AgentID: agentID, ...more });
  agentLogout = (thisDN: string) => this.request('RequestAgentLogout', { ThisDN: thisDN });
  agentReady = (thisDN: string, more: Attributes = {}) => this.request('RequestAgentReady', { ThisDN: thisDN, ...more });
  agentNotReady = (thisDN: string, more: Attributes = {}) => this.request('RequestAgentNotReady', { ThisDN: thisDN, ...more });
  makeCall = (thisDN: string, otherDN: string, more: Attributes = {}) => this.request('RequestMakeCall', { ThisDN: thisDN, OtherDN: otherDN, ...more });
  answerCall = (thisDN: string, connID: string) => this.request('RequestAnswerCall', { ThisDN: thisDN, ConnID: connID });
  releaseCall = (thisDN: string, connID: string) => this.request('RequestReleaseCall', { ThisDN: thisDN, ConnID: connID });
  holdCall = (thisDN: string, connID: string) => this.request('RequestHoldCall', { ThisDN: thisDN, ConnID: connID });
  retrieveCall = (thisDN: string, connID: string) => this.request('RequestRetrieveCall', { ThisDN: thisDN, ConnID: connID });
  routeCall = (thisDN: string, connID: string, otherDN: string, more: Attributes = {}) =>
    this.request('RequestRouteCall', { ThisDN: thisDN, ConnID: connID, OtherDN: otherDN, ...more });
  /** `what` names the agent by ThisDN, AgentID or Place; `timeoutMs` is the length of the reservation. */
  reserveAgent = (what: Attributes, priority: number, timeoutMs: number) =>
    this.request('RequestReserveAgent', { ...what, Priority: priority, Timeout: timeoutMs });
  sendEvent = (thisDN: string, userEvent: string, more: Attributes = {}) =>
    this.request('RequestSendEvent', { ThisDN: thisDN, UserEvent: userEvent, ...more });

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#lost(this.#socket);
  }

  /** Cuts the connection without saying goodbye; the client comes back by itself. For drills and tests. */
  cut(): void {
    this.#socket?.destroy();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => { this.#retry = setTimeout(resolve, this.options.reconnectDelayMs ?? RECONNECT_DELAY_MS); });
  }

  #openOnce(): Promise<TEvent> {
    const address = this.options.addresses[this.#nextAddress % this.options.addresses.length] as TlibAddress;
    this.#nextAddress += 1;
    return new Promise((resolve, reject) => {
      const socket = connect(address);
      const failed = (error: Error) => reject(new TlibRequestError(OUT_OF_SERVICE_CODE, `${address.host}:${address.port}: ${error.message}`));
      socket.setNoDelay(true);
      socket.once('error', failed);
      socket.once('connect', () => {
        this.#socket = socket;
        this.#read(socket);
        this.request('RequestRegisterClient', this.#opening()).then((event) => {
          this.#opened(event);
          resolve(event);
        }, (error: Error) => {
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
      AddpTimeout: addpTimeout, AddpRemoteTimeout: addpTimeout, ...resume,
    };
  }

  #opened(event: TEvent): void {
    this.#token = event['SessionToken'] as string;
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
      reject(new TlibRequestError(OUT_OF_SERVICE_CODE, 'the connection was lost'));
    }
    this.#waiting.clear();
    this.#emit({ msg: 'EventServerDisconnected' });
    if (!this.#closed && this.#token !== undefined) this.#reconnect();
  }

  #reconnect(): void {
    this.#retry = setTimeout(() => {
      this.#openOnce().catch(() => {
        if (!this.#closed && this.#socket === undefined) this.#reconnect();
      });
    }, this.options.reconnectDelayMs ?? RECONNECT_DELAY_MS);
  }
}
