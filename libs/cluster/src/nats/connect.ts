/** One connection of a process to NATS, with the settings under which a frozen or dead server is left within seconds. */
import { connect, type NatsConnection } from '@nats-io/transport-node';

export interface NatsOptions {
  /** `host:port` of each server of the data centre's cluster. */
  readonly servers: readonly string[];
  /** Shown in the server's list of connections: the application's name. */
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

/** Resolves when a server answers; keeps trying until then. */
export function connectNats(options: NatsOptions): Promise<NatsConnection> {
  return connect({
    servers: [...options.servers],
    name: options.name,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.password === undefined ? {} : { pass: options.password }),
    ...(options.token === undefined ? {} : { token: options.token }),
    // The default of 20 s makes a reconnect hang on a server that accepts and then says nothing.
    timeout: 1_000,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    // A server that stands still is noticed after 2.5 s.
    pingInterval: 1_000,
    maxPingOut: 2,
  });
}
