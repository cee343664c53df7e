/** Performs faults and remembers what has to be undone, whatever ends the drill. */
import { type FaultAction, reverseOf, subjectOf, type Topology } from './port.js';

export class FaultBook {
  /** By what it is about; the last comes first when everything is undone. */
  readonly #open = new Map<string, FaultAction>();

  constructor(private readonly topology: Topology) {}

  get open(): readonly FaultAction[] {
    return [...this.#open.values()].reverse();
  }

  /** @throws Error with a sentence */
  async perform(actions: readonly FaultAction[]): Promise<void> {
    await Promise.all(actions.map(async (action) => {
      const undo = reverseOf(action);
      // Noted before it is done: an interruption must not find it half done and forgotten.
      if (undo !== undefined) this.#note(action, undo);
      await this.topology.perform(action);
      if (undo === undefined) this.#open.delete(subjectOf(action));
      if (action.kind === 'startSkewed') this.#note(action, { kind: 'terminate', process: action.process });
    }));
  }

  /** Answers what could not be undone, in sentences. */
  async undoAll(): Promise<string[]> {
    const problems: string[] = [];
    for (const action of this.open) {
      try {
        await this.topology.perform(action);
        // A process with a wrong clock is ended, and started again with the right one.
        if (action.kind === 'terminate') await this.topology.perform({ kind: 'start', process: action.process });
      } catch (error) {
        problems.push(`${action.kind} ${subjectOf(action)}: ${(error as Error).message}`);
      }
      this.#open.delete(subjectOf(action));
    }
    return problems;
  }

  #note(action: FaultAction, undo: FaultAction): void {
    this.#open.delete(subjectOf(action));
    this.#open.set(subjectOf(action), undo);
  }
}
