/** A verdict for people: what was done when, what was seen, and the same as one line of JSON. */
import type { RunResult } from './drill-run.js';
import type { Criterion, Verdict } from './verdict.js';

/** Lines below a criterion; the others are counted. */
const LINES_MAX = 12;
const NAME_WIDTH = 28;

const mark = ({ ok }: Criterion): string => (ok === undefined ? '-' : ok ? '✓' : '✗');

/** `elsewhere`: where to look, by instance. */
export function reportLines(title: string, run: RunResult, verdict: Verdict, elsewhere: readonly string[]): string[] {
  return [
    title, '',
    ...run.notes.map(noteLine), '',
    ...verdict.criteria.flatMap((criterion) => [`${mark(criterion)} ${criterion.name.padEnd(NAME_WIDTH)} ${criterion.seen}`, ...more(criterion.lines)]),
    ...(verdict.passed || elsewhere.length === 0 ? [] : ['', 'where to look', ...elsewhere.map((line) => `  ${line}`)]),
    '', verdict.passed ? 'passed' : 'failed',
    JSON.stringify(verdict.json),
  ];
}

export const noteLine = ({ atMs, text }: RunResult['notes'][number]): string => `${(atMs / 1_000).toFixed(1).padStart(8)} s  ${text}`;

function more(lines: readonly string[]): string[] {
  const left = lines.length - LINES_MAX;
  return [...lines.slice(0, LINES_MAX).map((line) => `    ${line}`), ...(left > 0 ? [`    and ${left} more`] : [])];
}
