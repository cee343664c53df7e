/** Ranges of numbers, which may overlap: which of them has a number costs a binary search, and one step more for each that has it and has expired. */
import { DIGITS_MAX } from './ani-columns.js';
import type { AniEntry } from './ani-entry.js';

interface Range {
  readonly from: string;
  readonly to: string;
  readonly entry: AniEntry;
}

export class AniRanges {
  /** By plus and length: only numbers of one length are compared. */
  readonly #groups = new Map<number, Group>();
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

const groupOf = (number: string): number => number.length * 2 + (number.startsWith('+') ? 1 : 0);

/** Of numbers of one group: those that are short enough are compared as numbers, which takes less time than texts. */
type Bound = number | string;

const boundOf = (number: string): Bound => (number.length <= DIGITS_MAX ? Number(number) : number);

/** Of ranges in their order. */
interface Bounds {
  readonly froms: readonly Bound[];
  readonly tos: readonly Bound[];
  /** Of each range, as the root of its part of a balanced tree, the greatest end of that part. */
  readonly ends: readonly Bound[];
}

/** Sorted by begin, then end. */
class Group {
  readonly #ranges: Range[] = [];
  /** Worked out with the next look, so that many changes cost it once. */
  #bounds: Bounds | undefined;

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  add(range: Range): void {
    this.#ranges.splice(this.#placeOf(range.from, range.to), 0, range);
    this.#bounds = undefined;
  }

  remove(from: string, to: string): boolean {
    const index = this.#placeOf(from, to);
    const there = this.#ranges[index];
    if (there?.from !== from || there.to !== to) return false;
    this.#ranges.splice(index, 1);
    this.#bounds = undefined;
    return true;
  }

  match(number: string, nowMs: number): AniEntry | undefined {
    this.#bounds ??= boundsOf(this.#ranges);
    return this.#matchIn(this.#bounds, boundOf(number), nowMs, 0, this.#ranges.length);
  }

  #matchIn(bounds: Bounds, number: Bound, nowMs: number, low: number, high: number): AniEntry | undefined {
    if (low >= high) return undefined;
    const middle = (low + high) >>> 1;
    if (bounds.ends[middle]! < number) return undefined;
    const left = this.#matchIn(bounds, number, nowMs, low, middle);
    if (left !== undefined) return left;
    if (bounds.froms[middle]! > number) return undefined;
    const { entry } = this.#ranges[middle]!;
    if (number <= bounds.tos[middle]! && (entry.expiresAtMs ?? Infinity) > nowMs) return entry;
    return this.#matchIn(bounds, number, nowMs, middle + 1, high);
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

function boundsOf(ranges: readonly Range[]): Bounds {
  const [froms, tos] = [ranges.map(({ from }) => boundOf(from)), ranges.map(({ to }) => boundOf(to))];
  const ends = [...tos];
  const endOf = (low: number, high: number): Bound | undefined => {
    if (low >= high) return undefined;
    const middle = (low + high) >>> 1;
    for (const below of [endOf(low, middle), endOf(middle + 1, high)]) if (below !== undefined && below > ends[middle]!) ends[middle] = below;
    return ends[middle];
  };
  endOf(0, ranges.length);
  return { froms, tos, ends };
}
