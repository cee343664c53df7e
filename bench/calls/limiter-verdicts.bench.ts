/** Verdicts of one process in a closed loop, and how long a verdict takes at a Redis on this machine: 10,000 rules and 1,000,000 blocked numbers. */
import { loadavg } from 'node:os';
import { startRedis } from '#servers';
import { fetchedRedis, latencyAt, memoryVerdicts, roundTrips } from './verdicts.js';

const RATES = [500, 2_000];

console.log(`    load average ${loadavg().map((each) => each.toFixed(1)).join(', ')}`);
await memoryVerdicts();
const server = fetchedRedis();
if (server !== undefined) {
  const redis = await startRedis({ server });
  try {
    await roundTrips(redis.url, RATES);
    for (const perSecond of RATES) await latencyAt(redis.url, perSecond);
  } finally {
    await redis.close();
  }
}
