/**
 * Which session controller has calls of a DN, so that main and consultation calls stay together. Servers repeat what is
 * active every 5 s; what is not repeated for 15 s is forgotten (docs/specs/cluster-protocol.md, "Affinity and location").
 */

export const FORGET_AFTER_MS = 15_000;
/** More DNs in calls than one cluster has; beyond it new ones are spread like any other call. */
const ENTRIES_MAX = 500_000;

interface Entry {
  node: string;
  heardMs: number;
}

export class AffinityTable {
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  heard(dn: string, node: string, active: boolean, nowMs: number): void {
    const known = this.#entries.get(dn);
    if (!active) {
      // The last call on that server ended; another server may have one by now.
      if (known?.node === node) this.#entries.delete(dn);
    } else if (known !== undefined) {
      known.node = node;
      known.heardMs = nowMs;
    } else if (this.#entries.size < ENTRIES_MAX) {
      this.#entries.set(dn, { node, heardMs: nowMs });
    }
  }

  nodeOf(dn: string, nowMs: number): string | undefined {
    const entry = this.#entries.get(dn);
    return entry !== undefined && nowMs - entry.heardMs < FORGET_AFTER_MS ? entry.node : undefined;
  }

  /** Frees what was not repeated. To be called every few seconds. */
  sweep(nowMs: number): void {
    for (const [dn, { heardMs }] of this.#entries) {
      if (nowMs - heardMs >= FORGET_AFTER_MS) this.#entries.delete(dn);
    }
  }
}
