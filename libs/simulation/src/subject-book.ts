/** Subscriptions of a simulated bus. Who matches a subject is remembered until a subscription comes or goes. */
import { matches } from '#cluster';

interface Entry<T> {
  readonly pattern: string;
  readonly queue: string | undefined;
  readonly value: T;
}

export class SubjectBook<T> {
  readonly #entries = new Set<Entry<T>>();
  readonly #turns = new Map<string, number>();
  readonly #matching = new Map<string, readonly Entry<T>[]>();

  add(pattern: string, queue: string | undefined, value: T): () => void {
    const entry: Entry<T> = { pattern, queue, value };
    this.#entries.add(entry);
    this.#matching.clear();
    return () => {
      this.#entries.delete(entry);
      this.#matching.clear();
    };
  }

  receivers(subject: string): T[] {
    const everyone: T[] = [];
    const queues = new Map<string, T[]>();
    for (const { queue, value } of this.#match(subject)) {
      if (queue === undefined) everyone.push(value);
      else queues.set(queue, [...queues.get(queue) ?? [], value]);
    }
    for (const [queue, members] of queues) everyone.push(this.#takeTurn(queue, members));
    return everyone;
  }

  #match(subject: string): readonly Entry<T>[] {
    let found = this.#matching.get(subject);
    if (found === undefined) {
      found = [...this.#entries].filter(({ pattern }) => matches(pattern, subject));
      this.#matching.set(subject, found);
    }
    return found;
  }

  #takeTurn(queue: string, members: readonly T[]): T {
    const turn = this.#turns.get(queue) ?? 0;
    this.#turns.set(queue, turn + 1);
    return members[turn % members.length] as T;
  }
}
