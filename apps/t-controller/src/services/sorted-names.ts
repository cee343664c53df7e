/** Names in order, sorted again only after the set changed: a walk in pages costs one sort, not one a page. */
import { firstAfter } from '#kernel';

export class SortedNames {
  #sorted: readonly string[] | undefined;

  constructor(private readonly source: () => Iterable<string>) {}

  changed(): void {
    this.#sorted = undefined;
  }

  /** The next names, at most `limit`, and whether there are more. */
  after(name: string, limit: number): { readonly names: readonly string[]; readonly more: boolean } {
    this.#sorted ??= [...this.source()].sort();
    const from = firstAfter(this.#sorted, name);
    return { names: this.#sorted.slice(from, from + limit), more: this.#sorted.length > from + limit };
  }
}
