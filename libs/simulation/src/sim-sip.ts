/** `SipTransport` over the simulated network: datagrams may be lost, doubled and overtaken, connections die with their ends. */
import type { Result } from '#kernel';
import type { Flow, ListeningAddress, SipTransport, Target, TransportError } from '#sip';
import type { SimulatedNetwork } from './network.js';
import type { SimNode } from './node.js';

type Message = Parameters<SipTransport['onMessage']>[0];
type ParseError = Parameters<SipTransport['onMalformed']>[0];

/**
 * Makes a message of what arrived, as a socket transport does: stamps `received` and `rport` (RFC 3581 §4), then parses.
 * Given by the caller, so that each process reads with its own limits and policy.
 */
export type SipReader = (bytes: string, source: { readonly host: string; readonly port: number }) => Result<Message, ParseError>;

const FIRST_EPHEMERAL_PORT = 32_768;

export class SimSipNetwork {
  readonly #bound = new Map<string, SimSipTransport>();
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(readonly network: SimulatedNetwork) {}

  /** @throws Error when an address is taken */
  listen(node: SimNode, addresses: readonly ListeningAddress[], reader: SipReader): SipTransport {
    const transport = new SimSipTransport(this, node, addresses, reader);
    for (const address of addresses) {
      const key = keyOf(address);
      if (this.#bound.has(key)) throw new Error(`cannot listen on ${key}: it is taken`);
    }
    for (const address of addresses) this.#bound.set(keyOf(address), transport);
    node.onDeath(() => this.release(transport));
    return transport;
  }

  at(key: string): SimSipTransport | undefined {
    return this.#bound.get(key);
  }

  release(transport: SimSipTransport): void {
    for (const address of transport.listening) {
      if (this.#bound.get(keyOf(address)) === transport) this.#bound.delete(keyOf(address));
    }
    transport.dropConnections();
  }

  /** The process closes the idle lines that lead there; it may listen on, or serve on without that address. */
  hangUp(key: string, listens: boolean): void {
    const transport = this.#bound.get(key);
    if (!listens) this.#bound.delete(key);
    transport?.dropLines();
  }

  ephemeralPort(): number {
    this.#nextPort += 1;
    return this.#nextPort;
  }
}

interface Connection {
  readonly flow: Flow;
  readonly peer: SimSipTransport;
  /** The connection's name at the other end. */
  readonly peerKey: string;
}

class SimSipTransport implements SipTransport {
  onMessage: (message: Message, flow: Flow) => void = () => {};
  onMalformed: (error: ParseError, flow: Flow) => void = () => {};
  onFlowLost: (flow: Flow) => void = () => {};
  readonly #connections = new Map<string, Connection>();
  /** What else hangs on the process that listens: called when it is gone, or hangs up. */
  readonly #mourners = new Set<() => void>();
  #open = true;

  constructor(
    private readonly sip: SimSipNetwork, readonly node: SimNode, readonly listening: readonly ListeningAddress[],
    private readonly reader: SipReader,
  ) {}

  send(bytes: string, to: Target | Flow, failed?: (error: TransportError) => void): void {
    if (!this.#open) return this.#fail(failed, 'SIP_TRANSPORT_CLOSED', 'the transport is closed');
    if (to.transport === 'udp') return this.#sendDatagram(bytes, to, failed);
    const connection = this.#connections.get(keyOf(to)) ?? ('key' in to ? undefined : this.#connect(to));
    if (connection === undefined) {
      return this.#fail(failed, 'SIP_TRANSPORT_CONNECT', `nobody listens on ${keyOf(to)}`);
    }
    const { peer, peerKey } = connection;
    this.sip.network.send(this.node, peer.node, 'stream', `${to.transport} ${firstLine(bytes)}`, () => peer.#receiveStream(bytes, peerKey));
  }

  close(): Promise<void> {
    this.#open = false;
    this.sip.release(this);
    return Promise.resolve();
  }

  dropConnections(): void {
    this.#open = false;
    for (const { peer, peerKey } of this.#connections.values()) {
      this.sip.network.send(this.node, peer.node, 'stream', 'sip close', () => peer.#lost(peerKey));
    }
    this.#connections.clear();
    this.dropLines();
  }

  dropLines(): void {
    const mourners = [...this.#mourners];
    this.#mourners.clear();
    for (const mourn of mourners) mourn();
  }

  /** Answers how to stop that. */
  onGone(mourn: () => void): () => void {
    this.#mourners.add(mourn);
    return () => void this.#mourners.delete(mourn);
  }

  #sendDatagram(bytes: string, to: Target | Flow, failed?: (error: TransportError) => void): void {
    const from = this.listening.find(({ transport }) => transport === 'udp');
    if (from === undefined) return this.#fail(failed, 'SIP_TRANSPORT_NO_SOCKET', `no UDP socket can reach ${to.host}`);
    const key = keyOf(to);
    const receiver = this.sip.at(key);
    // To nobody: a datagram is not told so.
    if (receiver === undefined) return;
    const flow: Flow = { ...from, localHost: to.host, localPort: to.port, key: keyOf(from) };
    this.sip.network.send(this.node, receiver.node, 'datagram', `udp ${firstLine(bytes)}`, () => {
      if (this.sip.at(key) === receiver) receiver.#read(bytes, flow);
    });
  }

  #connect(to: Target): Connection | undefined {
    const peer = this.sip.at(keyOf(to));
    if (peer === undefined) return undefined;
    const host = this.listening[0]?.host ?? this.node.name;
    const near = { transport: to.transport, host, port: this.sip.ephemeralPort() };
    const connection: Connection = {
      flow: { transport: to.transport, localHost: near.host, localPort: near.port, host: to.host, port: to.port, key: keyOf(to) },
      peer,
      peerKey: keyOf(near),
    };
    this.#connections.set(keyOf(to), connection);
    peer.#connections.set(keyOf(near), {
      flow: { ...near, localHost: to.host, localPort: to.port, key: keyOf(near) }, peer: this, peerKey: keyOf(to),
    });
    return connection;
  }

  #receiveStream(bytes: string, key: string): void {
    const connection = this.#connections.get(key);
    if (connection !== undefined) this.#read(bytes, connection.flow);
  }

  #lost(key: string): void {
    const connection = this.#connections.get(key);
    this.#connections.delete(key);
    if (connection !== undefined && this.#open) this.onFlowLost(connection.flow);
  }

  #read(bytes: string, flow: Flow): void {
    if (!this.#open) return;
    const message = this.reader(bytes, flow);
    if (message.ok) this.onMessage(message.value, flow);
    else this.onMalformed(message.error, flow);
  }

  #fail(failed: ((error: TransportError) => void) | undefined, code: TransportError['code'], message: string): void {
    if (failed !== undefined) this.node.clock.setTimer(1, () => failed({ code, message }));
  }
}

function keyOf({ transport, host, port }: ListeningAddress | Target | Flow): string {
  return `${transport}:${host}:${port}`;
}

function firstLine(bytes: string): string {
  return bytes.slice(0, Math.min(bytes.indexOf('\r\n') >>> 0, 100));
}
