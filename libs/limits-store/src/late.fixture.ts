/** Key-value buckets whose watches can be held back, as those of a slow mirror, and whose writes can fail. */
import { type KeyValue, type KeyValueChange, type KeyValueStore, KeyValueUnavailable } from '#cluster';

export class LateKeyValues implements KeyValueStore {
  isLate = false;
  isAway = false;
  /** Writes of these keys fail. */
  refuses: (key: string) => boolean = () => false;
  readonly #held: (() => void)[] = [];

  constructor(private readonly inner: KeyValueStore) {}

  async bucket(name: string): Promise<KeyValue> {
    if (this.isAway) throw new KeyValueUnavailable('no server answers');
    const inner = await this.inner.bucket(name);
    const guard = (key: string): void => {
      if (this.isAway || this.refuses(key)) throw new KeyValueUnavailable('no server answers');
    };
    return {
      get: (key) => inner.get(key),
      list: (pattern) => inner.list(pattern),
      create: async (key, value, options) => { guard(key); return inner.create(key, value, options); },
      update: async (key, value, revision, options) => { guard(key); return inner.update(key, value, revision, options); },
      delete: async (key, revision) => { guard(key); return inner.delete(key, revision); },
      watch: (pattern, onChange) => inner.watch(pattern, (change) => this.#pass(change, onChange)),
      close: () => inner.close(),
    };
  }

  release(): void {
    this.isLate = false;
    for (const pass of this.#held.splice(0)) pass();
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  #pass(change: KeyValueChange, onChange: (change: KeyValueChange) => void): void {
    if (this.isLate) this.#held.push(() => onChange(change)); else onChange(change);
  }
}
