/**
 * The requests of one session, one after the other: the next starts when the former has taken effect, so they start in
 * the order of arrival and their answers are in the order of their effects (tlib-protocol §1).
 */

/** May answer when it has taken effect; otherwise it has when it returns. */
export type Work = () => void | Promise<void>;

export class Lane {
  readonly #waiting: Work[] = [];
  #busy = false;
  #closed = false;

  /** `onIdle` is called whenever everything that waited is done; nothing starts while `hasRoom` says no. */
  constructor(private readonly onIdle: () => void = () => {}, private readonly hasRoom: () => boolean = () => true) {}

  /** Requests that have not started. */
  get waiting(): number {
    return this.#waiting.length;
  }

  push(work: Work): void {
    if (this.#closed) return;
    this.#waiting.push(work);
    this.resume();
  }

  /** There may be room again. */
  resume(): void {
    if (!this.#busy && this.#waiting.length > 0) this.#run();
  }

  /** The session is over: what waits has no one to answer to. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
  }

  #run(): void {
    this.#busy = false;
    while (this.#waiting.length > 0) {
      if (!this.hasRoom()) return;
      const work = this.#waiting.shift() as Work;
      this.#busy = true;
      const effect = work();
      if (effect !== undefined) return void effect.then(() => this.#run(), () => this.#run());
      this.#busy = false;
    }
    this.onIdle();
  }
}
