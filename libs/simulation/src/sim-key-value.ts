/**
 * Key-value buckets behind the network: each call is a request to the node where the store lives, and its answer may be
 * lost after the write was done. Watchers miss nothing, but hear late.
 */
import {
  type KeyValue, type KeyValueChange, type KeyValueEntry, type KeyValueStore, KeyValueUnavailable, MemoryKeyValueStore,
} from '#cluster';
import type { SimulatedNetwork } from './network.js';
import type { SimNode } from './node.js';

const TIMEOUT_MS = 500;

export class SimKeyValueServer {
  readonly #store: MemoryKeyValueStore;

  constructor(private readonly network: SimulatedNetwork, readonly node: SimNode) {
    this.#store = new MemoryKeyValueStore(node.clock);
  }

  /** The store as a process on that node sees it. */
  attach(client: SimNode): KeyValueStore {
    const call: Caller = (what, work) => this.#call(client, what, work);
    return {
      bucket: async (name) => new SimKeyValue(await call(`kv open ${name}`, () => this.#store.bucket(name)), call, (arrive) =>
        this.network.send(this.node, client, 'stream', `kv change ${name}`, arrive)),
      close: async () => {},
    };
  }

  #call<T>(client: SimNode, what: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = client.clock.setTimer(TIMEOUT_MS, () => reject(new KeyValueUnavailable(`${what}: no answer`)));
      const answer = (finish: () => void): void => this.network.send(this.node, client, 'message', `${what} answered`, () => {
        timer.cancel();
        finish();
      });
      this.network.send(client, this.node, 'message', what, () => {
        work().then((value) => answer(() => resolve(value)), (error: unknown) => answer(() => reject(error as Error)));
      });
    });
  }
}

type Caller = <T>(what: string, work: () => Promise<T>) => Promise<T>;

class SimKeyValue implements KeyValue {
  readonly #stops = new Set<() => void>();

  constructor(
    private readonly bucket: KeyValue, private readonly call: Caller, private readonly tell: (arrive: () => void) => void,
  ) {}

  get(key: string): Promise<KeyValueEntry | undefined> {
    return this.call(`kv get ${key}`, () => this.bucket.get(key));
  }

  list(pattern?: string): Promise<KeyValueEntry[]> {
    return this.call(`kv list ${pattern ?? '>'}`, () => this.bucket.list(pattern));
  }

  create(key: string, value: object, options?: { readonly ttlMs?: number }): Promise<number> {
    return this.call(`kv create ${key}`, () => this.bucket.create(key, value, options));
  }

  update(key: string, value: object, revision: number, options?: { readonly ttlMs?: number }): Promise<number> {
    return this.call(`kv update ${key}`, () => this.bucket.update(key, value, revision, options));
  }

  delete(key: string, revision?: number): Promise<void> {
    return this.call(`kv delete ${key}`, () => this.bucket.delete(key, revision));
  }

  async watch(pattern: string, onChange: (change: KeyValueChange) => void): Promise<{ stop(): void }> {
    let live = true;
    const watching = await this.call(`kv watch ${pattern}`, () => this.bucket.watch(pattern, (change) => this.tell(() => {
      if (live) onChange(change);
    })));
    // What exists was sent before this: it has been reported when this arrives.
    await new Promise<void>((resolve) => this.tell(resolve));
    const stop = (): void => {
      live = false;
      this.#stops.delete(stop);
      watching.stop();
    };
    this.#stops.add(stop);
    return { stop };
  }

  async close(): Promise<void> {
    for (const stop of [...this.#stops]) stop();
  }
}
