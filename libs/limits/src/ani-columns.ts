/**
 * Entries of a block list that are numbers of up to 15 digits or prefixes, as sorted columns: 32 bytes for each, and up to a quarter more to grow into. As
 * objects in a Map they were ten times as much.
 */

export interface AniFacts {
  /** Infinity: for ever. */
  readonly expiresAtMs: number;
  readonly addedAtMs: number;
  /** Numbers of texts. */
  readonly addedBy: number;
  readonly note: number;
}

/** More are no exact number. */
export const DIGITS_MAX = 15;
const ZERO = 48;

/**
 * A number or prefix of digits as one number below 2^53: its digits after one that says what it is, so that leading zeros count. Undefined when it is
 * too long for that.
 */
export function codeOf(kind: 'number' | 'prefix', text: string): number | undefined {
  const start = text.startsWith('+') ? 1 : 0;
  if (text.length - start > DIGITS_MAX) return undefined;
  let code = firstDigit(kind, start === 1);
  for (let at = start; at < text.length; at += 1) code = withDigit(code, text, at);
  return code;
}

/** The code with one digit more, which stands in `text` at `at`. */
export function withDigit(code: number, text: string, at: number): number {
  return code * 10 + text.charCodeAt(at) - ZERO;
}

/** What the digits of a code follow. */
export function firstDigit(kind: 'number' | 'prefix', plus: boolean): number {
  return (kind === 'number' ? 1 : 3) + (plus ? 1 : 0);
}

/** The number or prefix that was made a code; a prefix with its `*`. */
export function textOf(code: number): string {
  const written = String(code);
  const first = Number(written[0]);
  return `${first === 2 || first === 4 ? '+' : ''}${written.slice(1)}${first > 2 ? '*' : ''}`;
}

/** Of an entry. */
const BYTES = 32;

export class AniColumns {
  #count = 0;
  #codes = new Float64Array(0);
  #expires = new Float64Array(0);
  #added = new Float64Array(0);
  #by = new Uint32Array(0);
  #notes = new Uint32Array(0);

  get count(): number {
    return this.#count;
  }

  /** Memory of the columns. */
  get bytes(): number {
    return [this.#codes, this.#expires, this.#added, this.#by, this.#notes].reduce((sum, column) => sum + column.byteLength, 0);
  }

  code(index: number): number {
    return this.#codes[index]!;
  }

  facts(index: number): AniFacts {
    return { expiresAtMs: this.#expires[index]!, addedAtMs: this.#added[index]!, addedBy: this.#by[index]!, note: this.#notes[index]! };
  }

  /** Index of the code; negative when it is not there: `-1 - index` is where it belongs. */
  find(code: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#codes[middle]! < code) low = middle + 1; else high = middle;
    }
    return low < this.#count && this.#codes[low] === code ? low : -1 - low;
  }

  insert(index: number, code: number, facts: AniFacts): void {
    if (this.#count === this.#codes.length) this.#grow();
    for (const column of this.#columns()) column.copyWithin(index + 1, index, this.#count);
    this.#count += 1;
    this.#codes[index] = code;
    this.#expires[index] = facts.expiresAtMs;
    this.#added[index] = facts.addedAtMs;
    this.#by[index] = facts.addedBy;
    this.#notes[index] = facts.note;
  }

  remove(index: number): void {
    for (const column of this.#columns()) column.copyWithin(index, index + 1, this.#count);
    this.#count -= 1;
  }

  #columns(): (Float64Array | Uint32Array)[] {
    return [this.#codes, this.#expires, this.#added, this.#by, this.#notes];
  }

  /** All columns in one piece of memory: a million entries that come one by one leave few holes behind, which all who allocate would search. */
  #grow(): void {
    const capacity = this.#count + Math.ceil(this.#count / 4) + 16;
    const memory = new ArrayBuffer(capacity * BYTES);
    const before = this.#columns();
    this.#codes = new Float64Array(memory, 0, capacity);
    this.#expires = new Float64Array(memory, 8 * capacity, capacity);
    this.#added = new Float64Array(memory, 16 * capacity, capacity);
    this.#by = new Uint32Array(memory, 24 * capacity, capacity);
    this.#notes = new Uint32Array(memory, 28 * capacity, capacity);
    for (const [at, column] of this.#columns().entries()) column.set(before[at]!);
  }
}
