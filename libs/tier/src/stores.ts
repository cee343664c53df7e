/** Stores of a process by configuration: each tier opens and closes its own. */
import type { ClusterConfig } from '#config';
import type { Clock, Log, Meter } from '#kernel';
import { type LimiterStore, type LocationStore, MemoryLimiterStore, MemoryLocationStore } from '#store';

export interface LocationStoreOptions {
  /** Of the application: unique in the cluster. */
  readonly name: string;
  readonly dataCentre: string;
  /** Which holders' bindings this process writes where the store is shared. */
  readonly keeper: {
    keeps(node: string): boolean;
    onLost(listener: (tookOver: (node: string) => boolean) => void): void;
  };
}

export interface TierStores {
  /** Resolves when it holds what the server held, or the server does not answer. */
  location(options: LocationStoreOptions): Promise<LocationStore>;
  /** One for all tiers of the process; each closes it. Does not wait for its server. */
  limiter(dataCentre: string): Promise<LimiterStore>;
}

export interface StorePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** Their code is loaded when it resolves: who takes over from another process has no time for that. */
export async function configuredStores({ stores }: Pick<ClusterConfig, 'stores'>, ports: StorePorts): Promise<TierStores> {
  const redis = [stores.limiter, stores.location].some(({ driver }) => driver !== 'memory') ? await import('#store/redis') : undefined;
  const limiters = new Map<string, SharedLimiter>();
  const serverOf = ({ driver, dataCentres }: ClusterConfig['stores']['limiter' | 'location'], dataCentre: string): string | undefined =>
    (driver === 'memory' ? undefined : dataCentres.get(dataCentre));
  const openLimiter = (url: string | undefined): LimiterStore =>
    (url === undefined || redis === undefined ? new MemoryLimiterStore(ports.clock) : new redis.RedisLimiterStore({ url }, ports));
  return {
    async location({ name, dataCentre, keeper }) {
      const url = serverOf(stores.location, dataCentre);
      if (url === undefined || redis === undefined) return new MemoryLocationStore(ports.clock);
      return redis.RedisLocationStore.open({ url, name, keeper }, ports);
    },
    async limiter(dataCentre) {
      const url = serverOf(stores.limiter, dataCentre);
      const key = url ?? '';
      const shared = limiters.get(key) ?? { users: 0, store: openLimiter(url) };
      limiters.set(key, shared);
      shared.users += 1;
      return closedByLast(shared.store, () => {
        shared.users -= 1;
        return shared.users === 0 && stores.limiter.driver !== 'memory' && limiters.delete(key);
      });
    },
  };
}

interface SharedLimiter {
  users: number;
  readonly store: LimiterStore;
}

/** The store as one of its users has it. `left`: whether nobody uses it any more. */
function closedByLast(store: LimiterStore, left: () => boolean): LimiterStore {
  let isOpen = true;
  return {
    acquireNow: store.acquireNow,
    acquire: (id, claim, leaseMs) => store.acquire(id, claim, leaseMs),
    hold: (holdings, leaseMs) => store.hold(holdings, leaseMs),
    release: (ids) => store.release(ids),
    usage: (counters) => store.usage(counters),
    onUp: (listener) => store.onUp(listener),
    close: async () => {
      if (isOpen && left()) await store.close();
      isOpen = false;
    },
  };
}
