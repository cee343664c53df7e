import { fuzz, FuzzFailed, type FuzzTarget, INPUT_MS_MAX } from './harness.js';
import { growth } from './memory.js';
import { FuzzRandom, mutate } from './mutate.js';
import { sipSeeds, tlibSeeds } from './seeds.js';
import { TARGETS } from './targets.js';

/** Of a million; `npm run fuzz` takes them all. */
const COUNT = 10_000;

describe('mutated input', () => {
  it.each([...TARGETS])('never breaks %s, and some of it stays good', async (_name, make) => {
    const target = await make();
    const count = Math.ceil(COUNT * target.ofMillion / 1_000_000);
    const { accepted, slowestMs } = await fuzz(target, { seed: 1, from: 0, count });
    await target.close?.();
    expect(accepted).toBeGreaterThan(count / 50);
    expect(accepted).toBeLessThanOrEqual(count);
    expect(slowestMs).toBeLessThan(INPUT_MS_MAX);
  }, 60_000);
});

describe('the harness', () => {
  const target = (feed: FuzzTarget['feed'], settle?: () => void): FuzzTarget => ({
    name: 'broken', seeds: sipSeeds, ofMillion: 1, batch: 10, feed, ...(settle === undefined ? {} : { settle }),
  });

  it('tells seed and number of an input that throws, and makes it again from them', async () => {
    let fed = 0;
    const broken = target(() => {
      fed += 1;
      if (fed === 5) throw new Error('no');
      return true;
    });
    const failed = await fuzz(broken, { seed: 3, from: 100, count: 50 }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(FuzzFailed);
    expect((failed as FuzzFailed).message).toBe(`broken, seed 3, input 104: Error: no\n${JSON.stringify(mutate(sipSeeds, new FuzzRandom(3, 104)))}`);
  });

  it('fails on an input that is slow every time, and on what a batch leaves behind', async () => {
    const slow = target(() => {
      const before = process.cpuUsage();
      while (process.cpuUsage(before).user < (INPUT_MS_MAX + 5) * 1000);
      return true;
    });
    await expect(fuzz(slow, { seed: 1, from: 0, count: 1 })).rejects.toThrow('at most 50');
    await expect(fuzz(target(() => true, () => { throw new Error('left behind'); }), { seed: 1, from: 0, count: 10 })).rejects.toThrow('left behind');
  });

  it('knows memory that grows from memory that varies', () => {
    expect(growth([20, 24, 21, 22, 23, 25])).toBeUndefined();
    expect(growth([20, 30, 40, 50, 60, 70])).toBe('memory grew from 30.0 to 70.0 MiB; at most 41.0');
  });

  it('mutates every seed, differently for every number', () => {
    const made = new Set(Array.from({ length: 1_000 }, (_, input) => mutate(tlibSeeds, new FuzzRandom(1, input))));
    expect(made.size).toBeGreaterThan(900);
  });
});
