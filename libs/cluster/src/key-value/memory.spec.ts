import { settle, VirtualClock } from '#simulation';
import { keyValueContract } from './contract.js';
import { MemoryKeyValueStore } from './memory.js';

keyValueContract('MemoryKeyValueStore', async () => {
  const clock = new VirtualClock();
  const store = new MemoryKeyValueStore(clock);
  return { a: store, b: store, settle, advance: (ms) => clock.advance(ms), close: () => store.close() };
});
