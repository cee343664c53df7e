/** Asks the history for the calls of the load, once they had time to get there. */
import type { ClusterConfig } from '#config';
import type { Consoles } from './load/console.js';
import { until } from './load/patience.js';
import type { CallLedger } from './machines/call-ledger.js';
import { compareConnIDs } from './machines/record-audit.js';
import type { RecordFindings } from './machines/verdict.js';

/** A call's record is complete a moment after its end; a recorder that took over repeats what it is not sure of. */
const COMPLETE_MS = 90_000;

export async function compareRecords(config: ClusterConfig, consoles: Consoles, ledger: CallLedger, fromMs: number): Promise<RecordFindings> {
  if (!config.applications.some(({ type }) => (type as string) === 'recorder')) {
    return { missing: null, doubled: null, expected: false, reason: 'the configuration has no recorder' };
  }
  let found: RecordFindings = { missing: null, doubled: null, expected: true, reason: 'the history was not asked' };
  await until(COMPLETE_MS, async () => {
    try {
      found = compareConnIDs(ledger.connIDs(), await consoles.recordedCalls(fromMs));
    } catch (error) {
      found = { missing: null, doubled: null, expected: true, reason: (error as Error).message };
    }
    return found.missing === 0 && found.doubled === 0;
  });
  return found;
}
