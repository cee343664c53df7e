/**
 * Bindings in this process, kept at a Redis that the proxies of a data centre share: read whole at the start, written behind, others'
 * changes heard (docs/specs/stores.md). Without the server it goes on from its own copy.
 */
import type { Counter, Timer } from '#kernel';
import type { Redis } from 'ioredis';
import { RedisLink, type RedisLinkPorts } from '../../drivers/redis-link.js';
import { runScript } from '../../drivers/redis-script.js';
import { StoreUnavailable } from '../../unavailable.js';
import { MemoryLocationStore } from '../memory.js';
import type { LocationBinding, LocationDelta, LocationPage, LocationRemoval, LocationStore } from '../port.js';
import { atMsOf, KEY_PREFIX, type LocationRecord, parseRecord, recordKey, recordValue, REMOVAL_TTL_MS } from '../redis-record.js';
import { WriteBehind } from '../write-behind.js';
import { WRITE } from './redis-script.js';

const CHANNEL = 'cb:loc';
const BATCH = 200;
const PAGE = 1_000;
const QUEUE_MAX = 100_000;
/** A batch that the server refuses is tried again after this time. */
const REFUSED_RETRY_MS = 1_000;
/** What a lost proxy was to write in this time is written again. */
const LOST_RECENT_MS = 60_000;
const CONNECT_PATIENCE_MS = 2_000;
const LOAD_PATIENCE_MS = 15_000;
const CLOSE_PATIENCE_MS = 1_000;

/** Which holders' bindings this process writes to the server that it shares with others. */
export interface LocationKeeper {
  keeps(node: string): boolean;
  /** Hears, when another one is lost, whose bindings this process keeps since. */
  onLost(listener: (tookOver: (node: string) => boolean) => void): void;
}

export interface RedisLocationOptions {
  /** `redis://[[user]:password@]host:port[/db]`; one server per data centre. */
  readonly url: string;
  /** Unique among those that share the server: names the writer of a publication. */
  readonly name: string;
  /** Absent: everything. */
  readonly keeper?: LocationKeeper;
  readonly queueMax?: number;
}

export class RedisLocationStore implements LocationStore {
  readonly #replica: MemoryLocationStore;
  readonly #queue: WriteBehind<LocationRecord>;
  readonly #link: RedisLink;
  readonly #written: Counter;
  readonly #stale: Counter;
  readonly #failed: Counter;
  readonly #dropped: Counter;
  readonly #broken: Counter;
  #runId: string | undefined;
  /** Whether the server may have lost, or never got, what this process wrote. */
  #mayLack = false;
  #isLoaded = false;
  #isFlushing = false;
  #isClosed = false;
  #retryTimer: Timer | undefined;
  /** Those who wait for the connection, the load, or the queue to be empty. */
  #waiting: (() => void)[] = [];

  /** Resolves when everything is read, or the server does not answer: see `isComplete`. */
  static async open(options: RedisLocationOptions, ports: RedisLinkPorts): Promise<RedisLocationStore> {
    const store = new RedisLocationStore(options, ports);
    await store.#until(() => store.#link.isUp || store.#isLoaded, CONNECT_PATIENCE_MS);
    if (store.#link.isUp) await store.#until(() => store.#isLoaded, LOAD_PATIENCE_MS);
    return store;
  }

  private constructor(private readonly options: RedisLocationOptions, private readonly ports: RedisLinkPorts) {
    const { meter, clock } = ports;
    const count = (outcome: string): Counter =>
      meter.counter('store_changes_total', 'Changes for the server of a store', { store: 'location', outcome });
    this.#written = count('written');
    this.#stale = count('stale');
    this.#failed = count('failed');
    this.#dropped = count('dropped');
    this.#broken = count('broken');
    this.#replica = new MemoryLocationStore(clock);
    this.#queue = new WriteBehind(options.queueMax ?? QUEUE_MAX);
    meter.gauge('store_queue', 'Changes that wait for the server of a store', () => this.#queue.size, { store: 'location' });
    options.keeper?.onLost((tookOver) => void this.#writeForLost(tookOver));
    this.#link = new RedisLink({ url: options.url, store: 'location', channel: CHANNEL }, ports, {
      onUp: (runId) => void this.#connected(runId),
      onMessage: (text) => this.#heard(text),
    });
  }

  get size(): number {
    return this.#replica.size;
  }

  get isComplete(): boolean {
    return this.#isLoaded;
  }

  put(aor: string, binding: LocationBinding): boolean {
    const isNews = this.#replica.put(aor, binding);
    if (isNews && this.#keeps(binding.node)) this.#write({ kind: 'put', aor, binding });
    return isNews;
  }

  remove(removal: LocationRemoval): boolean {
    const held = this.#replica.find(removal.aor, removal.contact);
    const isNews = this.#replica.remove(removal);
    if (isNews && held !== undefined && this.#keeps(held.node)) this.#write({ kind: 'gone', ...removal });
    return isNews;
  }

  list(aor: string): readonly LocationBinding[] {
    return this.#replica.list(aor);
  }

  all(limit: number, after?: string): LocationPage {
    return this.#replica.all(limit, after);
  }

  watch(onDelta: (delta: LocationDelta) => void): () => void {
    return this.#replica.watch(onDelta);
  }

  /** Resolves when everything that was put is at the server; at the latest after a second. */
  async flushed(): Promise<void> {
    await this.#until(() => this.#queue.size === 0, CLOSE_PATIENCE_MS);
  }

  async close(): Promise<void> {
    if (this.#link.isUp) await this.flushed();
    this.#isClosed = true;
    this.#retryTimer?.cancel();
    this.#link.close();
    this.#tellWaiting();
    await this.#replica.close();
  }

  #keeps(node: string): boolean {
    return this.options.keeper?.keeps(node) ?? true;
  }

  #write(record: LocationRecord): void {
    const contact = record.kind === 'put' ? record.binding.contact : record.contact;
    if (!this.#queue.add(recordKey(record.aor, contact), record)) this.#dropped.add();
    // What else changes in this turn goes along.
    queueMicrotask(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    if (this.#isFlushing || this.#isClosed) return;
    this.#isFlushing = true;
    try {
      while (this.#link.isUp && this.#queue.size > 0) {
        await this.#send(this.#queue.take(BATCH));
        this.#queue.done();
      }
    } catch (error) {
      this.#queue.failed();
      this.#failed.add();
      if (!(error instanceof StoreUnavailable)) this.#retryLater(error as Error);
    } finally {
      this.#isFlushing = false;
      this.#tellWaiting();
    }
  }

  /** The server answers, but refuses: it is full, or read only. */
  #retryLater(error: Error): void {
    this.ports.log.warn('a store refuses changes; they are tried again', { store: 'location', reason: error.message });
    this.#retryTimer?.cancel();
    this.#retryTimer = this.ports.clock.setTimer(REFUSED_RETRY_MS, () => void this.#flush());
  }

  async #send(batch: ReadonlyMap<string, LocationRecord>): Promise<void> {
    const nowMs = this.ports.clock.nowMs();
    const keys: string[] = [];
    const values: (string | number)[] = [];
    for (const [key, record] of batch) {
      const ttlMs = record.kind === 'put' ? Math.ceil(record.binding.expiresAtMs - nowMs) : REMOVAL_TTL_MS;
      if (ttlMs <= 0) continue;
      keys.push(key);
      values.push(atMsOf(record), ttlMs, recordValue(record));
    }
    if (keys.length === 0) return;
    const changed = await runScript(this.#link, WRITE, keys, [...values, CHANNEL, this.options.name]);
    this.#written.add(changed as number);
    this.#stale.add(keys.length - (changed as number));
  }

  async #connected(runId: string): Promise<void> {
    if (this.#runId !== undefined && this.#runId !== runId) this.#mayLack = true;
    this.#runId = runId;
    try {
      this.#tellWaiting();
      // Written before it is read: a removal that the server does not know yet must not come back from there.
      await this.#flush();
      if (this.#mayLack || this.#queue.isOverflowed) await this.#writeInFull();
      await this.#load();
    } catch (error) {
      this.ports.log.info('reading the store was broken off; it is begun anew', { store: 'location', reason: (error as Error).message });
    }
  }

  async #writeInFull(): Promise<void> {
    this.#mayLack = true;
    this.#queue.forgetOverflow();
    await this.#writeAll(({ node }) => this.#keeps(node));
    this.#mayLack = false;
  }

  async #writeForLost(tookOver: (node: string) => boolean): Promise<void> {
    const sinceMs = this.ports.clock.nowMs() - LOST_RECENT_MS;
    try {
      await this.#writeAll(({ node, updatedAtMs }) => updatedAtMs >= sinceMs && tookOver(node));
    } catch {
      this.#mayLack = true;
    }
  }

  async #load(): Promise<void> {
    const startedMs = this.ports.clock.nowMs();
    let cursor = '0';
    do {
      const [next, keys] = await this.#link.run((redis) => redis.scan(cursor, 'MATCH', `${KEY_PREFIX}*`, 'COUNT', PAGE));
      cursor = next;
      await this.#read(keys);
    } while (cursor !== '0');
    this.#isLoaded = true;
    this.ports.log.info('took the bindings of the store', { aors: this.size, ms: Math.round(this.ports.clock.nowMs() - startedMs) });
    this.#tellWaiting();
  }

  async #read(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const values = await this.#link.run((redis: Redis) => redis.mget(...keys));
    for (const [index, value] of values.entries()) if (value !== null) this.#take(keys[index] as string, value);
  }

  #heard(text: string): void {
    let parts: unknown;
    try {
      parts = JSON.parse(text);
    } catch {
      parts = undefined;
    }
    if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string')) return this.#broken.add();
    if (parts[0] === this.options.name) return;
    for (let i = 1; i + 1 < parts.length; i += 2) this.#take(parts[i] as string, parts[i + 1] as string);
  }

  /** Something that another one wrote. */
  #take(key: string, value: string): void {
    const record = parseRecord(key, value);
    if (record === undefined) return this.#broken.add();
    if (record.kind === 'gone') {
      this.#replica.remove(record);
      return;
    }
    const { aor, binding } = record;
    if (this.#replica.find(aor, binding.contact)?.updatedAtMs !== binding.updatedAtMs) this.#replica.put(aor, binding);
  }

  /** Page by page, without a place in the queue. */
  async #writeAll(isWanted: (binding: LocationBinding) => boolean): Promise<void> {
    let batch = new Map<string, LocationRecord>();
    for (const { aor, binding, removed } of this.#replica.reports()) {
      const { contact, updatedAtMs: atMs } = binding;
      if (!isWanted(binding)) continue;
      batch.set(recordKey(aor, contact), removed ? { kind: 'gone', aor, contact, atMs } : { kind: 'put', aor, binding });
      if (batch.size < BATCH) continue;
      await this.#send(batch);
      batch = new Map();
    }
    await this.#send(batch);
  }

  #until(isSo: () => boolean, patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      let isOver = false;
      const end = (): void => {
        isOver = true;
        patience.cancel();
        resolve();
      };
      const patience = this.ports.clock.setTimer(patienceMs, end);
      const look = (): void => {
        if (isSo() || this.#isClosed) end();
        else if (!isOver) this.#waiting.push(look);
      };
      look();
    });
  }

  #tellWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  }
}
