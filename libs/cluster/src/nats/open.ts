/** Both drivers over one connection, as a process of the cluster uses them. */
import type { Clock, Log, Meter } from '#kernel';
import { NatsBus } from '../bus/nats.js';
import { JetStreamKeyValueStore } from '../key-value/jet-stream.js';
import { connectNats, type NatsOptions } from './connect.js';

export interface NatsDriversOptions extends Omit<NatsOptions, 'name'> {
  readonly name?: string;
  /** JetStream domain of the data centre, when its servers have one. */
  readonly domain?: string;
  /** Domains of the other data centres by data centre; their buckets are mirrored. */
  readonly remotes?: ReadonlyMap<string, string>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** Close the buckets first: closing the bus closes the connection of both. */
export interface NatsDrivers {
  readonly bus: NatsBus;
  readonly keyValues: JetStreamKeyValueStore;
}

/** Copies of a bucket: JetStream needs three servers to survive the loss of one. */
const REPLICAS = 3;

/** @throws Error when the server is too old, with what to install. */
export async function openNats(options: NatsDriversOptions): Promise<NatsDrivers> {
  const { clock, log, meter, domain, remotes, servers } = options;
  const connection = await connectNats({ ...options, name: options.name ?? 'cordboard' });
  try {
    const replicas = servers.length >= REPLICAS ? REPLICAS : 1;
    const keyValues = JetStreamKeyValueStore.open(connection, {
      replicas, ...(domain === undefined ? {} : { domain }), ...(remotes === undefined ? {} : { remotes }),
    });
    return { bus: new NatsBus(connection, { clock, log, meter }), keyValues };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
