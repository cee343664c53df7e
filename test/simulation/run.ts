/** Runs seeds one after the other, and says how to see again what failed. */
import { HistoryFailed, runScenario } from '#simulation';
import { CASES } from './cases/cases.js';
import { type HistoryOptions, noTally, runHistory, type Tally } from './history.js';
import { ShadowsCountAlike } from './invariants/shadows-count-alike.js';
import { limits } from './limits/limits.js';
import { SHADOW_CALLS, shadows } from './limits/shadows.js';
import { TWO_DATA_CENTRES, twoDataCentres, type TwoDataCentresOptions } from './two-data-centres.js';

export interface Outcome {
  readonly seed: number;
  readonly traceHash: string;
  readonly lines: number;
  readonly tally: Tally | undefined;
}

export interface Failure {
  readonly seed: number;
  /** The invariant or the expectation, in one line. */
  readonly reason: string;
  /** With the ladder of what happened. */
  readonly report: string;
}

export type RunSeed = (seed: number) => Promise<Outcome>;

export function historyRunner(options: HistoryOptions): RunSeed {
  return async (seed) => {
    const { history: { traceHash, lines }, tally } = await runHistory(seed, options);
    return { seed, traceHash, lines, tally };
  };
}

const ofTwo = (options: TwoDataCentresOptions): RunSeed => async (seed) => {
  const tally = noTally();
  const { traceHash, lines } = await runScenario(seed, twoDataCentres(options, tally), TWO_DATA_CENTRES);
  return { seed, traceHash, lines, tally };
};

const ofLimits = (options: HistoryOptions): RunSeed => async (seed) => {
  const tally = noTally();
  const { traceHash, lines } = await runScenario(seed, limits(options, tally), TWO_DATA_CENTRES);
  return { seed, traceHash, lines, tally };
};

/** Two histories of each seed: with rules, and with their shadows. */
const shadowRunner: RunSeed = async (seed) => {
  const [refused, shadowed]: [string[], string[]] = [[], []];
  await runScenario(seed, shadows(false, refused), TWO_DATA_CENTRES);
  const history = await runScenario(seed, async (world) => {
    await shadows(true, shadowed)(world);
    const checker = new ShadowsCountAlike();
    checker.compare(refused, shadowed);
    if (checker.problem !== undefined) throw world.failure(`invariant broken: limits 5: shadows count alike: ${checker.problem}`);
  }, TWO_DATA_CENTRES);
  return { ...history, tally: { ...noTally(), calls: SHADOW_CALLS, failed: refused.length } };
};

/** Whole histories, too, in a cluster of another shape. */
const STORIES: Readonly<Record<string, (options: HistoryOptions) => RunSeed>> = {
  twoDataCentres: ofTwo,
  limits: ofLimits,
  shadows: () => shadowRunner,
  busOutages: (options) => ofTwo({ ...options, busOutages: true }),
};

export const CASE_NAMES = [...Object.keys(CASES), ...Object.keys(STORIES)];

/** @throws Error that names the cases there are */
export function caseRunner(name: string, options: HistoryOptions = { minutes: 2, calls: 40 }): RunSeed {
  const story = STORIES[name];
  if (story !== undefined) return story(options);
  const scenario = CASES[name];
  if (scenario === undefined) throw new Error(`there is no case "${name}": it must be one of ${CASE_NAMES.join(', ')}`);
  return async (seed) => {
    const { traceHash, lines } = await runScenario(seed, scenario, { wholeWrites: true });
    return { seed, traceHash, lines, tally: undefined };
  };
}

/** Answers the failures. `done` is told after each seed. */
export async function runSeeds(
  seeds: Iterable<number>, run: RunSeed, done: (seed: number, result: Outcome | Failure) => void = () => {},
): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const seed of seeds) {
    const result = await run(seed).catch((error: unknown) => failureOf(seed, error));
    if ('reason' in result) failures.push(result);
    done(seed, result);
  }
  return failures;
}

export function* seedsFrom(first: number, count: number): Generator<number> {
  for (let i = 0; i < count; i += 1) yield first + i;
}

function failureOf(seed: number, error: unknown): Failure {
  const report = error instanceof HistoryFailed ? error.message : error instanceof Error ? error.stack ?? error.message : String(error);
  return { seed, reason: report.split('\n')[0] ?? '', report };
}
