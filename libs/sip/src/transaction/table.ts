/** Transactions by branch. Those that share one (INVITE and its CANCEL) hang on each other. */

interface Chained<T> {
  readonly key: string;
  readonly method: string;
  next: T | undefined;
}

export class TransactionTable<T extends Chained<T>> {
  readonly #first = new Map<string, T>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The first transaction of this key; the others follow by `next`. */
  first(key: string): T | undefined {
    return this.#first.get(key);
  }

  find(key: string, method: string): T | undefined {
    let at = this.#first.get(key);
    while (at !== undefined && at.method !== method) at = at.next;
    return at;
  }

  add(transaction: T): void {
    transaction.next = this.#first.get(transaction.key);
    this.#first.set(transaction.key, transaction);
    this.#size += 1;
  }

  delete(transaction: T): void {
    const first = this.#first.get(transaction.key);
    if (first === undefined) return;
    if (first === transaction) {
      if (transaction.next === undefined) this.#first.delete(transaction.key);
      else this.#first.set(transaction.key, transaction.next);
    } else {
      let before: T = first;
      while (before.next !== transaction) {
        if (before.next === undefined) return;
        before = before.next;
      }
      before.next = transaction.next;
    }
    this.#size -= 1;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const first of this.#first.values()) {
      for (let at: T | undefined = first; at !== undefined; at = at.next) yield at;
    }
  }
}
