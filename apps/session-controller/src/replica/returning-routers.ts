/**
 * Routing Points that had routers when the process before this one was lost. They count as having one until theirs have connected here, or
 * until it is clear that they will not: a call that comes meanwhile waits for them instead of being routed by default.
 */
import type { Clock, Timer } from '#kernel';

export interface ReturningRouterPorts {
  readonly clock: Clock;
  /** They are there: calls of the point have not been told to them. */
  back(routingPoint: string): void;
  /** Nobody came. */
  gone(routingPoint: string): void;
}

/** A client library notices a lost connection at once and tries the other address within a few seconds. */
const RETURN_MS = 10_000;

export class ReturningRouters {
  readonly #awaited = new Set<string>();
  #timer: Timer | undefined;

  constructor(private readonly ports: ReturningRouterPorts) {}

  await(points: readonly string[]): void {
    for (const point of points) this.#awaited.add(point);
    if (points.length > 0) this.#timer = this.ports.clock.setTimer(RETURN_MS, () => this.#giveUp());
  }

  awaits(point: string): boolean {
    return this.#awaited.has(point);
  }

  came(point: string): void {
    if (this.#awaited.delete(point)) this.ports.back(point);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #giveUp(): void {
    const missing = [...this.#awaited];
    this.#awaited.clear();
    for (const point of missing) this.ports.gone(point);
  }
}
