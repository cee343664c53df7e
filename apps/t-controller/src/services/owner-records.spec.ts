import { type KeyValue, type KeyValueStore, KeyValueUnavailable, MemoryKeyValueStore } from '#cluster';
import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import type { OwnerRecord } from '#telephony';
import { OwnerRecords, type StoredOwner } from './owner-records.js';

const record = (dn: string, node: string, epoch: number): OwnerRecord => ({ dn, node, dataCentre: 'dc1', ownership: 'sip', epoch });

function stand() {
  const clock = new VirtualClock();
  const store = new MemoryKeyValueStore(clock);
  const counts = { writes: 0, away: false };
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (counts.away) throw new KeyValueUnavailable('away');
    counts.writes += 1;
    return work();
  };
  const wrap = (bucket: KeyValue): KeyValue => ({
    get: (key) => bucket.get(key), list: (pattern) => bucket.list(pattern), watch: (pattern, onChange) => bucket.watch(pattern, onChange),
    close: () => bucket.close(),
    create: (key, value) => guarded(() => bucket.create(key, value)),
    update: (key, value, revision) => guarded(() => bucket.update(key, value, revision)),
    delete: (key, revision) => guarded(() => bucket.delete(key, revision)),
  });
  const keyValues: KeyValueStore = { bucket: async (name) => wrap(await store.bucket(name)), close: () => store.close() };
  const make = (node: string) => {
    const found: StoredOwner[] = [];
    const records = new OwnerRecords(node, 'dc1', ['dc1', 'dc2'], { clock, log: silentLog, meter: new CountingMeter(), keyValues }, {
      found: (each) => void found.push(each),
    });
    records.start();
    return { records, found };
  };
  const stored = async (dn: string) => (await (await store.bucket('owners-dc1')).get(dn))?.value as StoredOwner | undefined;
  return { clock, store, counts, make, stored };
}

it('writes a claim, a much longer registration, and the end; not every refresh', async () => {
  const { clock, counts, make, stored } = stand();
  const { records } = make('N1');
  await clock.advance(10);
  records.put(record('7001', 'N1', 5), 100_000);
  await clock.advance(10);
  records.put(record('7001', 'N1', 5), 130_000);
  await clock.advance(10);
  expect([counts.writes, await stored('7001')]).toEqual([1, { ...record('7001', 'N1', 5), untilMs: 100_000 }]);
  records.put(record('7001', 'N1', 5), 160_000);
  await clock.advance(10);
  expect(await stored('7001')).toMatchObject({ untilMs: 160_000 });
  records.remove('7001');
  await clock.advance(10);
  expect(await stored('7001')).toBeUndefined();
});

it('an ownership without an end is written once', async () => {
  const { clock, counts, make, stored } = stand();
  const { records } = make('N1');
  for (const _ of [1, 2, 3]) {
    records.put(record('5000', 'N1', 5), Infinity);
    await clock.advance(10);
  }
  expect([counts.writes, await stored('5000')]).toEqual([1, record('5000', 'N1', 5)]);
});

it('tells what others own, in every data centre, before and after it started', async () => {
  const { clock, store, make } = stand();
  await (await store.bucket('owners-dc2')).create('7009', record('7009', 'N9', 3));
  const first = make('N1');
  const second = make('N2');
  await clock.advance(10);
  first.records.put(record('7001', 'N1', 5), 100_000);
  await clock.advance(10);
  expect(second.found.map(({ dn, node }) => `${dn} ${node}`)).toEqual(['7009 N9', '7001 N1']);
});

it('TC-33: a lower epoch is never written over a higher one; the higher one is told instead', async () => {
  const { clock, make, stored } = stand();
  const [former, heir] = [make('N1'), make('N2')];
  await clock.advance(10);
  heir.records.put(record('7001', 'N2', 9), 100_000);
  await clock.advance(10);
  former.found.length = 0;
  former.records.put(record('7001', 'N1', 5), 200_000);
  former.records.remove('7001');
  await clock.advance(5_000);
  expect(await stored('7001')).toMatchObject({ node: 'N2', epoch: 9 });
  former.records.put(record('7001', 'N1', 5), 200_000);
  await clock.advance(5_000);
  expect(former.found).toContainEqual(expect.objectContaining({ node: 'N2', epoch: 9 }));
});

it('a store that is away holds nobody up: the last state is written when it is back', async () => {
  const { clock, counts, make, stored } = stand();
  const { records } = make('N1');
  await clock.advance(10);
  counts.away = true;
  for (let i = 0; i < 20; i += 1) records.put(record(`70${i + 10}`, 'N1', 5), 100_000);
  await clock.advance(3_000);
  records.put(record('7010', 'N1', 6), 100_000);
  records.remove('7011');
  counts.away = false;
  await clock.advance(3_000);
  expect([(await stored('7010'))?.epoch, await stored('7011'), (await stored('7029'))?.epoch]).toEqual([6, undefined, 5]);
});

it('what changed while it was closed is not told', async () => {
  const { clock, make } = stand();
  const [one, other] = [make('N1'), make('N2')];
  await clock.advance(10);
  other.records.close();
  one.records.put(record('7001', 'N1', 5), 100_000);
  await clock.advance(10);
  expect(other.found).toEqual([]);
});
