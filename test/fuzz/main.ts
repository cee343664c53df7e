/** `npm run fuzz -- [--seed N] [--count N]`: a million mutated messages and lines by default; prints what memory did. */
import { parseArgs } from 'node:util';
import { fuzzMessages, fuzzTlibLines } from './fuzz.js';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '1000000' } } });
const seed = Number(values.seed);
const count = Number(values.count);
const ROUNDS = 10;
for (let round = 0; round < ROUNDS; round += 1) {
  const share = Math.ceil(count / ROUNDS);
  const startedMs = performance.now();
  const messages = fuzzMessages(seed + round, share);
  const lines = fuzzTlibLines(seed + round, share);
  const heapMiB = Math.round(process.memoryUsage().heapUsed / 1_048_576);
  console.log(`${(round + 1) * share} messages and lines; good ${messages} and ${lines}; ${Math.round(performance.now() - startedMs)} ms; heap ${heapMiB} MiB`);
}
