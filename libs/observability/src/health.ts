/** What `/healthz` and `/readyz` answer: named checks, each true or a sentence that says what is wrong. */

/** True when well; otherwise what is wrong. */
export type HealthCheck = () => true | string;

export interface HealthReport {
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, true | string>>;
}

export class HealthRegistry {
  readonly #checks = new Map<string, HealthCheck>();

  /** Answers how to take the check out again. The same name replaces. */
  register(name: string, check: HealthCheck): () => void {
    this.#checks.set(name, check);
    return () => {
      if (this.#checks.get(name) === check) this.#checks.delete(name);
    };
  }

  report(): HealthReport {
    const checks: Record<string, true | string> = {};
    for (const [name, check] of this.#checks) checks[name] = outcomeOf(check);
    return { ok: Object.values(checks).every((outcome) => outcome === true), checks };
  }
}

/** A check that throws is a check that fails: the report itself always comes. */
function outcomeOf(check: HealthCheck): true | string {
  try {
    return check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
