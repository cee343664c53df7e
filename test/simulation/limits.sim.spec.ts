import { caseRunner, runSeeds, seedsFrom } from './run.js';

const OPTIONS = { minutes: 2, calls: 40 };
/** In each run; `npm run sim -- --case limits --seeds 500` takes more. */
const SEEDS = 3;
const SHADOW_SEEDS = 3;
/** Seeds that found a fault, and a sentence of what it was. */
const REGRESSIONS: readonly (readonly [seed: number, what: string])[] = [
  [278, 'the checker took a call for ended that the other half of a pair went on with, and ended before the checker looked'],
];

describe('call limits over two data centres, whose store is late, away, or starts again with nothing (LIM-*)', () => {
  it(`keep every invariant, seeds 1 to ${SEEDS}`, async () => {
    const seen = { connected: 0, failed: 0, crashes: 0, cuts: 0 };
    const failures = await runSeeds(seedsFrom(1, SEEDS), caseRunner('limits', OPTIONS), (_seed, result) => {
      if (!('tally' in result) || result.tally === undefined) return;
      for (const what of ['connected', 'failed', 'crashes', 'cuts'] as const) seen[what] += result.tally[what];
    });
    expect(failures.map(({ seed, reason }) => `seed ${seed}: ${reason}`)).toEqual([]);
    expect(Math.min(seen.connected, seen.failed, seen.crashes, seen.cuts)).toBeGreaterThan(SEEDS / 2);
  }, 240_000);

  it.each(REGRESSIONS)('seed %i stays mended: %s', async (seed) => {
    expect(await runSeeds([seed], caseRunner('limits', OPTIONS))).toEqual([]);
  }, 120_000);

  it('make the same history of the same seed', async () => {
    const run = caseRunner('limits', { minutes: 1, calls: 20 });
    const [first, again] = [await run(5), await run(5)];
    expect(again).toEqual(first);
  }, 120_000);
});

describe('shadows without trouble', () => {
  it('count the calls that the same rules refuse when they are in force', async () => {
    let refused = 0;
    const failures = await runSeeds(seedsFrom(1, SHADOW_SEEDS), caseRunner('shadows', OPTIONS), (_seed, result) => {
      if ('tally' in result) refused += result.tally?.failed ?? 0;
    });
    expect(failures.map(({ seed, reason }) => `seed ${seed}: ${reason}`)).toEqual([]);
    expect(refused).toBeGreaterThan(SHADOW_SEEDS);
  }, 120_000);
});
