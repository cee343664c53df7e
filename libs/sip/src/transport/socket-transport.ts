/** `SipTransport` over UDP, TCP and TLS sockets. */
import { networkInterfaces } from 'node:os';
import type { Clock, Log, Meter, Result } from '#kernel';
import type { SipMessage, SipRequest } from '../message/message.js';
import type { SipParseError } from '../parser/error.js';
import type { ParseLimits } from '../parser/limits.js';
import { parseMessage } from '../parser/parse-message.js';
import type { LocalReceiver, LocalSipNetwork } from './local-network.js';
import {
  type Flow, flowKey, isFlow, type ListeningAddress, type SipTransport, type Target, type TransportError,
} from './port.js';
import { Streams, type TlsOptions } from './streams.js';
import { TransportMetrics } from './transport-metrics.js';
import { UdpSocket } from './udp-socket.js';
import { stampMessage, type StampPolicy, stampVia } from './via-stamp.js';

export interface SocketTransportOptions {
  /** What to listen on. Port 0 takes a free one; `listening` says which. */
  readonly listen: readonly ListeningAddress[];
  readonly limits?: ParseLimits;
  readonly tls?: TlsOptions;
  /** When the top Via of a request gets `received` and `rport`. Default: `asked`, as RFC 3581 says. */
  readonly stamp?: StampPolicy;
  /** TCP and TLS connections open at a time; more are refused. Default 10,000. */
  readonly connectionsMax?: number;
  /** Default 15 minutes: a phone that registers over TCP refreshes more often. */
  readonly idleMs?: number;
  /** Default 5 s: leaves time for another target within a transaction. */
  readonly connectTimeoutMs?: number;
  /** Per connection, waiting for a peer to read; beyond it the connection is closed. Default 1 MB. */
  readonly bufferedBytesMax?: number;
  /** Kernel buffer of each UDP socket; the system may grant less. Default 4 MB. */
  readonly udpBufferBytes?: number;
}

export interface SocketTransportPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Whether to listen to that host. What it refuses is dropped unread and its connections are closed. Default: everybody. */
  readonly admits?: ((host: string) => boolean) | undefined;
  /** Joins transports of this process without the kernel. */
  readonly network?: LocalSipNetwork | undefined;
}

type Failed = (error: TransportError) => void;

export class SocketTransport implements SipTransport, LocalReceiver {
  onMessage: (message: SipMessage, flow: Flow) => void = () => {};
  onMalformed: (error: SipParseError, flow: Flow) => void = () => {};
  onFlowLost: (flow: Flow) => void = () => {};

  readonly #listening: ListeningAddress[] = [];
  readonly #udp: UdpSocket[] = [];
  readonly #streams: Streams;
  readonly #metrics: TransportMetrics;
  readonly #limits: ParseLimits | undefined;
  readonly #stamp: StampPolicy;
  readonly #network: LocalSipNetwork | undefined;
  readonly #admits: (host: string) => boolean;
  readonly #local: ListeningAddress[] = [];
  readonly #localFlows = new Map<string, Flow>();
  #closed = false;

  /** Resolves when every port listens; otherwise rejects with the address that cannot be had, and leaves nothing open. */
  static async listen(options: SocketTransportOptions, ports: SocketTransportPorts): Promise<SocketTransport> {
    const transport = new SocketTransport(options, ports);
    for (const address of options.listen) {
      try {
        await transport.#listen(address, options.udpBufferBytes ?? 4 * 1024 * 1024);
      } catch (cause) {
        await transport.close();
        const { transport: name, host, port } = address;
        throw new Error(`cannot listen on ${name} ${host}:${port}: ${(cause as Error).message}`, { cause });
      }
    }
    return transport;
  }

  private constructor(options: SocketTransportOptions, ports: SocketTransportPorts) {
    this.#metrics = new TransportMetrics(ports.meter);
    this.#limits = options.limits;
    this.#stamp = options.stamp ?? 'asked';
    this.#network = ports.network;
    this.#admits = (host) => {
      const admitted = ports.admits?.(host) ?? true;
      if (!admitted) this.#metrics.unread.add();
      return admitted;
    };
    this.#streams = new Streams(ports.clock, this.#metrics, {
      limits: options.limits,
      tls: options.tls,
      connectionsMax: options.connectionsMax ?? 10_000,
      idleMs: options.idleMs ?? 15 * 60_000,
      connectTimeoutMs: options.connectTimeoutMs ?? 5000,
      bufferedBytesMax: options.bufferedBytesMax ?? 1024 * 1024,
      ownHosts: options.listen.map(({ host }) => host).filter((host) => host !== '0.0.0.0' && host !== '::'),
    }, {
      admits: this.#admits,
      onFramed: (message, flow) => this.#onFramed(message, flow),
      onFlowLost: (flow) => this.onFlowLost(flow),
    });
    ports.meter.gauge('sip_connections', 'Open TCP and TLS connections', () => this.#streams.size);
  }

  get listening(): readonly ListeningAddress[] {
    return this.#listening;
  }

  send(bytes: string, to: Target | Flow, failed?: Failed): void {
    if (this.#closed) return fail(failed, 'SIP_TRANSPORT_CLOSED', 'the transport is closed');
    if (this.#network !== undefined && this.#deliverLocally(this.#network, bytes, to)) return;
    this.#metrics.sent[to.transport].add();
    if (to.transport !== 'udp') return this.#streams.send(bytes, to, failed);
    const socket = this.#udpSocketFor(to);
    if (socket !== undefined) return socket.send(bytes, to.host, to.port, failed);
    fail(failed, 'SIP_TRANSPORT_NO_SOCKET', `no UDP socket can reach ${to.host}`);
  }

  /** A message of another transport of this process. */
  receiveLocal(bytes: string, from: ListeningAddress): void {
    if (!this.#closed) this.#onText(bytes, this.#localFlow(from));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const address of this.#local) this.#network?.unregister(address, this);
    await Promise.all([this.#streams.close(), ...this.#udp.map((socket) => socket.close())]);
  }

  async #listen(address: ListeningAddress, udpBufferBytes: number): Promise<void> {
    const { transport, host, port } = address;
    if (transport === 'udp') {
      const socket = await UdpSocket.listen(host, port, { receiveBytes: udpBufferBytes, sendBytes: udpBufferBytes }, {
        admits: this.#admits,
        onDatagram: (text, flow) => this.#onText(text, flow),
        onEmpty: () => this.#metrics.keepAlives.add(),
      });
      this.#udp.push(socket);
      this.#listening.push(socket.address);
    } else {
      this.#listening.push(await this.#streams.listen(transport, host, port));
    }
    this.#joinNetwork(this.#listening.at(-1) as ListeningAddress);
  }

  #joinNetwork(bound: ListeningAddress): void {
    if (this.#network === undefined) return;
    for (const host of addressesOf(bound.host)) {
      const address = { transport: bound.transport, host, port: bound.port };
      this.#local.push(address);
      this.#network.register(address, this);
    }
  }

  /** We appear as our own listening address of that transport, so that the other side can answer there. */
  #deliverLocally(network: LocalSipNetwork, bytes: string, to: Target | Flow): boolean {
    const from = this.#local.find((address) => address.transport === to.transport && address.host === to.host)
      ?? this.#local.find((address) => address.transport === to.transport);
    return from !== undefined && network.deliver(bytes, from, to);
  }

  #localFlow(from: ListeningAddress): Flow {
    const key = flowKey(from.transport, from.host, from.port);
    let flow = this.#localFlows.get(key);
    if (flow === undefined) {
      const own = this.#local.find((address) => address.transport === from.transport) ?? from;
      flow = { ...from, key, localHost: own.host, localPort: own.port };
      this.#localFlows.set(key, flow);
    }
    return flow;
  }

  #onText(text: string, flow: Flow): void {
    this.#metrics.received[flow.transport].add();
    const stamped = stampMessage(text, flow, this.#stamp);
    const parsed = parseMessage(stamped.text, this.#limits);
    const back = withReplyPort(flow, stamped.replyPort);
    if (parsed.ok) this.onMessage(parsed.value, back);
    else this.onMalformed(parsed.error, back);
  }

  #onFramed(message: Result<SipMessage, SipParseError>, flow: Flow): void {
    if (!message.ok) this.onMalformed(message.error, flow);
    else if (message.value.kind === 'response') this.onMessage(message.value, flow);
    else this.onMessage(this.#stamped(message.value, flow), flow);
  }

  /** On a connection responses need no port, so most requests stay as they are. */
  #stamped(request: SipRequest, flow: Flow): SipMessage {
    const via = request.values('Via')[0];
    if (via === undefined) return request;
    const { text } = stampVia(via, flow, this.#stamp);
    return text === via ? request : request.edit().replaceFirst('Via', text).build();
  }

  #udpSocketFor(to: Target | Flow): UdpSocket | undefined {
    const first = this.#udp[0];
    if (this.#udp.length === 1 || first === undefined) return first;
    const family = to.host.includes(':') ? 6 : 4;
    for (const socket of this.#udp) {
      const { address } = socket;
      if (isFlow(to) ? address.port === to.localPort && address.host === to.localHost : socket.family === family) return socket;
    }
    return undefined;
  }
}

function withReplyPort(flow: Flow, replyPort: number | undefined): Flow {
  return replyPort === undefined || flow.transport !== 'udp' ? flow : { ...flow, replyPort };
}

/** The literal addresses that reach a socket bound to `host`. */
function addressesOf(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host];
  return Object.values(networkInterfaces()).flatMap((list) => list ?? []).map((each) => each.address);
}

function fail(failed: Failed | undefined, code: TransportError['code'], message: string): void {
  if (failed !== undefined) process.nextTick(failed, { code, message });
}

