/** The ANI block list: up to a million numbers, prefixes, ranges and words, looked up with every call. */
import { fail, ok, type Result } from '#kernel';
import { AniColumns, type AniFacts, codeOf, DIGITS_MAX, firstDigit, textOf, withDigit } from './ani-columns.js';
import { ANI_MAX, ANI_RANGES_MAX, type AniEntry, type AniPattern, aniText, parseAni } from './ani-entry.js';
import { AniFilter } from './ani-filter.js';
import { AniRanges } from './ani-ranges.js';
import { aniShardOf, ANI_SHARDS, shardOfCode } from './ani-shard.js';
import { ERRORS_MAX } from './field-error.js';
import { Texts } from './texts.js';

/** Lengths of numbers and prefixes with and without plus. */
const LENGTHS = 18;

interface Shard {
  readonly columns: AniColumns;
  /** Words, ranges and what has more digits than a column takes, by their text. */
  readonly others: Map<string, AniEntry>;
}

/** What was wrong with one entry of several. */
export interface AniProblem {
  readonly index: number;
  readonly message: string;
}

export class AniList {
  readonly #shards: Shard[] = Array.from({ length: ANI_SHARDS }, () => ({ columns: new AniColumns(), others: new Map() }));
  /** Of the columns. What left a column stays in it until its shard is replaced. */
  readonly #filter = new AniFilter();
  readonly #ranges = new AniRanges();
  readonly #texts = new Texts();
  /** Numbers and prefixes of each length, so that no look is wasted on one that nobody has. */
  readonly #numbers = new Uint32Array(LENGTHS * 2);
  readonly #prefixes = new Uint32Array(LENGTHS * 2);
  #size = 0;

  constructor(private readonly max = ANI_MAX) {}

  get size(): number {
    return this.#size;
  }

  /** Memory of the columns; words and ranges, which are few, come to it. */
  get bytes(): number {
    return this.#shards.reduce((sum, { columns }) => sum + columns.bytes, 0);
  }

  /** The entry that blocks a caller, by any form of his number (`formsOf`). */
  match(forms: readonly string[], nowMs: number): AniEntry | undefined {
    for (const form of forms) {
      const entry = /^\+?\d+$/.test(form) ? this.#matchDigits(form, nowMs) : this.#live(this.#otherOf(form), nowMs);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  get(number: string): AniEntry | undefined {
    const pattern = parseAni(number);
    return pattern.ok ? this.#entryOf(pattern.value) : undefined;
  }

  /** Refuses what is no number, what is there already and has not expired, and what is too much. */
  add(entry: AniEntry, nowMs: number): Result<void, string> {
    const pattern = parseAni(entry.number);
    if (!pattern.ok) return pattern;
    const there = this.#entryOf(pattern.value);
    if (there !== undefined) {
      if (this.#live(there, nowMs) !== undefined) return fail(`is in the list already, since ${dateOf(there.addedAtMs)}, by ${there.addedBy}`);
      this.#drop(pattern.value);
    }
    const full = this.#fullFor(pattern.value);
    if (full !== undefined) return fail(full);
    this.#put(pattern.value, entry);
    return ok(undefined);
  }

  /** All of them, or none when one is refused. Problems are told in the order of the entries, the first 1,000. */
  addAll(entries: readonly AniEntry[], nowMs: number): Result<void, AniProblem[]> {
    const { problems, undo } = this.#tryAll(entries, nowMs);
    if (problems.length === 0) return ok(undefined);
    undo();
    return fail(problems);
  }

  /** What `addAll` would answer. */
  checkAll(entries: readonly AniEntry[], nowMs: number): Result<void, AniProblem[]> {
    const { problems, undo } = this.#tryAll(entries, nowMs);
    undo();
    return problems.length === 0 ? ok(undefined) : fail(problems);
  }

  remove(number: string): boolean {
    const pattern = parseAni(number);
    if (!pattern.ok || this.#entryOf(pattern.value) === undefined) return false;
    this.#drop(pattern.value);
    return true;
  }

  /** The shard has these entries alone. What is not of the shard, is no number, or too much is left out; answers how many were. */
  replaceShard(shard: number, entries: Iterable<AniEntry>): number {
    for (const { number } of [...this.entriesOf(shard)]) this.remove(number);
    this.#filter.clear(shard);
    let left = 0;
    for (const entry of entries) {
      if (aniShardOf(entry.number) !== shard || !this.add(entry, -Infinity).ok) left += 1;
    }
    return left;
  }

  * entries(): Generator<AniEntry> {
    for (let shard = 0; shard < ANI_SHARDS; shard += 1) yield* this.entriesOf(shard);
  }

  /** Entries of one key of the bucket. */
  * entriesOf(shard: number): Generator<AniEntry> {
    const { columns, others } = this.#shards[shard]!;
    for (let index = 0; index < columns.count; index += 1) yield this.#entryAt(columns, index);
    yield* others.values();
  }

  #fullFor(pattern: AniPattern): string | undefined {
    if (this.#size >= this.max) return `is one too many: the list takes ${this.max} entries; remove some first`;
    if (pattern.kind !== 'range' || this.#ranges.size < ANI_RANGES_MAX) return undefined;
    return `is one range too many: the list takes ${ANI_RANGES_MAX}; use prefixes, or remove some first`;
  }

  #tryAll(entries: readonly AniEntry[], nowMs: number): { problems: AniProblem[]; undo: () => void } {
    const problems: AniProblem[] = [];
    const added: string[] = [];
    /** Expired ones that were replaced. */
    const before: AniEntry[] = [];
    for (const [index, entry] of entries.entries()) {
      const there = this.get(entry.number);
      const result = this.add(entry, nowMs);
      if (!result.ok) problems.push({ index, message: result.error });
      if (result.ok) added.push(entry.number);
      if (result.ok && there !== undefined) before.push(there);
      if (problems.length >= ERRORS_MAX) break;
    }
    const undo = (): void => {
      for (const number of added) this.remove(number);
      for (const entry of before) this.add(entry, -Infinity);
    };
    return { problems, undo };
  }

  #matchDigits(number: string, nowMs: number): AniEntry | undefined {
    const start = number.startsWith('+') ? 1 : 0;
    return this.#matchNumber(number, start, nowMs) ?? this.#matchPrefix(number, start, nowMs) ?? this.#ranges.match(number, nowMs);
  }

  #matchNumber(number: string, start: number, nowMs: number): AniEntry | undefined {
    const length = number.length - start;
    if (length >= LENGTHS || this.#numbers[lengthAt(start, length)] === 0) return undefined;
    const code = codeOf('number', number);
    return code === undefined ? this.#live(this.#otherOf(number), nowMs) : this.#matchCode(code, nowMs);
  }

  #matchPrefix(number: string, start: number, nowMs: number): AniEntry | undefined {
    let code = firstDigit('prefix', start === 1);
    for (let length = 1; length < LENGTHS && start + length <= number.length; length += 1) {
      code = withDigit(code, number, start + length - 1);
      if (this.#prefixes[lengthAt(start, length)] === 0) continue;
      const entry = length > DIGITS_MAX ? this.#live(this.#otherOf(`${number.slice(0, start + length)}*`), nowMs) : this.#matchCode(code, nowMs);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #matchCode(code: number, nowMs: number): AniEntry | undefined {
    const shard = shardOfCode(code);
    if (!this.#filter.mayHave(shard, code)) return undefined;
    const { columns } = this.#shards[shard]!;
    const index = columns.find(code);
    return index < 0 ? undefined : this.#live(this.#entryAt(columns, index), nowMs);
  }

  #live(entry: AniEntry | undefined, nowMs: number): AniEntry | undefined {
    return entry !== undefined && (entry.expiresAtMs ?? Infinity) > nowMs ? entry : undefined;
  }

  #otherOf(text: string): AniEntry | undefined {
    return this.#shards[aniShardOf(text)]!.others.get(text);
  }

  #entryOf(pattern: AniPattern): AniEntry | undefined {
    const code = codeOfPattern(pattern);
    if (code === undefined) return this.#otherOf(aniText(pattern));
    const { columns } = this.#shards[shardOfCode(code)]!;
    const index = columns.find(code);
    return index < 0 ? undefined : this.#entryAt(columns, index);
  }

  #entryAt(columns: AniColumns, index: number): AniEntry {
    const { expiresAtMs, addedAtMs, addedBy, note } = columns.facts(index);
    return {
      number: textOf(columns.code(index)), note: this.#texts.get(note), addedBy: this.#texts.get(addedBy), addedAtMs,
      ...(expiresAtMs === Infinity ? {} : { expiresAtMs }),
    };
  }

  #put(pattern: AniPattern, entry: AniEntry): void {
    this.#size += 1;
    this.#count(pattern, 1);
    const code = codeOfPattern(pattern);
    if (code !== undefined) {
      const shard = shardOfCode(code);
      const { columns } = this.#shards[shard]!;
      columns.insert(-1 - columns.find(code), code, this.#factsOf(entry));
      this.#filter.add(shard, code);
      return;
    }
    const text = aniText(pattern);
    const kept = { ...entry, number: text };
    this.#shards[aniShardOf(text)]!.others.set(text, kept);
    if (pattern.kind === 'range') this.#ranges.add({ from: pattern.from, to: pattern.to, entry: kept });
  }

  /** Takes out what is there. */
  #drop(pattern: AniPattern): void {
    this.#size -= 1;
    this.#count(pattern, -1);
    const code = codeOfPattern(pattern);
    if (code !== undefined) {
      const { columns } = this.#shards[shardOfCode(code)]!;
      const index = columns.find(code);
      const { addedBy, note } = columns.facts(index);
      this.#texts.drop(addedBy);
      this.#texts.drop(note);
      columns.remove(index);
      return;
    }
    const text = aniText(pattern);
    this.#shards[aniShardOf(text)]!.others.delete(text);
    if (pattern.kind === 'range') this.#ranges.remove(pattern.from, pattern.to);
  }

  #count(pattern: AniPattern, by: number): void {
    if (pattern.kind !== 'number' && pattern.kind !== 'prefix') return;
    const counts = pattern.kind === 'number' ? this.#numbers : this.#prefixes;
    const start = pattern.text.startsWith('+') ? 1 : 0;
    counts[lengthAt(start, pattern.text.length - start)]! += by;
  }

  #factsOf(entry: AniEntry): AniFacts {
    return {
      expiresAtMs: entry.expiresAtMs ?? Infinity, addedAtMs: entry.addedAtMs, addedBy: this.#texts.take(entry.addedBy), note: this.#texts.take(entry.note),
    };
  }
}

/** @param start where the digits begin: 1 after a plus */
const lengthAt = (start: number, length: number): number => start * LENGTHS + length;

const codeOfPattern = (pattern: AniPattern): number | undefined =>
  (pattern.kind === 'number' || pattern.kind === 'prefix' ? codeOf(pattern.kind, pattern.text) : undefined);

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
