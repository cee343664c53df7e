/** Leases of routed calls on the DN's agent (docs/specs/cluster-protocol.md, "Offers"). An expired lease is passed over. */
export class Offers {
  /** Absent until the first one: most DNs have none. */
  #untilMs: Map<string, number> | undefined;

  grant(connID: string, untilMs: number): void {
    this.#untilMs ??= new Map();
    this.#untilMs.set(connID, untilMs);
  }

  /** For the next owner: who holds a lease, and until when. */
  entries(): [connID: string, untilMs: number][] {
    return [...this.#untilMs ?? []];
  }

  end(connID: string): void {
    this.#untilMs?.delete(connID);
  }

  /** Whether another call than this one has a lease, if any. */
  taken(connID: string | undefined, nowMs: number): boolean {
    for (const [holder, untilMs] of this.#untilMs ?? []) {
      if (untilMs <= nowMs) this.#untilMs?.delete(holder);
      else if (holder !== connID) return true;
    }
    return false;
  }
}
