/** Every TCP and TLS connection of a transport: found by remote address, bounded, closed when idle. */
import type { Clock, Timer } from '#kernel';
import type { Connection } from './connection.js';

export interface ConnectionBounds {
  readonly connectionsMax: number;
  /** A connection that carried nothing for so long is closed. */
  readonly idleMs: number;
}

export class ConnectionTable {
  readonly #connections = new Map<string, Connection>();
  readonly #clock: Clock;
  readonly #bounds: ConnectionBounds;
  #sweep: Timer | undefined;

  constructor(clock: Clock, bounds: ConnectionBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#connections.size;
  }

  get isFull(): boolean {
    return this.#connections.size >= this.#bounds.connectionsMax;
  }

  get(key: string): Connection | undefined {
    return this.#connections.get(key);
  }

  add(connection: Connection): void {
    this.#connections.set(connection.key, connection);
    this.#armSweep();
  }

  delete(connection: Connection): void {
    if (this.#connections.get(connection.key) === connection) this.#connections.delete(connection.key);
  }

  closeAll(reason: string): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    for (const connection of [...this.#connections.values()]) connection.close(reason);
  }

  /** One timer for the whole table: a connection may stay a quarter longer than `idleMs`. */
  #armSweep(): void {
    this.#sweep ??= this.#clock.setTimer(this.#bounds.idleMs / 4, () => {
      this.#sweep = undefined;
      this.#closeIdle();
      if (this.#connections.size > 0) this.#armSweep();
    });
  }

  #closeIdle(): void {
    const before = this.#clock.nowMs() - this.#bounds.idleMs;
    for (const connection of [...this.#connections.values()]) {
      if (connection.lastUsedMs <= before) connection.close('idle for too long');
    }
  }
}
