/** Whether the heap grows with the work. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a heap may vary by without anything being kept: caches that fill, tables that grow once. */
const SLACK_MIB = 8;
const GROWTH_MAX = 1.1;

/** Heap in use after everything unreachable was collected, MiB. */
export function heapMiB(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed / 1_048_576;
}

/** Undefined when the last third needs no more than a tenth above the first; else a sentence. */
export function growth(samplesMiB: readonly number[]): string | undefined {
  const third = Math.max(1, Math.floor(samplesMiB.length / 3));
  const first = Math.max(...samplesMiB.slice(0, third));
  const last = Math.max(...samplesMiB.slice(-third));
  if (last <= first * GROWTH_MAX + SLACK_MIB) return undefined;
  return `memory grew from ${first.toFixed(1)} to ${last.toFixed(1)} MiB; at most ${(first * GROWTH_MAX + SLACK_MIB).toFixed(1)}`;
}
