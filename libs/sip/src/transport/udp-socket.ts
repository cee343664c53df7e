/** One UDP socket. Sends to IP literals only, so that no name is ever looked up on the way out. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { FlowCache } from './flow-cache.js';
import type { Flow, ListeningAddress, TransportError } from './port.js';

/** The largest payload of an IPv4 datagram. */
const DATAGRAM_BYTES_MAX = 65_507;

export interface UdpEvents {
  /** Asked before anything of a datagram is read. */
  admits(host: string): boolean;
  onDatagram(text: string, flow: Flow): void;
  onEmpty(): void;
}

export interface UdpBuffers {
  readonly receiveBytes: number;
  readonly sendBytes: number;
}

export class UdpSocket {
  readonly address: ListeningAddress;
  readonly family: 4 | 6;
  readonly #socket: Socket;
  readonly #flows: FlowCache;
  readonly #events: UdpEvents;
  #closed = false;

  static listen(host: string, port: number, buffers: UdpBuffers, events: UdpEvents): Promise<UdpSocket> {
    const socket = createSocket({
      type: host.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: buffers.receiveBytes,
      sendBufferSize: buffers.sendBytes,
      lookup: literalOnly,
    });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port, address: host }, () => {
        socket.off('error', reject);
        resolve(new UdpSocket(socket, events));
      });
    });
  }

  private constructor(socket: Socket, events: UdpEvents) {
    const { address, port } = socket.address();
    this.#socket = socket;
    this.#events = events;
    this.address = { transport: 'udp', host: address, port };
    this.family = address.includes(':') ? 6 : 4;
    this.#flows = new FlowCache(address, port);
    socket.on('message', (data, from) => this.#onDatagram(data, from));
    // ICMP errors of one peer must not end the socket; what cannot be reached shows as a transaction time-out.
    socket.on('error', () => {});
  }

  /** The flow of a peer that did not come by the kernel. */
  flowOf(host: string, port: number): Flow {
    return this.#flows.get(host, port);
  }

  send(text: string, host: string, port: number, failed?: (error: TransportError) => void): void {
    if (this.#closed) return fail(failed, 'SIP_TRANSPORT_CLOSED', 'the transport is closed');
    if (text.length > DATAGRAM_BYTES_MAX) {
      return fail(failed, 'SIP_TRANSPORT_TOO_LARGE', `${text.length} bytes do not fit into a datagram`);
    }
    const bytes = Buffer.from(text, 'latin1');
    if (failed === undefined) return this.#socket.send(bytes, port, host);
    this.#socket.send(bytes, port, host, (error) => {
      if (error !== null) failed({ code: 'SIP_TRANSPORT_SEND', message: error.message });
    });
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #onDatagram(data: Buffer, from: RemoteInfo): void {
    if (!this.#events.admits(from.address)) return;
    // Keep-alives: CRLFs (RFC 5626 §4.4.1), zero bytes, or nothing at all.
    if (data.length <= 4) return this.#events.onEmpty();
    this.#events.onDatagram(data.toString('latin1'), this.#flows.get(from.address, from.port));
  }
}

function literalOnly(host: string, _options: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, host, host.includes(':') ? 6 : 4);
}

function fail(failed: ((error: TransportError) => void) | undefined, code: TransportError['code'], message: string): void {
  if (failed !== undefined) process.nextTick(failed, { code, message });
}
