/** CPU time and memory of other processes, as Linux counts them. */
import { readdirSync, readFileSync } from 'node:fs';

/** User and system time of all threads of these processes, in microseconds. */
export function cpuMicrosOf(pids: readonly number[]): number {
  let nanos = 0;
  for (const pid of pids) {
    // First number of schedstat: nanoseconds on a CPU. `stat` counts in steps of 10 ms.
    for (const thread of readdirSync(`/proc/${pid}/task`)) nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
  }
  return nanos / 1_000;
}

/** The process and what it started. */
export function familyOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => familyOf(Number(child))))];
}
