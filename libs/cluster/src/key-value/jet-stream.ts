/**
 * Key-value buckets in NATS JetStream. A write waits for a Raft quorum and can fail for seconds during an election, so it
 * is never on the path of a call. Each data centre has a domain of its own and writes the buckets that carry its name at their
 * end, `owners-dc1`; elsewhere such a bucket is a mirror, which can be read also while the link is cut.
 */
import { jetstream, JetStreamApiError, type JetStreamClient, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { assert } from '#kernel';
import { BucketReader } from './bucket-reader.js';
import { isKey, isKeyPattern } from './key.js';
import {
  type KeyValue, type KeyValueChange, type KeyValueEntry, type KeyValueStore, KeyValueUnavailable, RevisionConflict,
} from './port.js';

export interface JetStreamOptions {
  /** JetStream domain of the data centre, when its servers have one. */
  readonly domain?: string;
  /** Copies of a bucket that is made: 3 in a cluster of three, 1 on a lone server. */
  readonly replicas: number;
  /** The other data centres: buckets named `<what>-<data centre>` are mirrored from there. */
  readonly remotes?: ReadonlyMap<string, { readonly domain: string; readonly replicas: number }>;
}

/** Unless whoever opens the bucket has more time, or less. */
const ANSWER_MS = 500;
/** Making a bucket elects a leader for it. */
const MAKE_TIMEOUT_MS = 10_000;
/** Another data centre that does not answer within this is taken for cut off. */
const REMOTE_TIMEOUT_MS = 2_000;
/** How long a server keeps the marks of what was deleted or expired, for watchers that were away. */
const MARKER_TTL_MS = 600_000;
/** Error codes of JetStream's API for a stale expected sequence. */
const WRONG_LAST_SEQUENCE = new Set([10_071, 10_164]);
/** The oldest server that honours the expiry of single keys; older ones ignore it silently. */
const VERSION_MIN = [2, 11] as const;

const OPERATION = 'KV-Operation';
const MARKER_REASON = 'Nats-Marker-Reason';

export class JetStreamKeyValueStore implements KeyValueStore {
  readonly #buckets = new Map<string, Promise<void>>();
  readonly #handles = new Set<JetStreamKeyValue>();

  private constructor(private readonly connection: NatsConnection, private readonly options: JetStreamOptions) {}

  /** @throws Error when the server is too old to be trusted with leases. */
  static open(connection: NatsConnection, options: JetStreamOptions): JetStreamKeyValueStore {
    requireVersion(connection.info?.version ?? 'unknown');
    return new JetStreamKeyValueStore(connection, options);
  }

  async bucket(name: string, { answerMs = ANSWER_MS }: { readonly answerMs?: number } = {}): Promise<KeyValue> {
    let made = this.#buckets.get(name);
    if (made === undefined) {
      made = this.#make(name);
      this.#buckets.set(name, made);
      made.catch(() => this.#buckets.delete(name));
    }
    await made;
    const client = this.#client(answerMs);
    const handle = new JetStreamKeyValue(name, await new Kvm(client).open(name), client, this.connection, this.#homeOf(name));
    this.#handles.add(handle);
    return handle;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#handles].map((handle) => handle.close()));
    this.#handles.clear();
  }

  async #make(name: string): Promise<void> {
    const home = this.#homeOf(name);
    try {
      const remote = home === undefined ? undefined : this.options.remotes?.get(home);
      if (remote === undefined) await this.#create(name, this.#client(MAKE_TIMEOUT_MS), this.options.replicas);
      else await this.#mirror(name, remote);
    } catch (error) {
      throw toPortError(error, `bucket ${name}`);
    }
  }

  async #create(name: string, client: JetStreamClient, replicas: number): Promise<void> {
    await new Kvm(client).create(name, { history: 1, replicas, markerTTL: MARKER_TTL_MS });
  }

  async #mirror(name: string, { domain, replicas }: { readonly domain: string; readonly replicas: number }): Promise<void> {
    // A mirror of what does not exist yet looks for it again only after ten seconds and more: better that it is there.
    await this.#create(name, jetstream(this.connection, { timeout: REMOTE_TIMEOUT_MS, domain }), replicas).catch(() => {});
    const stream = `KV_${name}`;
    const manager = await jetstreamManager(this.connection, { timeout: MAKE_TIMEOUT_MS, ...domainOf(this.options.domain) });
    await manager.streams.add({
      name: stream, mirror: { name: stream, external: { api: `$JS.${domain}.API`, deliver: '' } }, mirror_direct: true, allow_direct: true,
      num_replicas: this.options.replicas, max_msgs_per_subject: 1, allow_msg_ttl: true,
    });
  }

  /** The other data centre that writes the bucket; undefined when this one does. */
  #homeOf(name: string): string | undefined {
    return [...this.options.remotes?.keys() ?? []].find((dataCentre) => name.endsWith(`-${dataCentre}`));
  }

  #client(timeoutMs: number): JetStreamClient {
    return jetstream(this.connection, { timeout: timeoutMs, ...domainOf(this.options.domain) });
  }
}

class JetStreamKeyValue implements KeyValue {
  readonly #readers = new Set<BucketReader>();

  /** @param home the other data centre that writes the bucket */
  constructor(
    private readonly name: string, private readonly kv: KV, private readonly client: JetStreamClient, private readonly connection: NatsConnection,
    private readonly home: string | undefined,
  ) {}

  async get(key: string): Promise<KeyValueEntry | undefined> {
    const entry = await this.#try(() => this.kv.get(key));
    if (entry === null || entry.operation !== 'PUT') return undefined;
    return { key, value: entry.json<object>(), revision: entry.revision };
  }

  async list(pattern = '>'): Promise<KeyValueEntry[]> {
    const entries: KeyValueEntry[] = [];
    const reading = await this.watch(pattern, (change) => {
      if (change.kind === 'put') entries.push(change.entry);
    });
    reading.stop();
    return entries;
  }

  async create(key: string, value: object, options: { readonly ttlMs?: number } = {}): Promise<number> {
    this.#mayWrite(key);
    return this.#try(() => this.kv.create(key, JSON.stringify(value), ttlOf(options.ttlMs)));
  }

  async update(key: string, value: object, revision: number, options: { readonly ttlMs?: number } = {}): Promise<number> {
    this.#mayWrite(key);
    const ttl = ttlOf(options.ttlMs);
    if (ttl === undefined) return this.#try(() => this.kv.update(key, JSON.stringify(value), revision));
    // The client library has no update with an expiry; a bucket's key is a subject of its stream.
    const expiring = headers();
    expiring.set('Nats-Expected-Last-Subject-Sequence', String(revision));
    expiring.set('Nats-TTL', ttl);
    const ack = await this.#try(() => this.client.publish(this.#subject(key), JSON.stringify(value), { headers: expiring }));
    return ack.seq;
  }

  async delete(key: string, revision?: number): Promise<void> {
    this.#mayWrite(key);
    const ttl = ttlOf(MARKER_TTL_MS) as string;
    await this.#try(() => this.kv.purge(key, revision === undefined ? { ttl } : { ttl, previousSeq: revision }));
  }

  async watch(pattern: string, onChange: (change: KeyValueChange) => void): Promise<{ stop(): void }> {
    assert(isKeyPattern(pattern), `'${pattern}' is not a pattern of keys`);
    const manager = await this.#try(() => this.client.jetstreamManager(false));
    const reader = new BucketReader(`KV_${this.name}`, this.#subject(pattern), { connection: this.connection, manager }, {
      message: (message, revision, isNew) => {
        const change = this.#read(message, revision);
        // A key that was gone before this watch began is no change.
        if (change.kind === 'put' || isNew) onChange(change);
      },
    });
    this.#readers.add(reader);
    try {
      await this.#try(() => reader.start());
    } catch (error) {
      this.#readers.delete(reader);
      reader.stop();
      throw error;
    }
    return {
      stop: () => {
        this.#readers.delete(reader);
        reader.stop();
      },
    };
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) reader.stop();
    this.#readers.clear();
  }

  #mayWrite(key: string): void {
    assert(isKey(key), `'${key}' is not a key of a bucket`);
    assert(this.home === undefined, `bucket ${this.name} is a mirror here: only ${this.home ?? ''} writes it`);
  }

  #subject(key: string): string {
    return `$KV.${this.name}.${key}`;
  }

  /** What a message of the bucket's stream says about its key. */
  #read(message: Msg, revision: number): KeyValueChange {
    const key = message.subject.slice(this.#subject('').length);
    const isGone = (message.headers?.has(OPERATION) ?? false) || (message.headers?.has(MARKER_REASON) ?? false);
    if (isGone) return { kind: 'gone', key, revision };
    return { kind: 'put', entry: { key, value: message.json<object>(), revision } };
  }

  async #try<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toPortError(error, this.name);
    }
  }
}

/** Expiries are whole seconds on the wire; a lease may last longer than asked for, never shorter. */
function ttlOf(ttlMs: number | undefined): string | undefined {
  return ttlMs === undefined ? undefined : `${Math.max(1, Math.ceil(ttlMs / 1_000))}s`;
}

function domainOf(domain: string | undefined): { domain?: string } {
  return domain === undefined ? {} : { domain };
}

function toPortError(error: unknown, what: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.has(error.code)) {
    return new RevisionConflict(`${what}: ${message}`, { cause: error });
  }
  return new KeyValueUnavailable(`${what}: ${message}`, { cause: error });
}

function requireVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > VERSION_MIN[0] || (major === VERSION_MIN[0] && minor >= VERSION_MIN[1])) return;
  throw new Error(
    `nats-server ${version} ignores the expiry of single keys, so leases would never end: install ${VERSION_MIN.join('.')} or newer`,
  );
}
