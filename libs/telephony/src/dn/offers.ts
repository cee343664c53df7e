/** Leases of routed calls on the DN's agent (docs/specs/cluster-protocol.md, "Offers"). An expired lease is passed over. */
import type { Lease } from '../messages/index.js';
export class Offers {
  /** Absent until the first one: most DNs have none. */
  #leases: Map<string, Lease> | undefined;

  grant(...lease: Lease): void {
    this.#leases ??= new Map();
    this.#leases.set(lease[0], lease);
  }

  /** For the next owner: who holds a lease, and until when. */
  entries(): Lease[] {
    return [...this.#leases?.values() ?? []];
  }

  end(connID: string): void {
    this.#leases?.delete(connID);
  }

  /** Ends all; answers those that still held. */
  revoke(nowMs: number): Lease[] {
    const live = this.entries().filter(([, untilMs]) => untilMs > nowMs);
    this.#leases = undefined;
    return live;
  }

  /** Whether another call than this one has a lease, if any. */
  taken(connID: string | undefined, nowMs: number): boolean {
    for (const [holder, untilMs] of this.entries()) {
      if (untilMs <= nowMs) this.end(holder);
      else if (holder !== connID) return true;
    }
    return false;
  }
}
