/** Rows as aligned text. */

/** Columns are the keys of all rows, in order of first sight; lists and objects are shown short. */
export function table(rows: readonly object[], nothing = 'none'): string {
  if (rows.length === 0) return nothing;
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => columns.map((column) => shown((row as Record<string, unknown>)[column], column)));
  const widths = columns.map((column, i) => Math.max(column.length, ...cells.map((row) => (row[i] as string).length)));
  const line = (texts: readonly string[]) => texts.map((text, i) => text.padEnd(widths[i] as number)).join('  ').trimEnd();
  return [line(columns.map((column) => column.toUpperCase())), ...cells.map(line)].join('\n');
}

/** A moment rather than a length of time: later than 2001. */
const MOMENT_MS_MIN = 1e12;

function shown(value: unknown, column = ''): string {
  if (typeof value === 'number' && column.endsWith('Ms') && value > MOMENT_MS_MIN) return new Date(value).toISOString().slice(0, 19).replace('T', ' ');
  if (typeof value === 'number') return String(Math.round(value * 1_000) / 1_000);
  if (value === undefined || value === null) return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map((each) => shown(each)).join(',');
  if (typeof value === 'object') return Object.entries(value).map(([key, each]) => `${key}=${shown(each, key)}`).join(' ');
  return String(value);
}
