/** Rows as aligned text. */

/** Columns are the keys of all rows, in order of first sight; lists and objects are shown short. */
export function table(rows: readonly object[]): string {
  if (rows.length === 0) return '(none)';
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => columns.map((column) => shown((row as Record<string, unknown>)[column])));
  const widths = columns.map((column, i) => Math.max(column.length, ...cells.map((row) => (row[i] as string).length)));
  const line = (texts: readonly string[]) => texts.map((text, i) => text.padEnd(widths[i] as number)).join('  ').trimEnd();
  return [line(columns.map((column) => column.toUpperCase())), ...cells.map(line)].join('\n');
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(shown).join(',');
  if (typeof value === 'object') return Object.entries(value).map(([key, each]) => `${key}=${shown(each)}`).join(' ');
  return String(value);
}
