/** One TCP or TLS connection: frames what it reads, holds back what it cannot write yet. */
import type { Socket } from 'node:net';
import type { Result } from '#kernel';
import type { SipMessage } from '../message/message.js';
import type { SipParseError } from '../parser/error.js';
import type { ParseLimits } from '../parser/limits.js';
import { StreamFramer } from '../parser/stream-framer.js';
import { type Flow, flowKey, type TransportError, type TransportName } from './port.js';

export interface ConnectionEvents {
  onFramed(message: Result<SipMessage, SipParseError>, connection: Connection): void;
  onKeepAlive(connection: Connection): void;
  /** Once, when it will carry nothing any more. */
  onClosed(connection: Connection, wasOpen: boolean): void;
  /** The peer does not read. */
  onSlow(connection: Connection): void;
}

export interface ConnectionInit {
  readonly transport: TransportName;
  /** The remote end as dialled, or as accepted. */
  readonly host: string;
  readonly port: number;
  readonly socket: Socket;
  readonly limits: ParseLimits | undefined;
  readonly open: boolean;
  /** Bytes that may wait for the peer or for the connection. */
  readonly bufferedBytesMax: number;
  readonly nowMs: number;
}

type Failed = (error: TransportError) => void;

interface Waiting {
  readonly bytes: string;
  readonly failed: Failed | undefined;
}

export class Connection {
  readonly key: string;
  readonly transport: TransportName;
  readonly host: string;
  readonly port: number;
  lastUsedMs: number;
  readonly #socket: Socket;
  readonly #framer: StreamFramer;
  readonly #events: ConnectionEvents;
  readonly #bufferedBytesMax: number;
  #state: 'connecting' | 'open' | 'closed';
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #flow: Flow | undefined;
  #reason = 'the peer closed the connection';

  constructor(init: ConnectionInit, events: ConnectionEvents) {
    this.transport = init.transport;
    this.host = init.host;
    this.port = init.port;
    this.key = flowKey(init.transport, init.host, init.port);
    this.lastUsedMs = init.nowMs;
    this.#socket = init.socket;
    this.#framer = new StreamFramer({
      onMessage: (message) => {
        if (this.#state !== 'closed') this.#events.onFramed(message, this);
      },
      onPing: () => this.#events.onKeepAlive(this),
    }, init.limits);
    this.#events = events;
    this.#bufferedBytesMax = init.bufferedBytesMax;
    this.#state = init.open ? 'open' : 'connecting';
    this.#listen();
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get flow(): Flow {
    this.#flow ??= {
      transport: this.transport, host: this.host, port: this.port, key: this.key,
      localHost: plainAddress(this.#socket.localAddress ?? ''), localPort: this.#socket.localPort ?? 0,
    };
    return this.#flow;
  }

  send(bytes: string, nowMs: number, failed: Failed | undefined): void {
    this.lastUsedMs = nowMs;
    if (this.#state === 'open') return this.#write(bytes, failed);
    if (this.#state === 'closed') return fail(failed, 'SIP_TRANSPORT_CONNECTION_LOST', this.#reason);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes <= this.#bufferedBytesMax) this.#waiting.push({ bytes, failed });
    else fail(failed, 'SIP_TRANSPORT_FULL', `more than ${this.#bufferedBytesMax} bytes wait for ${this.key}`);
  }

  /** RFC 5626 §4.4.1: the answer to a double CRLF. A peer that pings and does not read is let go like any other. */
  pong(): void {
    if (this.#state === 'open') this.#write('\r\n', undefined);
  }

  /** @param reason a sentence for those whose messages are lost */
  close(reason: string): void {
    this.#reason = reason;
    this.#socket.destroy();
    this.#closed();
  }

  /** After what is written has left. */
  end(): void {
    this.#socket.end();
  }

  /** A TCP connection is open when connected, a TLS one when the certificates were exchanged. */
  opened(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { bytes, failed } of waiting) this.#write(bytes, failed);
  }

  #listen(): void {
    const socket = this.#socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', (error: Error) => {
      this.#reason = error.message;
    });
    socket.on('close', () => this.#closed());
  }

  #onData(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    if (this.#framer.push(chunk) === 'close') {
      this.#reason = 'the peer broke the framing of RFC 3261 §18.3';
      this.end();
    }
  }

  #write(bytes: string, failed: Failed | undefined): void {
    if (this.#socket.writableLength > this.#bufferedBytesMax) {
      fail(failed, 'SIP_TRANSPORT_FULL', `${this.key} does not read`);
      this.#events.onSlow(this);
      return;
    }
    if (failed === undefined) {
      this.#socket.write(bytes, 'latin1');
      return;
    }
    this.#socket.write(bytes, 'latin1', (error) => {
      if (error) failed({ code: 'SIP_TRANSPORT_CONNECTION_LOST', message: error.message });
    });
  }

  #closed(): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { failed } of waiting) fail(failed, 'SIP_TRANSPORT_CONNECT', `${this.key}: ${this.#reason}`);
    this.#events.onClosed(this, wasOpen);
  }
}

/** An IPv4 peer of a dual-stack socket under its own name. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

function fail(failed: Failed | undefined, code: TransportError['code'], message: string): void {
  if (failed !== undefined) process.nextTick(failed, { code, message });
}
