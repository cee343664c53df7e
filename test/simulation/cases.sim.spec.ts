import { CASES } from './cases/cases.js';
import { caseRunner, runSeeds, seedsFrom } from './run.js';

/** In each run; `npm run sim -- --case all --seeds 1000` takes the thousand. */
const SEEDS = 150;

describe('races of one routed call (SC-17, SC-20, CC-51, CC-52)', () => {
  it.each(Object.keys(CASES))('%s', async (name) => {
    const failures = await runSeeds(seedsFrom(1, SEEDS), caseRunner(name));
    expect(failures.map(({ seed, reason }) => `seed ${seed}: ${reason}`)).toEqual([]);
  }, 120_000);

  it('names the cases there are', () => {
    expect(() => caseRunner('idle')).toThrow('there is no case "idle": it must be one of busy, declined');
  });
});
