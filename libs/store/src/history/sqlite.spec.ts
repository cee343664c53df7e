import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { call, type HistoryStand, historyStoreContract, type Retention } from './contract.js';
import { SqliteHistoryStore } from './sqlite.js';

const DAY_MS = 86_400_000;

function folder(): { file: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'history-'));
  return { file: join(path, 'state', 'history.db'), remove: () => rmSync(path, { recursive: true, force: true }) };
}

async function open(retention: Partial<Retention> = {}): Promise<HistoryStand> {
  const { file, remove } = folder();
  const store = SqliteHistoryStore.open({ file, nowMs: () => 0, ...retention });
  return {
    store,
    close: async () => {
      await store.close();
      remove();
    },
  };
}

historyStoreContract('SqliteHistoryStore', () => open(), open);

describe('SqliteHistoryStore', () => {
  const all = { kind: 'call', fromMs: 0, toMs: 20 * DAY_MS, limit: 1_000 } as const;
  let place: ReturnType<typeof folder>;
  beforeEach(() => { place = folder(); });
  afterEach(() => place.remove());

  it('keeps records when it is opened again', async () => {
    const first = SqliteHistoryStore.open({ file: place.file, nowMs: () => 0 });
    await first.append([call('a', 1)]);
    await first.close();
    const second = SqliteHistoryStore.open({ file: place.file, nowMs: () => 0 });
    expect((await second.query(all)).records).toEqual([call('a', 1)]);
    await second.close();
  });

  it('is unavailable while another process holds the file, and says which file', async () => {
    const store = SqliteHistoryStore.open({ file: place.file, nowMs: () => 0, busyTimeoutMs: 10 });
    const other = new DatabaseSync(place.file);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.append([call('a', 1)])).rejects.toMatchObject({
      code: 'HISTORY_UNAVAILABLE', message: expect.stringContaining(place.file),
    });
    other.exec('ROLLBACK');
    await store.append([call('a', 1)]);
    expect((await store.query(all)).records).toHaveLength(1);
    other.close();
    await store.close();
  });

  it('removes what is older than its retention, terms too, but no resource', async () => {
    let nowMs = DAY_MS;
    const store = SqliteHistoryStore.open({ file: place.file, retentionMs: 2 * DAY_MS, nowMs: () => nowMs });
    const resource = {
      kind: 'resource', key: 'Switch/7001', atMs: 0, version: 1, dns: ['7001'], agents: [],
      data: { switchName: 'Switch', dn: '7001', type: 'Extension', firstSeenAtMs: 5 },
    } as const;
    await store.append([call('old', DAY_MS), resource]);
    nowMs = 4 * DAY_MS;
    await store.append([call('new', nowMs)]);
    expect((await store.query(all)).records.map(({ key }) => key)).toEqual(['new']);
    expect((await store.query({ ...all, dn: '7001' })).records.map(({ key }) => key)).toEqual(['new']);
    expect((await store.query({ ...all, kind: 'resource' })).records).toHaveLength(1);
    await store.close();
    const file = new DatabaseSync(place.file);
    expect(file.prepare('SELECT COUNT(*) AS n FROM term WHERE at > 0').get()).toEqual({ n: 2 });
    file.close();
  });

  it('names the file and the reason when it cannot be opened', () => {
    void SqliteHistoryStore.open({ file: place.file, nowMs: () => 0 }).close();
    const inFile = join(place.file, 'history.db');
    expect(() => SqliteHistoryStore.open({ file: inFile, nowMs: () => 0 })).toThrow(`history file ${inFile}: `);
    const file = new DatabaseSync(place.file);
    file.exec('PRAGMA user_version = 99');
    file.close();
    expect(() => SqliteHistoryStore.open({ file: place.file, nowMs: () => 0 })).toThrow('newer version');
  });
});
