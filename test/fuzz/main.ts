/**
 * `npm run fuzz -- [--seed N] [--count N] [--target NAME] [--from N]`: a million mutated inputs by default. Ends with 1 when one throws, takes longer than
 * 50 ms, stands still, or leaves memory behind, and says how to repeat it.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { TARGETS } from './targets.js';
import type { FuzzNews, FuzzOrder } from './worker.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' }, count: { type: 'string', default: '1000000' }, from: { type: 'string', default: '0' }, target: { type: 'string' },
  },
});
const seed = Number(values.seed);
const from = Number(values.from);

/** No input may take that long, whatever else the machine does. */
const STANDSTILL_MS = 20_000;

/** Undefined when all went well. */
function runTarget(target: string): Promise<string | undefined> {
  const progress = new SharedArrayBuffer(4);
  const current = new Int32Array(progress);
  const order: FuzzOrder = { target, seed, from, count: Number(values.count), progress };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: order });
  let failure: string | undefined;
  let seen = -1;
  let stood = false;
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      if (current[0] !== seen) {
        seen = current[0] ?? 0;
        return;
      }
      stood = true;
      failure = `${target}, seed ${seed}, input ${seen}: stands still for ${STANDSTILL_MS / 1000} s`;
      void worker.terminate();
    }, STANDSTILL_MS);
    worker.on('message', (news: FuzzNews) => {
      if ('line' in news) console.log(news.line);
      else failure ??= news.failed;
    });
    worker.on('error', (error) => { failure ??= `${target}, seed ${seed}, input ${current[0]}: ${String(error)}`; });
    worker.on('exit', (code) => {
      clearInterval(watch);
      if (code !== 0 && !stood) failure ??= `${target}: the thread ended with ${code}`;
      resolve(failure);
    });
  });
}

let failed = 0;
for (const target of values.target === undefined ? TARGETS.keys() : [values.target]) {
  const failure = await runTarget(target);
  if (failure === undefined) continue;
  failed += 1;
  console.error(`FAILED ${failure}`);
  const input = /input (\d+)/.exec(failure)?.[1];
  if (input !== undefined) console.error(`again: npm run fuzz -- --target ${target} --seed ${seed} --from ${input} --count 1`);
}
console.log(failed === 0 ? `no crash, no hang, memory flat (seed ${seed})` : `${failed} of the targets failed (seed ${seed})`);
process.exit(failed === 0 ? 0 : 1);
