/** Events as an async iteration, for programs that read better in one line than in handlers. Bounded. */
import type { TEvent } from '../message.js';

export class EventQueue implements AsyncIterableIterator<TEvent> {
  readonly #events: TEvent[] = [];
  readonly #waiting: ((result: IteratorResult<TEvent>) => void)[] = [];
  #failure: Error | undefined;
  #ended = false;

  constructor(private readonly max: number, private readonly stop: () => void) {}

  push(event: TEvent): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting({ done: false, value: event });
    if (this.#events.length < this.max) return void this.#events.push(event);
    this.#failure = new Error(`${this.max} events were not read in time: the loop that reads them is too slow`);
    this.end();
  }

  /** What was pushed before can still be read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.stop();
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
  }

  /** @throws Error when more events came than are kept */
  next(): Promise<IteratorResult<TEvent>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<TEvent>> {
    this.#events.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
