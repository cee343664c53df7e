/** Rounds of the same load, one contestant after the other, so that what else runs on the machine meets all of them alike. */
import { median } from '../median.js';
import type { Contestant } from './contestant.js';

export interface Load {
  /** Resolves when that many operations are over; answers how many of them failed. */
  run(count: number): Promise<number>;
}

export interface Entrant {
  readonly contestant: Contestant;
  readonly load: Load;
}

export interface Measurement {
  readonly name: string;
  /** Of the process under test, per operation, microseconds: the median round. */
  readonly cpuMicros: number;
  /** The same of each round. */
  readonly rounds: readonly number[];
  readonly failed: number;
}

interface Plan {
  readonly warmUp: number;
  /** Rounds before those that are measured: what they leave behind for a while is what the measured ones find. */
  readonly settling?: number;
  readonly rounds: number;
  readonly perRound: number;
}

export async function measureRounds(entrants: readonly Entrant[], plan: Plan): Promise<Measurement[]> {
  const costs = entrants.map((): number[] => []);
  const failed = entrants.map(() => 0);
  for (const { load } of entrants) await load.run(plan.warmUp);
  for (let round = 0; round < (plan.settling ?? 0); round += 1) {
    for (const { load } of entrants) await load.run(plan.perRound);
  }
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const [at, { contestant, load }] of entrants.entries()) {
      const before = contestant.cpuMicros();
      failed[at] = (failed[at] as number) + await load.run(plan.perRound);
      costs[at]?.push((contestant.cpuMicros() - before) / plan.perRound);
    }
  }
  return entrants.map(({ contestant: { name } }, at) => {
    const rounds = costs[at] ?? [];
    return { name, cpuMicros: median(rounds), rounds, failed: failed[at] ?? 0 };
  });
}

/** Of several processes of each contestant, one after the other: all their rounds as those of one. */
export function together(runs: readonly (readonly Measurement[])[]): Measurement[] {
  return (runs[0] ?? []).map(({ name }, at) => {
    const each = runs.flatMap((run) => run[at] ?? []);
    const rounds = each.flatMap((one) => one.rounds);
    return { name, cpuMicros: median(rounds), rounds, failed: each.reduce((sum, { failed }) => sum + failed, 0) };
  });
}

/** The median of rounds, each compared with the other's beside it: a machine is not as fast a minute later. */
export function besideOther(ours: Measurement, other: Measurement, compare: (cost: number, beside: number) => number): number {
  return median(ours.rounds.map((cost, at) => compare(cost, other.rounds[at] as number)));
}

/** All rounds as one, with the collections of garbage that come once in several of them. */
export function ofAll(ours: Measurement, other: Measurement): number {
  const sum = ({ rounds }: Measurement): number => rounds.reduce((all, each) => all + each, 0);
  return sum(ours) / sum(other);
}

/** One line each, the first one as a ratio to every other. What failed makes the figures worthless, so it fails the run. */
export function reportRounds(what: string, [ours, ...others]: readonly Measurement[], aim: string): void {
  for (const { name, cpuMicros, failed } of [ours, ...others].filter((each) => each !== undefined)) {
    const trouble = failed === 0 ? '' : `   ${failed} FAILED`;
    console.log(`${`${what}: ${name}`.padEnd(60)} ${cpuMicros.toFixed(1).padStart(10)} us CPU${trouble}`);
  }
  if (ours === undefined) return;
  if ([ours, ...others].some(({ failed }) => failed > 0)) process.exitCode = 1;
  const ratios = others.map((other) => `${besideOther(ours, other, (cost, beside) => cost / beside).toFixed(2)} x ${other.name}`);
  console.log(`    ${[...ratios, `aim: ${aim}`].join('; ')}`);
}
