/** For specs: a transport that remembers what was sent, and messages to feed it with. */
import { CountingMeter, silentLog } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import { makeRequest, type RequestParts } from '../message/make.js';
import type { SipMessage, SipRequest, SipResponse } from '../message/message.js';
import type { SipParseError } from '../parser/error.js';
import { parseMessage } from '../parser/parse-message.js';
import {
  type Flow, flowKey, type ListeningAddress, type SipTransport, type Target, type TransportError, type TransportName,
} from '../transport/port.js';
import { TransactionLayer, type TransactionLayerOptions } from './transaction-layer.js';

export interface Sent {
  readonly bytes: string;
  readonly to: Target | Flow;
  readonly failed: ((error: TransportError) => void) | undefined;
}

export class FakeTransport implements SipTransport {
  onMessage: (message: SipMessage, flow: Flow) => void = () => {};
  onMalformed: (error: SipParseError, flow: Flow) => void = () => {};
  onFlowLost: (flow: Flow) => void = () => {};
  readonly sent: Sent[] = [];
  readonly listening: ListeningAddress[] = [
    { transport: 'udp', host: '10.0.0.1', port: 5060 }, { transport: 'tcp', host: '10.0.0.1', port: 5060 },
  ];

  send(bytes: string, to: Target | Flow, failed?: (error: TransportError) => void): void {
    this.sent.push({ bytes, to, failed });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Start lines sent since the last call. */
  takeLines(): string[] {
    return this.take().map((message) => startLine(message));
  }

  take(): SipMessage[] {
    return this.sent.splice(0).map(({ bytes }) => parsed(bytes));
  }

  receive(message: SipMessage | string, flow: Flow = flowFrom()): void {
    this.onMessage(typeof message === 'string' ? parsed(message) : message, flow);
  }
}

export function flowFrom(host = '192.0.2.1', port = 5060, transport: TransportName = 'udp'): Flow {
  return { transport, host, port, key: flowKey(transport, host, port), localHost: '10.0.0.1', localPort: 5060 };
}

export const TARGET: Target = { transport: 'udp', host: '192.0.2.9', port: 5060 };

export function parsed(bytes: string): SipMessage {
  const result = parseMessage(bytes);
  if (!result.ok) throw new Error(`${result.error.message}\n${bytes}`);
  return result.value;
}

export function startLine(message: SipMessage): string {
  return message.kind === 'request' ? `${message.method} ${message.uri}` : `${message.status} ${message.cseq.method}`;
}

/** A request as it arrives; with `via: undefined`, as one leaves. */
export function request(method: string, over: {
  via?: string | null; toTag?: string; cseq?: number; uri?: string; callId?: string; headers?: RequestParts['headers']; body?: string;
} = {}): SipRequest {
  const via = over.via === undefined ? 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-one' : over.via;
  return makeRequest({
    method, uri: over.uri ?? 'sip:bob@example.com', headers: [
      ...(via === null ? [] : [['Via', via] as const]),
      ['Max-Forwards', '70'],
      ['From', '<sip:alice@example.com>;tag=a1'],
      ['To', `<sip:bob@example.com>${over.toTag === undefined ? '' : `;tag=${over.toTag}`}`],
      ['Call-ID', over.callId ?? 'call-1@192.0.2.1'],
      ['CSeq', `${over.cseq ?? 1} ${method}`],
      ['Contact', '<sip:alice@192.0.2.1:5060>'],
      ...(over.headers ?? []),
    ],
    ...(over.body === undefined ? {} : { contentType: 'application/sdp', body: over.body }),
  });
}

export interface Bench {
  readonly clock: VirtualClock;
  readonly transport: FakeTransport;
  readonly meter: CountingMeter;
  readonly layer: TransactionLayer;
}

export function makeBench(options: TransactionLayerOptions = {}): Bench {
  const clock = new VirtualClock();
  const transport = new FakeTransport();
  const meter = new CountingMeter();
  const layer = new TransactionLayer({ transport, clock, entropy: new SeededEntropy(1), log: silentLog, meter }, options);
  return { clock, transport, meter, layer };
}

/** A client user that writes down what it hears. */
export class Heard {
  readonly lines: string[] = [];
  readonly responses: SipResponse[] = [];

  onResponse(response: SipResponse): void {
    this.lines.push(String(response.status));
    this.responses.push(response);
  }

  onFailure(reason: string): void {
    this.lines.push(reason);
  }
}
