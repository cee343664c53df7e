/** DNS over UDP. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

/** Answers a query, or nothing. */
export type QueryHandler = (query: Buffer, transport: 'udp' | 'tcp', source: string) => Buffer | undefined;

export class UdpListener {
  readonly #socket: Socket;

  constructor(private readonly handle: QueryHandler, host: string) {
    this.#socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    this.#socket.on('message', (query, from) => this.#received(query, from));
  }

  /** Resolves with the port; rejects when it cannot be had. */
  async listen(host: string, port: number): Promise<number> {
    this.#socket.bind(port, host);
    await once(this.#socket, 'listening');
    // An unreachable asker must not end the server.
    this.#socket.on('error', () => {});
    return this.#socket.address().port;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  #received(query: Buffer, from: RemoteInfo): void {
    const response = this.handle(query, 'udp', from.address);
    if (response !== undefined) this.#socket.send(response, from.port, from.address);
  }
}
