/** TCP and TLS: accepts, dials, and hands what is framed to the transport. */
import { connect as connectTcp, createServer as createTcpServer, isIP, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Clock, Result } from '#kernel';
import type { SipMessage } from '../message/message.js';
import type { SipParseError } from '../parser/error.js';
import type { ParseLimits } from '../parser/limits.js';
import { Connection, type ConnectionEvents, plainAddress } from './connection.js';
import { ConnectionTable } from './connection-table.js';
import { type Flow, flowKey, isFlow, type ListeningAddress, type Target, type TransportError } from './port.js';
import type { TransportMetrics } from './transport-metrics.js';

export interface TlsOptions {
  /** PEM. Without both, TLS is for dialling only. */
  readonly key?: string;
  readonly cert?: string;
  /** PEM of those we trust; by default the public ones. */
  readonly ca?: string;
  /** Ask those who dial for a certificate, and refuse them without a good one. */
  readonly requireClientCertificate?: boolean;
  /** Set to false only where names cannot be checked. */
  readonly verifyServer?: boolean;
}

export interface StreamOptions {
  readonly limits: ParseLimits | undefined;
  readonly tls: TlsOptions | undefined;
  readonly connectionsMax: number;
  readonly idleMs: number;
  readonly connectTimeoutMs: number;
  readonly bufferedBytesMax: number;
  /** Addresses that we listen on. */
  readonly ownHosts: readonly string[];
}

export interface StreamUser {
  admits(host: string): boolean;
  onFramed(message: Result<SipMessage, SipParseError>, flow: Flow): void;
  onFlowLost(flow: Flow): void;
}

type Failed = (error: TransportError) => void;

export class Streams implements ConnectionEvents {
  readonly #clock: Clock;
  readonly #metrics: TransportMetrics;
  readonly #options: StreamOptions;
  readonly #user: StreamUser;
  readonly #table: ConnectionTable;
  readonly #servers: Server[] = [];

  constructor(clock: Clock, metrics: TransportMetrics, options: StreamOptions, user: StreamUser) {
    this.#clock = clock;
    this.#metrics = metrics;
    this.#options = options;
    this.#user = user;
    this.#table = new ConnectionTable(clock, options);
  }

  get size(): number {
    return this.#table.size;
  }

  listen(transport: 'tcp' | 'tls', host: string, port: number): Promise<ListeningAddress> {
    const server = transport === 'tcp'
      ? createTcpServer((socket) => this.#accept('tcp', socket))
      : createTlsServer(this.#serverTls(), (socket) => this.#accept('tls', socket));
    // A handshake that fails is the peer's trouble.
    server.on('tlsClientError', () => {});
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        server.on('error', () => {});
        this.#servers.push(server);
        const bound = server.address() as { address: string; port: number };
        resolve({ transport, host: bound.address, port: bound.port });
      });
    });
  }

  send(bytes: string, to: Target | Flow, failed: Failed | undefined): void {
    const key = isFlow(to) ? to.key : flowKey(to.transport, to.host, to.port);
    const connection = this.#table.get(key) ?? (isFlow(to) ? undefined : this.#dial(to, failed));
    if (connection !== undefined) return connection.send(bytes, this.#clock.nowMs(), failed);
    // A flow dies with its connection: dialling its ephemeral port would reach nobody.
    if (isFlow(to)) fail(failed, 'SIP_TRANSPORT_CONNECTION_LOST', `${to.key} is gone`);
  }

  async close(): Promise<void> {
    const closing = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    this.#table.closeAll('the transport is closed');
    await Promise.all(closing);
  }

  onFramed(message: Result<SipMessage, SipParseError>, connection: Connection): void {
    connection.lastUsedMs = this.#clock.nowMs();
    if (!this.#user.admits(connection.flow.host)) return connection.close('its host is not listened to');
    this.#metrics.received[connection.transport].add();
    this.#user.onFramed(message, connection.flow);
  }

  onKeepAlive(connection: Connection): void {
    connection.lastUsedMs = this.#clock.nowMs();
    this.#metrics.keepAlives.add();
    connection.pong();
  }

  onClosed(connection: Connection, wasOpen: boolean): void {
    this.#table.delete(connection);
    if (wasOpen) this.#user.onFlowLost(connection.flow);
  }

  onSlow(connection: Connection): void {
    this.#metrics.slowPeers.add();
    connection.close('the peer does not read');
  }

  #accept(transport: 'tcp' | 'tls', socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (this.#table.isFull || remoteAddress === undefined || remotePort === undefined) {
      this.#metrics.refusedConnections.add();
      return drop(socket);
    }
    if (!this.#user.admits(plainAddress(remoteAddress))) return drop(socket);
    this.#table.add(this.#newConnection({ transport, host: plainAddress(remoteAddress), port: remotePort }, socket, true));
  }

  #dial(to: Target, failed: Failed | undefined): Connection | undefined {
    if (this.#table.isFull) {
      this.#metrics.refusedConnections.add();
      fail(failed, 'SIP_TRANSPORT_FULL', `${this.#options.connectionsMax} connections are open`);
      return undefined;
    }
    const socket = to.transport === 'tls' ? this.#dialTls(to) : connectTcp({ host: to.host, port: to.port, ...this.#from(to) });
    const connection = this.#newConnection(to, socket, false);
    const patience = this.#clock.setTimer(this.#options.connectTimeoutMs, () => {
      if (!connection.isOpen) connection.close(`no connection within ${this.#options.connectTimeoutMs} ms`);
    });
    socket.once(to.transport === 'tls' ? 'secureConnect' : 'connect', () => connection.opened());
    socket.once('close', () => patience.cancel());
    this.#table.add(connection);
    return connection;
  }

  /** A connection comes from the address that we listen on: a peer that knows us by it would take another for a stranger's. */
  #from({ host }: Target): { readonly localAddress?: string } {
    const localAddress = this.#options.ownHosts.find((own) => isIP(own) === isIP(host) && (!isLoopback(own) || isLoopback(host)));
    return localAddress === undefined ? {} : { localAddress };
  }

  #newConnection(to: Target, socket: Socket, open: boolean): Connection {
    return new Connection({
      transport: to.transport, host: to.host, port: to.port, socket, open,
      limits: this.#options.limits,
      bufferedBytesMax: this.#options.bufferedBytesMax,
      nowMs: this.#clock.nowMs(),
    }, this);
  }

  #dialTls(to: Target): TLSSocket {
    const { ca, cert, key, verifyServer } = this.#options.tls ?? {};
    return connectTls({
      host: to.host, port: to.port, ...this.#from(to), ca, cert, key, rejectUnauthorized: verifyServer !== false,
      ...(to.serverName === undefined ? {} : { servername: to.serverName }),
    });
  }

  #serverTls() {
    const { ca, cert, key, requireClientCertificate } = this.#options.tls ?? {};
    if (cert === undefined || key === undefined) throw new Error('a tls port needs a certificate and its key');
    return { ca, cert, key, requestCert: requireClientCertificate === true, rejectUnauthorized: requireClientCertificate === true };
  }
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

function drop(socket: Socket): void {
  socket.on('error', () => {});
  socket.destroy();
}

function fail(failed: Failed | undefined, code: TransportError['code'], message: string): void {
  if (failed !== undefined) process.nextTick(failed, { code, message });
}
