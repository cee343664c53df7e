/** The order in which SRV targets are tried: RFC 2782. */
import type { SrvRecord } from './dns.js';

/** By priority; within one, drawn by weight. @param draw an integer in [0, 2^32) */
export function orderSrv(records: readonly SrvRecord[], draw: () => number): SrvRecord[] {
  const ordered: SrvRecord[] = [];
  const priorities = [...new Set(records.map((record) => record.priority))].sort((a, b) => a - b);
  for (const priority of priorities) {
    drawAll(records.filter((record) => record.priority === priority), draw, ordered);
  }
  return ordered;
}

/**
 * Weight 0 goes first in the running sum, so that it has a very small chance beside others (RFC 2782, "Weight"). Only then is 0
 * drawn too: where every record has a weight it would favour the first one. Where all weights are 0 each has the same chance.
 */
function drawAll(records: readonly SrvRecord[], draw: () => number, into: SrvRecord[]): void {
  const left = [...records].sort((a, b) => Math.sign(a.weight) - Math.sign(b.weight));
  while (left.length > 0) {
    const sum = left.reduce((total, record) => total + record.weight, 0);
    const hasZero = left[0]?.weight === 0;
    const at = sum === 0 ? draw() % left.length : indexAt(left, hasZero ? draw() % (sum + 1) : 1 + draw() % sum);
    into.push(...left.splice(at, 1));
  }
}

/** The first record whose running sum of weights reaches `mark`. */
function indexAt(records: readonly SrvRecord[], mark: number): number {
  let sum = 0;
  return records.findIndex(({ weight }) => (sum += weight) >= mark);
}
