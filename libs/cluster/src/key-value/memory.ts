/** Key-value buckets in this process. Every tier in it shares one `MemoryKeyValueStore`. */
import { assert, type Clock, type Timer } from '#kernel';
import { matches } from '../bus/pattern.js';
import { isKey, isKeyPattern } from './key.js';
import { type KeyValue, type KeyValueChange, type KeyValueEntry, type KeyValueStore, RevisionConflict } from './port.js';

interface Held {
  readonly entry: KeyValueEntry;
  readonly expiry: Timer | undefined;
}

type Watcher = (change: KeyValueChange) => void;

/** Keeps what a bucket holds beyond the process. Entries that expire are not kept: they are leases of something that lives. */
export interface BucketKeeper {
  /** Whether that bucket is kept. */
  keeps(bucket: string): boolean;
  /** What it held, and its revision. */
  load(bucket: string): { readonly entries: readonly KeyValueEntry[]; readonly revision: number };
  put(bucket: string, entry: KeyValueEntry): void;
  gone(bucket: string, key: string, revision: number): void;
  close(): void;
}

/** What a bucket holds. Handles of several tiers share one. */
class Bucket {
  readonly held = new Map<string, Held>();
  readonly watchers = new Set<Watcher>();
  #revision = 0;

  constructor(private readonly name: string, private readonly clock: Clock, private readonly keeper: BucketKeeper | undefined) {
    if (keeper === undefined) return;
    const { entries, revision } = keeper.load(name);
    for (const entry of entries) this.held.set(entry.key, { entry, expiry: undefined });
    this.#revision = revision;
  }

  write(key: string, value: object, ttlMs: number | undefined): number {
    this.held.get(key)?.expiry?.cancel();
    this.#revision += 1;
    const entry: KeyValueEntry = { key, value, revision: this.#revision };
    const expiry = ttlMs === undefined ? undefined : this.clock.setTimer(ttlMs, () => this.remove(key));
    // What cannot be kept is not written: the writer is told.
    if (expiry === undefined) this.keeper?.put(this.name, entry);
    else this.keeper?.gone(this.name, key, entry.revision);
    this.held.set(key, { entry, expiry });
    this.#tell({ kind: 'put', entry });
    return entry.revision;
  }

  remove(key: string): void {
    const held = this.held.get(key);
    if (held === undefined) return;
    held.expiry?.cancel();
    this.#revision += 1;
    this.keeper?.gone(this.name, key, this.#revision);
    this.held.delete(key);
    this.#tell({ kind: 'gone', key, revision: this.#revision });
  }

  clear(): void {
    for (const { expiry } of this.held.values()) expiry?.cancel();
    this.held.clear();
    this.watchers.clear();
  }

  #tell(change: KeyValueChange): void {
    for (const watcher of this.watchers) watcher(change);
  }
}

class MemoryKeyValue implements KeyValue {
  readonly #watchers = new Set<Watcher>();

  constructor(private readonly name: string, private readonly bucket: Bucket) {}

  async get(key: string): Promise<KeyValueEntry | undefined> {
    return this.bucket.held.get(key)?.entry;
  }

  async list(pattern = '>'): Promise<KeyValueEntry[]> {
    return [...this.bucket.held.values()].filter(({ entry }) => matches(pattern, entry.key)).map(({ entry }) => entry);
  }

  async create(key: string, value: object, options: { readonly ttlMs?: number } = {}): Promise<number> {
    assert(isKey(key), `'${key}' is not a key of a bucket`);
    if (this.bucket.held.has(key)) throw new RevisionConflict(`${this.name}: ${key} exists`);
    return this.bucket.write(key, value, options.ttlMs);
  }

  async update(key: string, value: object, revision: number, options: { readonly ttlMs?: number } = {}): Promise<number> {
    this.#expect(key, revision);
    return this.bucket.write(key, value, options.ttlMs);
  }

  async delete(key: string, revision?: number): Promise<void> {
    if (revision !== undefined) this.#expect(key, revision);
    this.bucket.remove(key);
  }

  async watch(pattern: string, onChange: (change: KeyValueChange) => void): Promise<{ stop(): void }> {
    assert(isKeyPattern(pattern), `'${pattern}' is not a pattern of keys`);
    const existing = await this.list(pattern);
    const watcher: Watcher = (change) => {
      if (!matches(pattern, change.kind === 'put' ? change.entry.key : change.key)) return;
      // Microtasks keep their order, so changes do; the writer never runs a watcher.
      queueMicrotask(() => {
        if (this.#watchers.has(watcher)) onChange(change);
      });
    };
    this.#watchers.add(watcher);
    for (const entry of existing) watcher({ kind: 'put', entry });
    this.bucket.watchers.add(watcher);
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    return { stop: () => this.#stop(watcher) };
  }

  async close(): Promise<void> {
    for (const watcher of this.#watchers) this.#stop(watcher);
  }

  #stop(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.bucket.watchers.delete(watcher);
  }

  #expect(key: string, revision: number): void {
    const held = this.bucket.held.get(key)?.entry.revision;
    if (held !== revision) {
      throw new RevisionConflict(`${this.name}: ${key} has revision ${held ?? 'none'}, not ${revision}`);
    }
  }
}

export class MemoryKeyValueStore implements KeyValueStore {
  readonly #buckets = new Map<string, Bucket>();

  /** @param keeper of buckets that outlive the process */
  constructor(private readonly clock: Clock, private readonly keeper?: BucketKeeper) {}

  async bucket(name: string): Promise<KeyValue> {
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = new Bucket(name, this.clock, this.keeper?.keeps(name) === true ? this.keeper : undefined);
      this.#buckets.set(name, bucket);
    }
    return new MemoryKeyValue(name, bucket);
  }

  async close(): Promise<void> {
    for (const bucket of this.#buckets.values()) bucket.clear();
    this.#buckets.clear();
    this.keeper?.close();
  }
}
