/** Rows as CSV (RFC 4180): a line of names, then one line per row. Times in ISO 8601, lists and objects as JSON. */

export type Row = Readonly<Record<string, unknown>>;

/** Later than 2001: a moment, no length of time. */
const MOMENT_MS_MIN = 1e12;

export function csv(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [columns.map(cell), ...rows.map((row) => columns.map((column) => cell(shown(column, row[column]))))];
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}

function shown(column: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' && column.endsWith('Ms') && value > MOMENT_MS_MIN) return new Date(value).toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function cell(text: string): string {
  // A spreadsheet would run what begins like this.
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
