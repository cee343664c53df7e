/** Runs a scenario by a seed, and makes a test of it. */
import { HistoryFailed, World, type WorldOptions } from './world.js';

export type Scenario = (world: World) => Promise<void>;

export interface History {
  readonly seed: number;
  /** Equal for equal histories. */
  readonly traceHash: string;
  readonly lines: number;
}

export interface SimTestOptions extends WorldOptions {
  /** Each is a history of its own. Default: 1 to 10. */
  readonly seeds?: readonly number[];
  readonly timeoutMs?: number;
}

/** @throws HistoryFailed with the seed and the ladder of what happened */
export async function runScenario(seed: number, scenario: Scenario, options: WorldOptions = {}): Promise<History> {
  const world = new World(seed, options);
  try {
    await scenario(world);
  } catch (error) {
    if (error instanceof HistoryFailed) throw error;
    throw world.failure(error instanceof Error ? error.message : String(error), error);
  }
  const history: History = { seed, traceHash: world.trace.hash, lines: world.trace.count };
  await world.close();
  return history;
}

const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1);
const TIMEOUT_MS = 60_000;

/** The test function of whichever runner is there. */
declare const it: (name: string, body: () => Promise<void>, timeoutMs?: number) => void;

export function simTest(name: string, scenario: Scenario, options: SimTestOptions = {}): void {
  const { seeds = SEEDS, timeoutMs = TIMEOUT_MS } = options;
  it(name, async () => {
    for (const seed of seeds) await runScenario(seed, scenario, options);
  }, timeoutMs);
}
