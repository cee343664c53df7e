/** Where the lines of a message are: one flat array of numbers per message, filled by one scan. */
import { UNKNOWN } from '../headers/header-names.js';

/** Fields per line in {@link MessageIndex.lines}. */
const ID = 0;
const LINE_START = 1;
const VALUE_START = 2;
const VALUE_END = 3;
const FOLDED = 4;
export const LINE_FIELDS = 5;

export class MessageIndex {
  constructor(
    /** Offset of the start line, after any empty lines. */
    readonly start: number,
    readonly lines: readonly number[],
    /** Offset of the empty line that ends the headers. */
    readonly headersEnd: number,
    readonly bodyStart: number,
    readonly bodyEnd: number,
    /** Offsets of the Request-URI in the start line; 0 for a response. */
    readonly uriStart: number,
    readonly uriEnd: number,
  ) {}

  get size(): number {
    return this.lines.length / LINE_FIELDS;
  }

  /** Number of the next line with that id, at or after `from`; -1 when there is none. */
  find(id: number, from: number): number {
    const { lines } = this;
    for (let at = from * LINE_FIELDS; at < lines.length; at += LINE_FIELDS) if (lines[at] === id) return at / LINE_FIELDS;
    return -1;
  }

  findUnknown(bytes: string, name: string, from: number): number {
    const wanted = name.toLowerCase();
    for (let line = this.find(UNKNOWN, from); line !== -1; line = this.find(UNKNOWN, line + 1)) {
      if (this.nameOf(bytes, line).toLowerCase() === wanted) return line;
    }
    return -1;
  }

  has(id: number): boolean {
    return this.find(id, 0) !== -1;
  }

  /** The first id of `mask` (bit n for id n, ids below 32) that stands there again; 0 when there is none. */
  repeated(mask: number): number {
    const { lines } = this;
    let seen = 0;
    for (let at = 0; at < lines.length; at += LINE_FIELDS) {
      const id = lines[at] as number;
      const bit = id < 32 ? mask & (1 << id) : 0;
      if ((seen & bit) !== 0) return id;
      seen |= bit;
    }
    return 0;
  }

  id(line: number): number {
    return this.lines[line * LINE_FIELDS + ID] as number;
  }

  lineStart(line: number): number {
    return this.lines[line * LINE_FIELDS + LINE_START] as number;
  }

  /** Where the next line starts. */
  lineEnd(line: number): number {
    return line + 1 < this.size ? this.lineStart(line + 1) : this.headersEnd;
  }

  valueStart(line: number): number {
    return this.lines[line * LINE_FIELDS + VALUE_START] as number;
  }

  valueEnd(line: number): number {
    return this.lines[line * LINE_FIELDS + VALUE_END] as number;
  }

  isFolded(line: number): boolean {
    return this.lines[line * LINE_FIELDS + FOLDED] === 1;
  }

  nameOf(bytes: string, line: number): string {
    const from = this.lineStart(line);
    return bytes.slice(from, bytes.indexOf(':', from)).trimEnd();
  }
}
