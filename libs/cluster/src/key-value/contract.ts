/** What every `KeyValueStore` promises. Each driver's spec runs it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type KeyValue, type KeyValueChange, type KeyValueStore, RevisionConflict } from './port.js';

export interface KeyValueStand {
  /** Two attachments to one store. */
  readonly a: KeyValueStore;
  readonly b: KeyValueStore;
  /** Resolves when what was written has been reported to watchers. */
  settle(): Promise<void>;
  /** Lets the time of expiries pass. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export function keyValueContract(name: string, start: () => Promise<KeyValueStand>): void {
  describe(`${name} keeps the key-value contract`, () => {
    let stand: KeyValueStand;
    let a: KeyValue;
    let b: KeyValue;
    beforeEach(async () => {
      stand = await start();
      a = await stand.a.bucket('owners-dc1');
      b = await stand.b.bucket('owners-dc1');
    });
    afterEach(() => stand.close());

    const keys = async (bucket: KeyValue, pattern?: string): Promise<string[]> =>
      (await bucket.list(pattern)).map(({ key }) => key).sort();

    it('reads what another wrote', async () => {
      const revision = await a.create('dn.7001', { node: 'n1' });
      expect(await b.get('dn.7001')).toEqual({ key: 'dn.7001', value: { node: 'n1' }, revision });
      expect(await b.get('dn.7002')).toBeUndefined();
    });

    it('keeps buckets apart', async () => {
      await a.create('k', { n: 1 });
      const other = await stand.a.bucket('owners-dc2');
      expect(await other.get('k')).toBeUndefined();
      await other.create('k', { n: 2 });
      expect((await a.get('k'))?.value).toEqual({ n: 1 });
    });

    it('lets one creator win', async () => {
      const attempts = await Promise.allSettled([a.create('k', { by: 'a' }), b.create('k', { by: 'b' })]);
      expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const lost = attempts.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(lost.reason).toBeInstanceOf(RevisionConflict);
    });

    it('updates only what has not changed', async () => {
      const first = await a.create('k', { n: 1 });
      const second = await b.update('k', { n: 2 }, first);
      expect(second).toBeGreaterThan(first);
      await expect(a.update('k', { n: 3 }, first)).rejects.toBeInstanceOf(RevisionConflict);
      expect((await a.get('k'))?.value).toEqual({ n: 2 });
    });

    it('does not update what does not exist', async () => {
      await expect(a.update('k', { n: 1 }, 7)).rejects.toBeInstanceOf(RevisionConflict);
      expect(await a.get('k')).toBeUndefined();
    });

    it('deletes, with a revision only what has not changed, and lets the key be created again', async () => {
      const first = await a.create('k', { n: 1 });
      const second = await a.update('k', { n: 2 }, first);
      await expect(a.delete('k', first)).rejects.toBeInstanceOf(RevisionConflict);
      await a.delete('k', second);
      expect(await b.get('k')).toBeUndefined();
      expect(await b.create('k', { n: 3 })).toBeGreaterThan(second);
      await a.delete('k');
      await a.delete('k');
      expect(await keys(a)).toEqual([]);
    });

    it('lists by pattern, without what is gone', async () => {
      await a.create('dn.7001', {});
      await a.create('dn.7002', {});
      await a.create('pair.p1', {});
      await a.create('dn.7003', {});
      await a.delete('dn.7003');
      expect(await keys(b)).toEqual(['dn.7001', 'dn.7002', 'pair.p1']);
      expect(await keys(b, 'dn.*')).toEqual(['dn.7001', 'dn.7002']);
    });

    it('forgets a key when its time is over, and lets it be created again', async () => {
      await a.create('lease', { n: 1 }, { ttlMs: 1_000 });
      expect(await b.get('lease')).toBeDefined();
      await stand.advance(2_500);
      expect(await b.get('lease')).toBeUndefined();
      expect(await keys(b)).toEqual([]);
      await b.create('lease', { n: 2 });
      expect((await a.get('lease'))?.value).toEqual({ n: 2 });
    });

    it('counts the time from the last write, and not at all without one', async () => {
      const renewed = await a.create('renewed', {}, { ttlMs: 2_000 });
      const kept = await a.create('kept', {}, { ttlMs: 2_000 });
      await stand.advance(1_000);
      await a.update('renewed', {}, renewed, { ttlMs: 4_000 });
      await a.update('kept', {}, kept);
      await stand.advance(2_500);
      expect(await keys(b)).toEqual(['kept', 'renewed']);
      await stand.advance(3_000);
      expect(await keys(b)).toEqual(['kept']);
    });

    it('reports what exists, then every change, expiry included', async () => {
      const changes: string[] = [];
      const note = (change: KeyValueChange): void => void changes.push(
        change.kind === 'put' ? `put ${change.entry.key} ${JSON.stringify(change.entry.value)}` : `gone ${change.key}`,
      );
      const first = await a.create('dn.1', { n: 1 });
      const watch = await b.watch('dn.*', note);
      expect(changes).toEqual(['put dn.1 {"n":1}']);
      await a.update('dn.1', { n: 2 }, first);
      await a.create('other.1', {});
      await a.create('dn.2', {}, { ttlMs: 1_000 });
      await stand.settle();
      await stand.advance(2_500);
      await a.delete('dn.1');
      await stand.settle();
      expect(changes.slice(1)).toEqual(['put dn.1 {"n":2}', 'put dn.2 {}', 'gone dn.2', 'gone dn.1']);
      watch.stop();
      await a.create('dn.3', {});
      await stand.settle();
      expect(changes).toHaveLength(5);
    });

    it('watches an empty bucket', async () => {
      const changes: KeyValueChange[] = [];
      await b.watch('>', (change) => changes.push(change));
      expect(changes).toEqual([]);
      await a.create('k', { n: 1 });
      await stand.settle();
      expect(changes).toHaveLength(1);
    });

    it.each(['', 'a b', 'a..b', '.a', 'a.*'])('refuses the key %j', async (key) => {
      await expect(a.create(key, {})).rejects.toThrow('is not a key of a bucket');
    });
  });
}
