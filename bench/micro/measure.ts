/** CPU time of repeated work: median of several rounds, warmed up. */
import { median } from '../median.js';

export interface Measured {
  readonly name: string;
  /** CPU time of this process per operation, user and system, in microseconds. */
  readonly cpuMicros: number;
}

const ROUNDS = 7;

export function measure(name: string, perRound: number, work: () => void): Measured {
  work();
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    work();
    return cpuSince(before) / perRound;
  });
  return { name, cpuMicros: median(rounds) };
}

export async function measureAsync(name: string, perRound: number, work: () => Promise<void>): Promise<Measured> {
  await work();
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    await work();
    rounds.push(cpuSince(before) / perRound);
  }
  return { name, cpuMicros: median(rounds) };
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const used = process.cpuUsage(before);
  return used.user + used.system;
}

export function report(rows: readonly Measured[]): void {
  for (const { name, cpuMicros } of rows) console.log(`${name.padEnd(60)} ${cpuMicros.toFixed(2).padStart(10)} us CPU`);
}
