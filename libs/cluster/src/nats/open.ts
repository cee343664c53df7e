/** Both drivers over one connection, as a process of the cluster uses them. */
import type { Clock, Log, Meter } from '#kernel';
import { NatsBus } from '../bus/nats.js';
import { JetStreamKeyValueStore } from '../key-value/jet-stream.js';
import { JetStreamQueue } from '../queue/jet-stream.js';
import { connectNats, type NatsOptions } from './connect.js';

export interface NatsDriversOptions extends Omit<NatsOptions, 'name'> {
  readonly name?: string;
  /** JetStream domain of the data centre, when its servers have one. */
  readonly domain?: string;
  /** The other data centres by name; their buckets are mirrored. */
  readonly remotes?: ReadonlyMap<string, { readonly servers: readonly string[]; readonly domain: string }>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** Close the buckets first: closing the bus closes the connection of both. */
export interface NatsDrivers {
  readonly bus: NatsBus;
  readonly keyValues: JetStreamKeyValueStore;
  /** The durable queue of that name in the stream of that name, which is made when it does not exist. @throws Error naming the stream */
  queue(stream: string, queue: string): Promise<JetStreamQueue>;
}

/** Copies of a bucket: JetStream needs three servers to survive the loss of one. */
const REPLICAS = 3;

/** @throws Error when the server is too old, with what to install. */
export async function openNats(options: NatsDriversOptions): Promise<NatsDrivers> {
  const { clock, log, meter, domain, servers } = options;
  const remotes = [...options.remotes ?? []].map(([name, remote]) => [name, { domain: remote.domain, replicas: replicasOf(remote.servers) }] as const);
  const connection = await connectNats({ ...options, name: options.name ?? 'cordboard' });
  try {
    const keyValues = JetStreamKeyValueStore.open(connection, {
      replicas: replicasOf(servers), remotes: new Map(remotes), ...(domain === undefined ? {} : { domain }),
    });
    const place = { replicas: replicasOf(servers), ...(domain === undefined ? {} : { domain }) };
    return {
      bus: new NatsBus(connection, { clock, log, meter }), keyValues,
      queue: (stream, queue) => JetStreamQueue.open(connection, { stream, queue, ...place }),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function replicasOf(servers: readonly string[]): number {
  return servers.length >= REPLICAS ? REPLICAS : 1;
}
