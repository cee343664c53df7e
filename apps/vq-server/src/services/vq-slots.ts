/** Tells the limiter store which calls wait and talk by the virtual queues of this server (docs/specs/limits.md, "Slots"). */
import { talkingCounter, waitingCounter } from '#limits';
import type { LimitsTeller } from '#store';

type Stage = 'waiting' | 'talking';

export class VqSlots {
  /** By ConnID, by queue. A call that its session controller ended goes when the teller notices. */
  readonly #calls = new Map<string, Map<string, Stage>>();
  readonly #teller: LimitsTeller | undefined;

  /** `open` makes the teller, which says when a call has no record any more. Absent: nobody counts. */
  constructor(open: ((gone: (connID: string) => void) => LimitsTeller) | undefined) {
    this.#teller = open?.((connID) => void this.#calls.delete(connID));
  }

  waits(queue: string, connID: string): void {
    this.#put(queue, connID, 'waiting');
  }

  /** It went to an agent. */
  talks(queue: string, connID: string): void {
    if (this.#calls.get(connID)?.has(queue) === true) this.#put(queue, connID, 'talking');
  }

  /** It waits there no more, and went to nobody. One that talks goes on. */
  left(queue: string, connID: string): void {
    const queues = this.#calls.get(connID);
    if (queues?.get(queue) !== 'waiting') return;
    queues.delete(queue);
    this.#tell(connID, queues);
    if (queues.size === 0) this.#calls.delete(connID);
  }

  close(): void {
    this.#teller?.close();
  }

  #put(queue: string, connID: string, stage: Stage): void {
    if (this.#teller === undefined) return;
    const queues = this.#calls.get(connID) ?? new Map<string, Stage>();
    this.#calls.set(connID, queues.set(queue, stage));
    this.#tell(connID, queues);
  }

  #tell(connID: string, queues: ReadonlyMap<string, Stage>): void {
    this.#teller?.hold(connID, Array.from(queues, ([queue, stage]) => ({ counter: stage === 'waiting' ? waitingCounter(queue) : talkingCounter(queue) })));
  }
}
