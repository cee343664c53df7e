/** Who stands in line, first by place: each step costs a search by halves, however long the line is. */

export interface Placed {
  /** Where in line: an arrival number, a time. */
  readonly place: number;
  /** Tells apart who has the same place. */
  readonly id: string;
}

export class Line<T extends Placed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  /** Where its place says, also before those who came meanwhile. Nothing happens when it stands there already. */
  add(item: T): void {
    const at = this.#search(item);
    if (this.#items[at]?.id !== item.id) this.#items.splice(at, 0, item);
  }

  /** False when it did not stand in line. */
  remove(item: T): boolean {
    const at = this.#search(item);
    if (this.#items[at]?.id !== item.id) return false;
    this.#items.splice(at, 1);
    return true;
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** Index of the item, or where it would have to stand. */
  #search(item: T): number {
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#items[middle] as T, item)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const isBefore = (a: Placed, b: Placed): boolean => a.place < b.place || (a.place === b.place && a.id < b.id);
