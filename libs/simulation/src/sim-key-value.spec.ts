import type { KeyValue, KeyValueStore } from '#cluster';
import { keyValueContract } from '../../cluster/src/key-value/contract.js';
import { World } from './world.js';

/** Lets time pass while a call is under way, since its messages need some. */
async function whilePassing<T>(world: World, call: Promise<T>): Promise<T> {
  let pending = true;
  const ended = call.finally(() => { pending = false; });
  ended.catch(() => {});
  await world.until(() => !pending, 1_000);
  return ended;
}

function passing(world: World, bucket: KeyValue): KeyValue {
  const passed = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => (...args: A): Promise<R> =>
    whilePassing(world, call.apply(bucket, args));
  return {
    get: passed(bucket.get), list: passed(bucket.list), create: passed(bucket.create), update: passed(bucket.update),
    delete: passed(bucket.delete), watch: passed(bucket.watch), close: passed(bucket.close),
  };
}

async function stand() {
  const world = new World(1);
  const stores: KeyValueStore[] = [];
  for (const name of ['a', 'b']) await world.start(name, ({ keyValues }) => (stores.push(keyValues), { close() {} }));
  const [a, b] = stores.map((store) => ({
    bucket: async (name: string) => passing(world, await whilePassing(world, store.bucket(name))), close: () => store.close(),
  })) as [KeyValueStore, KeyValueStore];
  return { world, a, b, raw: stores[0] as KeyValueStore };
}

keyValueContract('SimKeyValue', async () => {
  const { world, a, b } = await stand();
  return { a, b, settle: () => world.advance(20), advance: (ms) => world.advance(ms), close: () => world.close() };
});

describe('SimKeyValue', () => {
  it('is unavailable for a node that is cut off, and may have done what it could not confirm', async () => {
    const { world, a, b, raw } = await stand();
    const bucket = await whilePassing(world, raw.bucket('x'));
    world.network.setLink('a', 'kv', { delayMsMin: 100, delayMsMax: 100 });
    const outcomes: unknown[] = [];
    bucket.create('k', { n: 1 }).catch((error: unknown) => outcomes.push(error));
    await world.advance(50);
    world.partition(['a'], ['kv']);
    await world.advance(1_000);
    expect(outcomes).toMatchObject([{ code: 'KV_UNAVAILABLE' }]);
    await expect(a.bucket('x')).rejects.toMatchObject({ code: 'KV_UNAVAILABLE' });
    expect((await (await b.bucket('x')).get('k'))?.value).toEqual({ n: 1 });
  });
});
