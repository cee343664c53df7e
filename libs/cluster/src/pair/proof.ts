/** Until when a primary may act: what others confirmed, each from the moment at which they were asked. */
import { PAIR } from './pair-machine.types.js';

export class Proof {
  #ackAskedMs = -Infinity;
  #leaseAskedMs = -Infinity;
  /** The lease was written as lone, so that proxies count. */
  lone = false;
  readonly #vouched = new Map<string, number>();

  /** @param proxies how many proxies the data centre has */
  constructor(private readonly proxies: number) {}

  get leaseAskedMs(): number {
    return this.#leaseAskedMs;
  }

  reset(): void {
    this.#ackAskedMs = -Infinity;
    this.#leaseAskedMs = -Infinity;
    this.lone = false;
    this.#vouched.clear();
  }

  acked(askedMs: number): void {
    this.#ackAskedMs = Math.max(this.#ackAskedMs, askedMs);
  }

  leaseWritten(askedMs: number, lone: boolean): void {
    this.#leaseAskedMs = Math.max(this.#leaseAskedMs, askedMs);
    this.lone = lone;
  }

  vouched(proxy: string, askedMs: number): void {
    this.#vouched.set(proxy, Math.max(this.#vouched.get(proxy) ?? -Infinity, askedMs));
  }

  refused(proxy: string): void {
    this.#vouched.delete(proxy);
  }

  untilMs(): number {
    return Math.max(this.#ackAskedMs, this.#leaseAskedMs, this.#vouchedMs()) + PAIR.PROOF_MS;
  }

  /** When the last of as many proxies as it takes was asked: at least half of them, so that no majority can let go meanwhile. */
  #vouchedMs(): number {
    const needed = Math.max(1, Math.ceil(this.proxies / 2));
    if (!this.lone || this.#vouched.size < needed) return -Infinity;
    const askedMs = [...this.#vouched.values()].sort((a, b) => b - a)[needed - 1] as number;
    return Math.min(askedMs, this.#leaseAskedMs + PAIR.PROXIES_MS);
  }
}
