import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { durableQueueContract } from './contract.js';
import { SqliteQueue } from './sqlite.js';

const made: string[] = [];
const folder = (): string => {
  made.push(mkdtempSync(join(tmpdir(), 'queue-')));
  return made.at(-1) as string;
};
afterAll(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));

durableQueueContract('SqliteQueue', async (bytes) => {
  const file = join(folder(), 'state', 'queue.db');
  let queue: SqliteQueue | undefined;
  return {
    open: async () => {
      await queue?.close();
      queue = SqliteQueue.open(file, { bytes });
      return queue;
    },
    close: async () => void await queue?.close(),
  };
});

describe('SqliteQueue', () => {
  it('counts what is not acknowledged, also after a start', async () => {
    const file = join(folder(), 'queue.db');
    const first = SqliteQueue.open(file);
    await first.append([{ id: 'a', body: { n: 1 } }, { id: 'b', body: { n: 2 } }]);
    await first.ack([1, 1, 99]);
    expect(first.length).toBe(1);
    await first.close();
    const second = SqliteQueue.open(file);
    expect(second.length).toBe(1);
    await second.close();
  });

  it('is one process\'s alone, and says so', async () => {
    const file = join(folder(), 'queue.db');
    const first = SqliteQueue.open(file);
    expect(() => SqliteQueue.open(file)).toThrow(`durable queue ${file}: database is locked; check that the folder can be written and no other process uses it`);
    await first.close();
  });

  it('says which file cannot be opened', () => {
    const file = join(folder(), 'plain');
    writeFileSync(file, '');
    expect(() => SqliteQueue.open(join(file, 'queue.db'))).toThrow(`durable queue ${file}/queue.db: `);
  });
});
