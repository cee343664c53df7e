/** Which proxy of a data centre writes a binding to the store that they share: docs/specs/stores.md, "Who writes". */
import { rendezvous } from '#cluster';

export class BindingKeeper {
  /** Living proxies of this data centre, this one included. */
  readonly #living: Set<string>;
  readonly #listeners: ((tookOver: (node: string) => boolean) => void)[] = [];

  constructor(private readonly self: string) {
    this.#living = new Set([self]);
  }

  /** Whether this proxy writes the bindings that `node` holds. */
  keeps(node: string): boolean {
    return keeperOf(node, this.#living) === this.self;
  }

  /** Hears, when a proxy is lost, whose bindings this one keeps since. */
  onLost(listener: (tookOver: (node: string) => boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** Another proxy of this data centre lives. */
  heard(name: string): void {
    this.#living.add(name);
  }

  /** It is gone, or began anew: what it was to write may not be written. */
  lost(name: string): void {
    const before = new Set([...this.#living, name]);
    this.#living.delete(name);
    const after = new Set(this.#living);
    for (const listener of this.#listeners) {
      listener((node) => keeperOf(node, before) === name && keeperOf(node, after) === this.self);
    }
  }
}

function keeperOf(node: string, living: ReadonlySet<string>): string | undefined {
  return living.has(node) ? node : rendezvous(node, [...living]);
}
