/** DNS over TCP (RFC 7766): two bytes of length before each message, several queries on one connection. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { QueryHandler } from './udp-listener.js';

const CONNECTIONS_MAX = 256;
/** RFC 7766 §6.2.3: idle connections are closed after seconds, not minutes. */
const IDLE_MS = 10_000;
const QUERY_BYTES_MAX = 4_096;
/** Unread answers of one connection; who does not read is cut off. */
const UNSENT_BYTES_MAX = 262_144;
const LENGTH_BYTES = 2;

export class TcpListener {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  constructor(private readonly handle: QueryHandler) {
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Resolves with the port; rejects when it cannot be had. */
  async listen(host: string, port: number): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    let unread: Buffer = Buffer.alloc(0);
    this.#connections.add(socket);
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('data', (chunk) => {
      unread = this.#consume(unread.length === 0 ? chunk : Buffer.concat([unread, chunk]), socket);
    });
  }

  /** Answers every whole query and gives back the rest. */
  #consume(bytes: Buffer, socket: Socket): Buffer {
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = bytes.readUInt16BE(at);
      if (length > QUERY_BYTES_MAX) {
        socket.destroy();
        return Buffer.alloc(0);
      }
      if (bytes.length - at < LENGTH_BYTES + length) break;
      this.#answer(bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length), socket);
      at += LENGTH_BYTES + length;
    }
    return Buffer.from(bytes.subarray(at));
  }

  #answer(query: Buffer, socket: Socket): void {
    const response = this.handle(query, 'tcp', socket.remoteAddress ?? '');
    if (response === undefined || socket.writableLength > UNSENT_BYTES_MAX) {
      socket.destroy();
      return;
    }
    const framed = Buffer.allocUnsafe(LENGTH_BYTES + response.length);
    framed.writeUInt16BE(response.length, 0);
    response.copy(framed, LENGTH_BYTES);
    socket.write(framed);
  }
}
