/** One target in a thread of its own, so that whoever started it sees when it stands still. */
import { parentPort, workerData } from 'node:worker_threads';
import { fuzz } from './harness.js';
import { growth, heapMiB } from './memory.js';
import { TARGETS } from './targets.js';

export interface FuzzOrder {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  /** Of a million; the target takes its share. */
  readonly count: number;
  /** The number of the current input is written here. */
  readonly progress: SharedArrayBuffer;
}

export type FuzzNews = { readonly line: string } | { readonly failed: string };

const ROUNDS = 9;

const tell = (news: FuzzNews): void => parentPort?.postMessage(news);

async function run({ target: name, seed, from, count, progress }: FuzzOrder): Promise<void> {
  const target = await TARGETS.get(name)?.();
  if (target === undefined) return tell({ failed: `there is no target ${name}; there are ${[...TARGETS.keys()].join(', ')}` });
  const current = new Int32Array(progress);
  const share = Math.max(1, Math.ceil(count * target.ofMillion / 1_000_000 / ROUNDS));
  const samples: number[] = [];
  let accepted = 0;
  let slowestMs = 0;
  const startedMs = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) {
    const report = await fuzz(target, { seed, from: from + round * share, count: share, onInput: (input) => { current[0] = input; } });
    accepted += report.accepted;
    slowestMs = Math.max(slowestMs, report.slowestMs);
    samples.push(heapMiB());
  }
  await target.close?.();
  const total = share * ROUNDS;
  const seconds = (performance.now() - startedMs) / 1000;
  tell({
    line: `${name.padEnd(17)}${String(total).padStart(9)} inputs, ${accepted} accepted, slowest ${slowestMs.toFixed(1)} ms, `
      + `heap ${samples.map((each) => each.toFixed(0)).join(' ')} MiB, ${seconds.toFixed(0)} s`,
  });
  const grown = total >= 1_000 * ROUNDS ? growth(samples) : undefined;
  if (grown !== undefined) tell({ failed: `${name}, seed ${seed}: ${grown}` });
}

run(workerData as FuzzOrder).catch((error: unknown) => tell({ failed: error instanceof Error ? error.message : String(error) }));
