/** Each call of the load against the history: exactly one record. */
import type { RecordFindings } from './verdict.js';

const LINES_MAX = 20;

/** `made`: ConnIDs of the load's calls. `recorded`: those of all records of the time, one for each record. */
export function compareConnIDs(made: readonly string[], recorded: readonly string[]): RecordFindings {
  const counts = new Map<string, number>();
  for (const connID of recorded) counts.set(connID, (counts.get(connID) ?? 0) + 1);
  const missing = made.filter((connID) => !counts.has(connID));
  const doubled = made.filter((connID) => (counts.get(connID) ?? 0) > 1);
  const lines = [...missing.map((connID) => `no record of call ${connID}`), ...doubled.map((connID) => `${counts.get(connID)} records of call ${connID}`)];
  return { missing: missing.length, doubled: doubled.length, expected: true, lines: lines.slice(0, LINES_MAX) };
}
