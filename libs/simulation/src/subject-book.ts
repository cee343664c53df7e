/** Subscriptions of a simulated bus: small numbers, so a plain list that is easy to see through. */
import { matches } from '#cluster';

interface Entry<T> {
  readonly pattern: string;
  readonly queue: string | undefined;
  readonly value: T;
}

export class SubjectBook<T> {
  readonly #entries = new Set<Entry<T>>();
  readonly #turns = new Map<string, number>();

  add(pattern: string, queue: string | undefined, value: T): () => void {
    const entry: Entry<T> = { pattern, queue, value };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  receivers(subject: string): T[] {
    const everyone: T[] = [];
    const queues = new Map<string, T[]>();
    for (const { pattern, queue, value } of this.#entries) {
      if (!matches(pattern, subject)) continue;
      if (queue === undefined) everyone.push(value);
      else queues.set(queue, [...queues.get(queue) ?? [], value]);
    }
    for (const [queue, members] of queues) everyone.push(this.#takeTurn(queue, members));
    return everyone;
  }

  #takeTurn(queue: string, members: readonly T[]): T {
    const turn = this.#turns.get(queue) ?? 0;
    this.#turns.set(queue, turn + 1);
    return members[turn % members.length] as T;
  }
}
