/** The sorted names behind paging: a reader who goes on does not have the whole table sorted again for each page. */
import { firstAfter } from '#kernel';

export interface PagePlace {
  readonly names: readonly string[];
  /** Index of the first name after the one asked for. */
  readonly from: number;
}

/** How long a reader may think between two pages before the table is sorted anew. */
export const PAGE_INDEX_MS = 30_000;

export class PageIndex {
  #names: readonly string[] | undefined;
  #usedMs = 0;

  /** `after` is empty for the first page. Names that came since then are missing until a reader begins anew. */
  after(after: string, nowMs: number, read: () => string[]): PagePlace {
    const isFresh = this.#names !== undefined && after !== '' && nowMs - this.#usedMs <= PAGE_INDEX_MS;
    const names = isFresh ? (this.#names as readonly string[]) : read().sort();
    this.#names = names;
    this.#usedMs = nowMs;
    return { names, from: firstAfter(names, after) };
  }

  release(): void {
    this.#names = undefined;
  }
}
