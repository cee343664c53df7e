/** Clients whose sessions were in the lost process of a pair: the first client of the same program takes their place. */
export class LostClients {
  readonly #byProgram = new Map<string, Set<string>>();

  lost(client: string, applicationName: string): void {
    this.#byProgram.set(applicationName, (this.#byProgram.get(applicationName) ?? new Set()).add(client));
  }

  /** Whose place this program's client takes; nobody's from then on. */
  takenOverBy(applicationName: string): readonly string[] {
    const clients = [...this.#byProgram.get(applicationName) ?? []];
    this.#byProgram.delete(applicationName);
    return clients;
  }

  /** Nobody came for these. */
  giveUp(): readonly string[] {
    const clients = [...this.#byProgram.values()].flatMap((each) => [...each]);
    this.#byProgram.clear();
    return clients;
  }
}
