/**
 * From half to half without a bus: heartbeats and their answers as datagrams, so that a pair keeps its primary while NATS is away
 * (docs/specs/pairs.md). They go to the number of a T-Library port, which is TCP's; UDP of that number is free.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { PairMessage } from '#cluster';
import type { PairPlace } from '#config';
import type { Log } from '#kernel';

export interface HalfLink {
  onMessage: (message: PairMessage) => void;
  send(message: PairMessage): void;
  close(): void;
}

const PORT_IDS = ['TCport', 'default', 'IPport', 'SmartProxy'];
const KINDS = ['beat', 'claim', 'ack', 'yours'];

export class PairLink implements HalfLink {
  onMessage: (message: PairMessage) => void = () => {};

  private constructor(private readonly socket: Socket, private readonly place: PairPlace, private readonly port: number) {
    socket.on('message', (bytes, { address }) => this.#received(bytes, address));
  }

  /** Undefined when the halves have no T-Library port, or when the datagrams' port is taken: then the bus has to do. */
  static open(place: PairPlace, log: Log): Promise<PairLink | undefined> {
    const { own, other } = place;
    const id = PORT_IDS.find((each) => (own.ports.get(each) ?? 0) > 0 && (other.ports.get(each) ?? 0) > 0);
    if (id === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const socket = createSocket(isIPv6(own.host) ? 'udp6' : 'udp4');
      socket.once('error', (error) => {
        log.error('the halves of the pair speak over the bus only', { host: own.host, port: own.ports.get(id) ?? 0, error: String(error) });
        socket.close();
        resolve(undefined);
      });
      socket.bind({ address: own.host, port: own.ports.get(id) as number, exclusive: true }, () => {
        socket.removeAllListeners('error');
        // What cannot be sent is lost, as any datagram may be.
        socket.on('error', () => {});
        resolve(new PairLink(socket, place, other.ports.get(id) as number));
      });
    });
  }

  send(message: PairMessage): void {
    this.socket.send(JSON.stringify(message), this.port, this.place.other.host, () => {});
  }

  close(): void {
    this.socket.close();
  }

  #received(bytes: Buffer, address: string): void {
    if (address !== this.place.other.host) return;
    const message = read(bytes);
    if (message !== undefined && message.from === this.place.other.process) this.onMessage(message);
  }
}

function read(bytes: Buffer): PairMessage | undefined {
  try {
    const message = JSON.parse(bytes.toString('utf8')) as PairMessage | null;
    const isOurs = message !== null && KINDS.includes(message.kind) && Number.isSafeInteger(message.epoch)
      && (message.kind === 'yours' || Number.isFinite(message.askedMs));
    return isOurs ? message : undefined;
  } catch {
    return undefined;
  }
}
