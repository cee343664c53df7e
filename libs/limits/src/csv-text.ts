/** CSV as RFC 4180 has it, and safe for spreadsheets: they would run what begins like a formula. */
/** What is wrong with a line of a file; the first line is 1. */
export interface LineError {
  readonly line: number;
  /** Column, where it is one that is wrong. */
  readonly field?: string;
  readonly message: string;
}

export interface CsvRow {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** Characters of a file. */
export const CSV_MAX = 128 * 1024 * 1024;

/** A cell as it is written; `'` before what a spreadsheet would run. */
export function cellOf(text: string): string {
  const safe = /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const lineOf = (cells: readonly string[]): string => `${cells.map(cellOf).join(',')}\r\n`;

const guardless = (cell: string): string => (/^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell);

export interface CsvFile {
  readonly rows: readonly CsvRow[];
  readonly errors: readonly LineError[];
}

/**
 * Rows by the names of the first line, which may be in any order, and what is wrong with the others. Cells that are not there are empty; lines without
 * a character are passed over.
 */
export function readCsv(text: string, columns: readonly string[], needed: readonly string[]): CsvFile {
  if (text.length > CSV_MAX) return { rows: [], errors: [{ line: 1, message: `the file has more than ${CSV_MAX} characters; import it in parts` }] };
  const reader = new CsvReader(text);
  const header = reader.next();
  const wrong = headerError(header?.cells ?? [], columns, needed);
  if (wrong !== undefined) return { rows: [], errors: [reader.error ?? { line: header?.line ?? 1, message: wrong }] };
  const names = header!.cells.map((cell) => cell.trim());
  const rows: CsvRow[] = [];
  const errors: LineError[] = [];
  for (let raw = reader.next(); raw !== undefined; raw = reader.next()) {
    if (raw.cells.length <= names.length) rows.push({ line: raw.line, cells: byName(names, raw.cells) });
    else errors.push({ line: raw.line, message: `has ${raw.cells.length} cells, and not ${names.length}; put quotes around what has commas` });
  }
  return { rows, errors: reader.error === undefined ? errors : [...errors, reader.error] };
}

const byName = (names: readonly string[], cells: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, index) => [name, guardless(cells[index] ?? '')]));

function headerError(cells: readonly string[], columns: readonly string[], needed: readonly string[]): string | undefined {
  const names = cells.map((cell) => cell.trim());
  const missing = needed.find((name) => !names.includes(name));
  if (missing !== undefined) return `must name the columns, "${missing}" among them: ${columns.join(',')}`;
  const unknown = names.find((name) => !columns.includes(name));
  if (unknown !== undefined) return `names a column "${unknown}" that is not known; known are ${columns.join(',')}`;
  const twice = names.find((name, index) => names.indexOf(name) < index);
  return twice === undefined ? undefined : `names the column "${twice}" twice`;
}

interface RawRow {
  readonly line: number;
  readonly cells: string[];
}

class CsvReader {
  #at: number;
  #line = 1;
  error: LineError | undefined;

  constructor(private readonly text: string) {
    this.#at = text.startsWith('\uFEFF') ? 1 : 0;
  }

  next(): RawRow | undefined {
    while (this.#at < this.text.length && this.error === undefined) {
      const row = { line: this.#line, cells: this.#row() };
      if (this.error === undefined && !(row.cells.length === 1 && row.cells[0] === '')) return row;
    }
    return undefined;
  }

  #row(): string[] {
    const cells: string[] = [];
    for (;;) {
      cells.push(this.text[this.#at] === '"' ? this.#quoted() : this.#plain());
      const end = this.text[this.#at];
      this.#at += 1;
      if (end === ',') continue;
      if (end === '\r' && this.text[this.#at] === '\n') this.#at += 1;
      this.#line += 1;
      return cells;
    }
  }

  #plain(): string {
    const start = this.#at;
    while (this.#at < this.text.length && !isEnd(this.text.charCodeAt(this.#at))) this.#at += 1;
    return this.text.slice(start, this.#at);
  }

  #quoted(): string {
    const line = this.#line;
    const parts: string[] = [];
    for (;;) {
      const start = this.#at + 1;
      const end = this.text.indexOf('"', start);
      if (end < 0) return this.#fail(line, 'has a quote that does not end');
      parts.push(this.text.slice(start, end));
      this.#at = end + 1;
      if (this.text[this.#at] !== '"') break;
    }
    const cell = parts.join('"');
    this.#line += cell.split('\n').length - 1;
    if (this.#at >= this.text.length || isEnd(this.text.charCodeAt(this.#at))) return cell;
    return this.#fail(line, 'has text after a quote that ends; put the whole cell in quotes');
  }

  #fail(line: number, message: string): string {
    this.error ??= { line, message };
    this.#at = this.text.length;
    return '';
  }
}

/** Comma, CR or LF. */
const isEnd = (code: number): boolean => code === 44 || code === 13 || code === 10;
