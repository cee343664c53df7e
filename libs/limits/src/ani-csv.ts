/** The ANI list as a CSV file: `number,expires,note`. An import takes every line, or tells what is wrong with each bad one. */
import { fail, ok, type Result } from '#kernel';
import { type AniEntry, parseAniInput } from './ani-entry.js';
import type { AniList } from './ani-list.js';
import { lineOf, type LineError, readCsv } from './csv-text.js';
import { ERRORS_MAX } from './field-error.js';
import type { NumberPlan } from './numbers.js';

const COLUMNS = ['number', 'expires', 'note'];

/** The file, a line at a time: a million lines are not one text. */
export function* writeAniCsv(entries: Iterable<AniEntry>): Generator<string> {
  yield lineOf(COLUMNS);
  for (const { number, expiresAtMs, note } of entries) {
    yield lineOf([number, expiresAtMs === undefined ? '' : new Date(expiresAtMs).toISOString(), note]);
  }
}

export interface AniImport {
  readonly by: string;
  readonly nowMs: number;
  /** How the numbers of the file are written. */
  readonly plan?: NumberPlan;
}

/** Adds all lines to the list and answers the entries; or changes nothing, and tells the bad lines, the first 1,000. */
export function importAniCsv(list: AniList, text: string, { by, nowMs, plan }: AniImport): Result<readonly AniEntry[], LineError[]> {
  const file = readCsv(text, COLUMNS, ['number']);
  const errors = [...file.errors];
  const entries: AniEntry[] = [];
  const lines: number[] = [];
  for (const { line, cells } of file.rows) {
    const parsed = parseAniInput(cells, plan);
    if (!parsed.ok) errors.push(...parsed.error.map((error) => ({ line, ...error })));
    else {
      entries.push({ ...parsed.value, addedBy: by, addedAtMs: nowMs });
      lines.push(line);
    }
  }
  const added = errors.length === 0 ? list.addAll(entries, nowMs) : list.checkAll(entries, nowMs);
  if (!added.ok) errors.push(...added.error.map(({ index, message }) => ({ line: lines[index]!, field: 'number', message })));
  if (errors.length === 0) return ok(entries);
  return fail(errors.sort((a, b) => a.line - b.line).slice(0, ERRORS_MAX));
}
