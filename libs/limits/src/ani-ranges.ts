/** Ranges of numbers, which may overlap: which of them has a number costs a binary search, and one step more for each that has it and has expired. */
import type { AniEntry } from './ani-entry.js';

interface Range {
  readonly from: string;
  readonly to: string;
  readonly entry: AniEntry;
}

export class AniRanges {
  /** By plus and length: only numbers of one length are compared. */
  readonly #groups = new Map<string, Group>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(range: Range): void {
    const key = groupOf(range.from);
    const group = this.#groups.get(key) ?? new Group();
    this.#groups.set(key, group);
    group.add(range);
    this.#size += 1;
  }

  remove(from: string, to: string): void {
    const key = groupOf(from);
    const group = this.#groups.get(key);
    if (group?.remove(from, to) !== true) return;
    this.#size -= 1;
    if (group.isEmpty) this.#groups.delete(key);
  }

  /** A range that has the number, and has not expired. */
  match(number: string, nowMs: number): AniEntry | undefined {
    return this.#groups.get(groupOf(number))?.match(number, nowMs);
  }
}

const groupOf = (number: string): string => `${number.startsWith('+') ? '+' : ''}${number.length}`;

/** Sorted by begin, then end. */
class Group {
  readonly #ranges: Range[] = [];
  /** Worked out with the next look, so that many changes cost it once. */
  #ends: string[] | undefined;

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  add(range: Range): void {
    this.#ranges.splice(this.#placeOf(range.from, range.to), 0, range);
    this.#ends = undefined;
  }

  remove(from: string, to: string): boolean {
    const index = this.#placeOf(from, to);
    const there = this.#ranges[index];
    if (there?.from !== from || there.to !== to) return false;
    this.#ranges.splice(index, 1);
    this.#ends = undefined;
    return true;
  }

  match(number: string, nowMs: number): AniEntry | undefined {
    this.#ends ??= endsOf(this.#ranges);
    return this.#matchIn(this.#ends, number, nowMs, 0, this.#ranges.length);
  }

  #matchIn(ends: readonly string[], number: string, nowMs: number, low: number, high: number): AniEntry | undefined {
    if (low >= high) return undefined;
    const middle = (low + high) >>> 1;
    if (ends[middle]! < number) return undefined;
    const left = this.#matchIn(ends, number, nowMs, low, middle);
    if (left !== undefined) return left;
    const { from, to, entry } = this.#ranges[middle]!;
    if (from > number) return undefined;
    if (number <= to && (entry.expiresAtMs ?? Infinity) > nowMs) return entry;
    return this.#matchIn(ends, number, nowMs, middle + 1, high);
  }

  #placeOf(from: string, to: string): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle]!;
      if (range.from < from || (range.from === from && range.to < to)) low = middle + 1; else high = middle;
    }
    return low;
  }
}

/** Of each range, as the root of its part of a balanced tree, the greatest end of that part. */
function endsOf(ranges: readonly Range[]): string[] {
  const ends = new Array<string>(ranges.length);
  const endOf = (low: number, high: number): string => {
    if (low >= high) return '';
    const middle = (low + high) >>> 1;
    const greatest = [endOf(low, middle), ranges[middle]!.to, endOf(middle + 1, high)].reduce((a, b) => (a > b ? a : b));
    ends[middle] = greatest;
    return greatest;
  };
  endOf(0, ranges.length);
  return ends;
}
