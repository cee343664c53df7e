/**
 * Every input of a node whose state has a second place is a turn: what it causes to leave waits until the state is on its way there
 * (docs/specs/pairs.md, "Replication"). Order is kept over all ways out.
 */
import type { Log } from '#kernel';

export class Turns {
  #depth = 0;
  #releasing = false;
  /** As many as one input causes. */
  #held: (() => void)[] = [];

  /** `settle` gives the other half what changed; it is called before anything leaves. */
  constructor(private readonly settle: () => void, private readonly log: Log) {}

  run<T>(work: () => T): T {
    this.#depth += 1;
    try {
      return work();
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#release();
    }
  }

  /** Leaves at the end of the turn, or at once when there is none. */
  out(send: () => void): void {
    this.#held.push(send);
    if (this.#depth === 0) this.#release();
  }

  #release(): void {
    if (this.#releasing) return;
    this.#releasing = true;
    try {
      do {
        this.settle();
        const leaving = this.#held;
        this.#held = [];
        for (const send of leaving) this.#send(send);
      } while (this.#held.length > 0);
    } finally {
      this.#releasing = false;
    }
  }

  #send(send: () => void): void {
    try {
      send();
    } catch (error) {
      this.log.error('a message could not leave', { error });
    }
  }
}
