/** A UDP socket of the load. */
import { createSocket, type Socket } from 'node:dgram';

const BUFFER_BYTES = 4 * 1024 * 1024;

export class UdpEnd {
  onMessage: (text: string, host: string, port: number) => void = () => {};

  static open(host: string, port: number): Promise<UdpEnd> {
    const socket = createSocket({
      type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES, lookup: (name, _options, done) => done(null, name, 4),
    });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, host, () => resolve(new UdpEnd(socket, host, port)));
    });
  }

  private constructor(private readonly socket: Socket, readonly host: string, readonly port: number) {
    socket.on('message', (bytes, from) => this.onMessage(bytes.toString('latin1'), from.address, from.port));
  }

  send(text: string, host: string, port: number): void {
    this.socket.send(Buffer.from(text, 'latin1'), port, host);
  }

  close(): Promise<void> {
    return new Promise((resolve) => { this.socket.close(resolve); });
  }
}
