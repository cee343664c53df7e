import { VirtualClock } from '#simulation';
import { limiterStoreContract } from './contract.js';
import { MemoryLimiterStore } from './memory.js';

limiterStoreContract('MemoryLimiterStore', async () => {
  const clock = new VirtualClock();
  const store = new MemoryLimiterStore(clock);
  return { a: store, b: store, advance: (ms) => clock.advance(ms), close: () => store.close() };
});
