import { caseRunner, runSeeds, seedsFrom } from './run.js';

const OPTIONS = { minutes: 2, calls: 40 };
/** In each run; `npm run sim -- --case twoDataCentres --seeds 500` takes more. */
const SEEDS = 6;
/** Seeds that found a bug, and a sentence of what it was. */
const REGRESSIONS: readonly (readonly [seed: number, what: string])[] = [
  [20, 'a session controller that was heard again still counted as silent, so that a live call was taken off a desktop'],
  [190, 'a client that registered a DN while it was handed over, at a node that had just started, waited for ever'],
  [210, 'two routers found a phone without an agent, who then logged in and had two routed calls'],
];

describe('two data centres, with moves, cuts, pauses and crashes (HA-07, HA-08, HA-10)', () => {
  it(`keep every invariant, seeds 1 to ${SEEDS}`, async () => {
    const seen = { connected: 0, moves: 0, cuts: 0, crashes: 0 };
    const failures = await runSeeds(seedsFrom(1, SEEDS), caseRunner('twoDataCentres', OPTIONS), (_seed, result) => {
      if (!('tally' in result) || result.tally === undefined) return;
      for (const what of ['connected', 'moves', 'cuts', 'crashes'] as const) seen[what] += result.tally[what];
    });
    expect(failures.map(({ seed, reason }) => `seed ${seed}: ${reason}`)).toEqual([]);
    expect(seen.connected).toBeGreaterThan(SEEDS * 5);
    expect([seen.moves, seen.cuts, seen.crashes].every((count) => count > SEEDS / 2)).toBe(true);
  }, 180_000);

  it.each(REGRESSIONS)('seed %i stays mended: %s', async (seed) => {
    expect(await runSeeds([seed], caseRunner('twoDataCentres', OPTIONS))).toEqual([]);
  }, 60_000);
});

describe('two data centres, of which one loses its bus, or which are cut from each other', () => {
  it('keep every invariant, and monitors are told every number that an owner still holds', async () => {
    let outages = 0;
    const failures = await runSeeds([15, 16, 17], caseRunner('busOutages', OPTIONS), (_seed, result) => {
      if ('tally' in result) outages += result.tally?.outages ?? 0;
    });
    expect(failures.map(({ seed, reason }) => `seed ${seed}: ${reason}`)).toEqual([]);
    expect(outages).toBeGreaterThan(3);
  }, 120_000);
});
