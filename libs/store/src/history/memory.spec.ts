import { call, historyStoreContract } from './contract.js';
import { MemoryHistoryStore } from './memory.js';

historyStoreContract('MemoryHistoryStore', async () => {
  const store = new MemoryHistoryStore();
  return {
    store,
    outage: { begin: async () => { store.available = false; }, end: async () => { store.available = true; } },
    close: () => store.close(),
  };
});

describe('MemoryHistoryStore', () => {
  it('forgets what was written first when it is full', async () => {
    const store = new MemoryHistoryStore(2);
    await store.append([call('a', 1), call('b', 2), call('c', 3)]);
    const { records } = await store.query({ kind: 'call', fromMs: 0, toMs: 10, limit: 10 });
    expect(records.map(({ key }) => key)).toEqual(['c', 'b']);
  });
});
