/** A client of a T-Library port on the simulated network: what the SDK does, on virtual time. */
import { EMPTY_KV, decodeEvent, encodeRequest, LineFramer, type TEvent } from '#tlib';
import { type Attributes, type TlibAddress, TlibRequestError } from '#tlib/client';
import type { Timer } from '#kernel';
import type { SimConnection, SimPorts } from '#simulation';
import type { RouterClient } from '../../../apps/router/src/router.js';

interface Waiting {
  readonly resolve: (event: TEvent) => void;
  readonly reject: (error: TlibRequestError) => void;
  readonly timer: Timer;
}

const TIMEOUT = 57;
const OUT_OF_SERVICE = 58;
const RECONNECT_MS = 500;

export class SimTlibClient implements RouterClient {
  readonly #handlers = new Map<string, Set<(event: TEvent) => void>>();
  readonly #waiting = new Map<number, Waiting>();
  #connection: SimConnection | undefined;
  #nextReference = 1;
  #closed = false;

  constructor(
    private readonly ports: SimPorts, private readonly address: string, private readonly applicationName: string, private readonly timeoutMs = 10_000,
  ) {}

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  on(name: string, handler: (event: TEvent) => void): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers.add(handler));
    return () => void handlers.delete(handler);
  }

  async connect(): Promise<TEvent> {
    const connection = this.ports.streams.connect(this.ports.node, this.address);
    const framer = new LineFramer();
    this.#connection = connection;
    connection.onData = (bytes) => void framer.push(bytes, (line) => this.#line(line));
    connection.onClose = () => this.#lost(connection);
    const opened = await this.request('RequestRegisterClient', { ApplicationName: this.applicationName, ProtocolVersion: 1 });
    this.#emit({ msg: 'EventServerConnected', Extensions: EMPTY_KV });
    return opened;
  }

  request(msg: string, attributes: Attributes = {}): Promise<TEvent> {
    return new Promise((resolve, reject) => {
      if (this.#connection === undefined) return reject(new TlibRequestError(OUT_OF_SERVICE, 'not connected'));
      const reference = this.#nextReference;
      this.#nextReference += 1;
      const timer = this.ports.clock.setTimer(this.timeoutMs, () => {
        this.#waiting.delete(reference);
        reject(new TlibRequestError(TIMEOUT, `${msg} was not answered`));
      });
      this.#waiting.set(reference, { resolve, reject, timer });
      this.#connection.write(encodeRequest({ msg, ReferenceID: reference, ...attributes }));
    });
  }

  registerAddress = (thisDN: string, more: Attributes = {}) => this.request('RequestRegisterAddress', { ThisDN: thisDN, ...more });
  routeCall = (thisDN: string, connID: string, otherDN: string, more: Attributes = {}) =>
    this.request('RequestRouteCall', { ThisDN: thisDN, ConnID: connID, OtherDN: otherDN, ...more });
  reserveAgent = (what: Attributes, priority: number, timeoutMs: number) =>
    this.request('RequestReserveAgent', { ...what, Priority: priority, Timeout: timeoutMs });
  sendEvent = (thisDN: string, userEvent: string, more: Attributes = {}) =>
    this.request('RequestSendEvent', { ThisDN: thisDN, UserEvent: userEvent, ...more });

  close(): void {
    this.#closed = true;
    const connection = this.#connection;
    connection?.close();
    if (connection !== undefined) this.#lost(connection);
  }

  /** Drops the connection and opens another. */
  reset(): void {
    const connection = this.#connection;
    connection?.close();
    if (connection !== undefined) this.#lost(connection);
  }

  #line(line: string | undefined): void {
    const event = line === undefined ? undefined : decodeEvent(line);
    if (event === undefined) return;
    const message = event as TEvent;
    this.#emit(message);
    const reference = message['ReferenceID'] as number | undefined;
    const waiting = reference === undefined ? undefined : this.#waiting.get(reference);
    if (waiting === undefined) return;
    this.#waiting.delete(reference as number);
    waiting.timer.cancel();
    if (message.msg !== 'EventError') return waiting.resolve(message);
    waiting.reject(new TlibRequestError(message['ErrorCode'] as number, String(message['ErrorMessage']), message));
  }

  #emit(event: TEvent): void {
    for (const handler of [...this.#handlers.get(event.msg) ?? []]) handler(event);
    for (const handler of [...this.#handlers.get('*') ?? []]) handler(event);
  }

  #lost(connection: SimConnection): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    for (const { reject, timer } of this.#waiting.values()) {
      timer.cancel();
      reject(new TlibRequestError(OUT_OF_SERVICE, 'the connection was lost'));
    }
    this.#waiting.clear();
    this.#emit({ msg: 'EventServerDisconnected', Extensions: EMPTY_KV });
    if (!this.#closed) this.#reconnect();
  }

  #reconnect(): void {
    this.ports.clock.setTimer(RECONNECT_MS, () => {
      if (this.#closed || this.#connection !== undefined) return;
      this.connect().catch(() => {});
    });
  }
}

export const addressOf = ({ host, port }: TlibAddress): string => `${host}:${port}`;
