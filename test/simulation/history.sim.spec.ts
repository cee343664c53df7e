import { runHistory } from './history.js';
import { historyRunner, runSeeds, seedsFrom } from './run.js';

const OPTIONS = { minutes: 2, calls: 40 };
/** In each run; `npm run sim -- --seeds 200` takes more. */
const SEEDS = 25;
/** Seeds that found a bug, and a sentence of what it was. */
const REGRESSIONS: readonly (readonly [seed: number, what: string])[] = [
  [34, 'the first events of a new owner were lost, and its numbers met those of the old one'],
  [35, 'a session controller that had stood still took an INVITE that its proxy had given up'],
  [138, 'the first event of a new owner was lost, its claim was heard, and nobody asked what it was: the DN had been out of service'],
];

describe('a cluster with loss, delay, doubles and pauses', () => {
  it(`keeps every invariant, seeds 1 to ${SEEDS}`, async () => {
    let connected = 0;
    const failures = await runSeeds(seedsFrom(1, SEEDS), historyRunner(OPTIONS), (_seed, result) => {
      if ('tally' in result) connected += result.tally?.connected ?? 0;
    });
    expect(failures.map(({ seed, reason }) => `seed ${seed}: ${reason}`)).toEqual([]);
    expect(connected).toBeGreaterThan(SEEDS * 5);
  }, 180_000);

  it.each(REGRESSIONS)('seed %i stays mended: %s', async (seed) => {
    await runHistory(seed, OPTIONS);
  }, 60_000);

  it('makes the same history of the same seed, and another of another', async () => {
    const [first, again, other] = [await runHistory(3, OPTIONS), await runHistory(3, OPTIONS), await runHistory(4, OPTIONS)];
    expect(again).toEqual(first);
    expect(other.history.traceHash).not.toBe(first.history.traceHash);
  }, 60_000);
});
