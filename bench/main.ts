/** `npm run bench`: every measurement, one after the other, each in a process of its own. `npm run bench -- NAME` runs those whose name holds NAME. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { V8_FLAGS } from '#tier/v8-flags';

const MICRO = [
  'micro/sip-message.bench.js', 'micro/tlib-fan-out.bench.js', 'micro/registered-dns.bench.js', 'micro/history.bench.js', 'micro/call-replica.bench.js',
  'micro/takeover.bench.js',
];
/** These start servers of their own. */
const CLUSTER = ['cluster/data-centres.bench.js', 'cluster/switchover.bench.js', 'cluster/takeover.bench.js', 'cluster/registrations.bench.js'];
/** These read the CPU time of other processes from /proc. */
const CALLS = [
  'calls/proxied-call.bench.js', 'calls/limiter.bench.js', 'calls/limiter-verdicts.bench.js',
  'calls/register.bench.js', 'calls/call-5000.bench.js', 'calls/memory.bench.js',
];

const wanted = process.argv.slice(2);
const isLinux = existsSync('/proc/self/schedstat');
if (!isLinux) console.log(`without /proc/self/schedstat (Linux) these are left out: ${CALLS.join(', ')}`);
for (const name of isLinux ? [...MICRO, ...CALLS, ...CLUSTER] : [...MICRO, ...CLUSTER]) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  console.log(`\n${name}`);
  const { status } = spawnSync(process.execPath, [...V8_FLAGS, fileURLToPath(new URL(name, import.meta.url))], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
