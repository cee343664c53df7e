/** The port between the transaction layer and whatever carries bytes: sockets, the process itself, a simulated network. */
import type { SipMessage } from '../message/message.js';
import type { SipParseError } from '../parser/error.js';

export type TransportName = 'udp' | 'tcp' | 'tls';

/** An address to send to. Nothing below this line resolves names: `host` is an IP literal. */
export interface Target {
  readonly transport: TransportName;
  readonly host: string;
  readonly port: number;
  /** The name the certificate must show (RFC 5922 §7.2). Without it the certificate must show `host`. */
  readonly serverName?: string;
  /** A UDP target that must not be tried by TCP, however large the request (RFC 3261 §18.1.1). */
  readonly udpOnly?: boolean;
}

/** Where a message came from, and the way back. */
export interface Flow {
  readonly transport: TransportName;
  readonly localHost: string;
  readonly localPort: number;
  /** The remote end as we see it, not as it calls itself. */
  readonly host: string;
  readonly port: number;
  /** `udp:127.0.0.1:5090`: stable per remote and transport. A TCP or TLS flow dies with its connection. */
  readonly key: string;
  /**
   * Where responses go when not to `port`: the sender of this request listens elsewhere and did not ask for `rport`
   * (RFC 3261 §18.2.2). UDP only.
   */
  readonly replyPort?: number;
}

export type TransportErrorCode =
  | 'SIP_TRANSPORT_NO_SOCKET'
  | 'SIP_TRANSPORT_CONNECT'
  | 'SIP_TRANSPORT_CONNECTION_LOST'
  | 'SIP_TRANSPORT_FULL'
  | 'SIP_TRANSPORT_TOO_LARGE'
  | 'SIP_TRANSPORT_SEND'
  | 'SIP_TRANSPORT_CLOSED';

/** Why bytes did not leave. `message` is a sentence for operators. */
export interface TransportError {
  readonly code: TransportErrorCode;
  readonly message: string;
}

export interface ListeningAddress {
  readonly transport: TransportName;
  readonly host: string;
  readonly port: number;
}

export interface SipTransport {
  /** Sends; opens a connection if there is none. `failed` is called at most once, never synchronously. */
  send(bytes: string, to: Target | Flow, failed?: (error: TransportError) => void): void;
  /** Set by the layer above. The message is parsed; a request's top Via says where it came from (RFC 3581 §4). */
  onMessage: (message: SipMessage, flow: Flow) => void;
  onMalformed: (error: SipParseError, flow: Flow) => void;
  onFlowLost: (flow: Flow) => void;
  readonly listening: readonly ListeningAddress[];
  close(): Promise<void>;
}

/** A TCP connection that carries no SIP: it tells that somebody listens, and when nobody does any more. */
export interface IdleLine {
  /** The keep-alive of RFC 5626 §4.4.1. */
  ping(): void;
  /** Nothing is told after that. */
  close(): void;
}

export interface IdleLineEvents {
  opened(): void;
  /** Once, also instead of `opened`. A sentence for operators. */
  closed(reason: string): void;
}

export interface IdleLines {
  /** The events come later, never from within. `host` is an IP literal. */
  dial(host: string, port: number, events: IdleLineEvents): IdleLine;
}

export function isFlow(to: Target | Flow): to is Flow {
  return (to as Flow).key !== undefined;
}

/** What a flow or a target is known by: `transport:host:port`. */
export function flowKey(transport: TransportName, host: string, port: number): string {
  return `${transport}:${host}:${port}`;
}
