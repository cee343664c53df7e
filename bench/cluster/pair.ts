/** What benches of a pair share: phones at its name server, and how rounds are told. */
import { openSoftphones, type Softphones } from '#softphone';
import type { RunningSwitch } from '../../test/support/running-switch.js';
import { median } from '../median.js';

/** None is there yet. */
export function openPhones({ plan }: RunningSwitch): Promise<Softphones> {
  return openSoftphones({
    listen: [{ transport: 'udp', host: plan.phones, port: 0 }, { transport: 'tcp', host: plan.phones, port: 0 }],
    nameserver: { host: plan.dns.host, port: 5300 },
  });
}

/** Milliseconds: their median, the least and the most. */
export function report(what: string, values: readonly number[]): void {
  const range = `from ${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)} ms`;
  console.log(`${what.padEnd(60)} ${median(values).toFixed(0).padStart(8)} ms   ${range}`);
}
