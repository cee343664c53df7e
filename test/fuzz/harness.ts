/** Feeds a target with mutated input: no exception, no input that takes long. What fails is told so that it can be repeated. */
import { FuzzRandom, mutate } from './mutate.js';

export interface FuzzTarget {
  readonly name: string;
  readonly seeds: readonly string[];
  /** Inputs of each million: a target that costs more gets fewer. */
  readonly ofMillion: number;
  /** Inputs between two calls of `settle`. */
  readonly batch: number;
  /** Answers whether the input was accepted. Throws when something is wrong with us. */
  feed(input: string, random: FuzzRandom): boolean;
  /** Lets what was started end, and checks it. */
  settle?(): void | Promise<void>;
  close?(): void | Promise<void>;
}

export interface FuzzRun {
  readonly seed: number;
  /** Number of the first input. */
  readonly from: number;
  readonly count: number;
  onInput?(input: number): void;
}

export interface FuzzReport {
  readonly accepted: number;
  readonly slowestMs: number;
}

/** Longer is a hang to whoever waits behind it. */
export const INPUT_MS_MAX = 50;
/** Longer is measured again, so that what is told is the input's and not the machine's. */
const SUSPECT_MS = 5;
const REPEATS = 5;

export class FuzzFailed extends Error {
  readonly code = 'FUZZ_FAILED';
}

export async function fuzz(target: FuzzTarget, run: FuzzRun): Promise<FuzzReport> {
  let accepted = 0;
  let slowestMs = 0;
  const end = run.from + run.count;
  for (let input = run.from; input < end; input += 1) {
    run.onInput?.(input);
    const random = new FuzzRandom(run.seed, input);
    const text = mutate(target.seeds, random);
    try {
      const startedMs = performance.now();
      if (target.feed(text, random)) accepted += 1;
      const tookMs = performance.now() - startedMs;
      slowestMs = Math.max(slowestMs, tookMs > SUSPECT_MS ? repeatedMs(target, text, random) : tookMs);
      if ((input + 1) % target.batch === 0 || input + 1 === end) await target.settle?.();
    } catch (error) {
      throw new FuzzFailed(`${target.name}, seed ${run.seed}, input ${input}: ${String(error)}\n${JSON.stringify(text)}`, { cause: error });
    }
  }
  return { accepted, slowestMs };
}

/** CPU time, the least of several: a busy machine may take any time between two lines, what is slow by itself is slow each time. */
function repeatedMs(target: FuzzTarget, text: string, random: FuzzRandom): number {
  let leastMs = Infinity;
  for (let i = 0; i < REPEATS; i += 1) {
    const before = process.cpuUsage();
    target.feed(text, random);
    const { user, system } = process.cpuUsage(before);
    leastMs = Math.min(leastMs, (user + system) / 1000);
  }
  if (leastMs > INPUT_MS_MAX) throw new Error(`takes ${Math.round(leastMs)} ms; at most ${INPUT_MS_MAX}`);
  return leastMs;
}
