/** Pages of several recorders as one: each record once, in the order that all of them have. */
import type { Row } from './csv.js';

export interface Page {
  /** Each with its record's `key`. The latest first; of one moment, the greater key first. */
  readonly rows: readonly Row[];
  readonly next?: string;
  /** Who did not answer, and why. */
  readonly incomplete?: readonly string[];
}

/** Where one of them was cut off all are, so that nothing is passed over; what lies beyond comes with the next page. */
export function mergedPages(pages: readonly Page[], limit: number): Page {
  if (pages.length === 1) return pages[0] as Page;
  const byKey = new Map<string, Row>();
  for (const row of pages.flatMap(({ rows }) => rows)) {
    const held = byKey.get(row['key'] as string);
    // Of two that differ the one that knows the end.
    if (held === undefined || (held['endedAtMs'] ?? undefined) === undefined || held['complete'] === false) byKey.set(row['key'] as string, row);
  }
  const rows = [...byKey.values()].sort((a, b) => order(placeOf(a), placeOf(b)));
  const cut = pages.flatMap(({ next }) => next ?? []).map(placeOfCursor).sort(order)[0];
  const whole = cut === undefined ? rows : rows.filter((row) => order(placeOf(row), cut) <= 0);
  const end = whole.length > limit ? placeOf(whole[limit - 1] as Row) : cut;
  return end === undefined ? { rows: whole } : { rows: whole.slice(0, limit), next: `${end.atMs}.${end.key}` };
}

interface Place {
  readonly atMs: number;
  readonly key: string;
}

const placeOf = (row: Row): Place => ({ atMs: (row['startedAtMs'] as number | undefined) ?? 0, key: row['key'] as string });

function placeOfCursor(cursor: string): Place {
  const at = cursor.indexOf('.');
  return { atMs: Number(cursor.slice(0, at)), key: cursor.slice(at + 1) };
}

function order(a: Place, b: Place): number {
  if (a.atMs !== b.atMs) return b.atMs - a.atMs;
  return a.key === b.key ? 0 : a.key > b.key ? -1 : 1;
}
