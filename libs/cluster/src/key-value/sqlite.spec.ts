import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settle, VirtualClock } from '#simulation';
import { keyValueContract } from './contract.js';
import { MemoryKeyValueStore } from './memory.js';
import { SqliteKeeper } from './sqlite.js';

const made: string[] = [];
const file = (): string => {
  made.push(mkdtempSync(join(tmpdir(), 'key-values-')));
  return join(made.at(-1) as string, 'state', 'kv.db');
};
afterAll(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));

keyValueContract('MemoryKeyValueStore with a SqliteKeeper', async () => {
  const clock = new VirtualClock();
  const store = new MemoryKeyValueStore(clock, SqliteKeeper.open(file(), ''));
  return { a: store, b: store, settle, advance: (ms) => clock.advance(ms), close: () => store.close() };
});

describe('buckets in a SQLite file', () => {
  const opened = (path: string): MemoryKeyValueStore => new MemoryKeyValueStore(new VirtualClock(), SqliteKeeper.open(path, 'limits-'));

  it('hold after a start what they held before, with its revisions, and nothing that was to expire', async () => {
    const path = file();
    const first = opened(path);
    const bucket = await first.bucket('limits-dc1');
    await bucket.create('a', { n: 1 });
    const revision = await bucket.update('a', { n: 2 }, await bucket.create('b', {}).then(() => 1));
    await bucket.create('lock', {}, { ttlMs: 1_000 });
    await bucket.create('c', { n: 3 });
    await bucket.delete('c');
    await bucket.delete('b');
    await first.close();
    const second = opened(path);
    const again = await second.bucket('limits-dc1');
    expect(await again.list()).toEqual([{ key: 'a', value: { n: 2 }, revision }]);
    expect(await again.create('d', {})).toBe(8);
    await second.close();
  });

  it('leave other buckets in memory', async () => {
    const path = file();
    const first = opened(path);
    await (await first.bucket('owners-dc1')).create('a', {});
    await first.close();
    const second = opened(path);
    expect(await (await second.bucket('owners-dc1')).list()).toEqual([]);
    await second.close();
  });

  it('say which file cannot be opened', () => {
    const plain = join(file(), '..', '..');
    writeFileSync(join(plain, 'plain'), '');
    expect(() => SqliteKeeper.open(join(plain, 'plain', 'kv.db'), '')).toThrow(`${join(plain, 'plain', 'kv.db')}: `);
  });
});
