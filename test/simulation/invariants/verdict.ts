/** What every checker of an invariant is: it watches, and keeps the first thing that was wrong. */
export class Verdict {
  #problem: string | undefined;

  /** The first breach, in a sentence; undefined while all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  protected fail(problem: string): void {
    this.#problem ??= problem;
  }
}
