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
  /** Does not wait for its server. */
  limiter(dataCentre: string): Promise<LimiterStore>;
}

export interface StorePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export function configuredStores({ stores }: Pick<ClusterConfig, 'stores'>, ports: StorePorts): TierStores {
  return {
    async location({ name, dataCentre, keeper }) {
      const url = stores.location.dataCentres.get(dataCentre);
      if (stores.location.driver === 'memory' || url === undefined) return new MemoryLocationStore(ports.clock);
      const { RedisLocationStore } = await import('#store/redis');
      return RedisLocationStore.open({ url, name, keeper }, ports);
    },
    async limiter(dataCentre) {
      const url = stores.limiter.dataCentres.get(dataCentre);
      if (stores.limiter.driver === 'memory' || url === undefined) return new MemoryLimiterStore(ports.clock);
      const { RedisLimiterStore } = await import('#store/redis');
      return new RedisLimiterStore({ url }, ports);
    },
  };
}
