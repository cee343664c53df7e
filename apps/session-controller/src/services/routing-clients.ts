/**
 * Clients of the default port and the Routing Points they registered (SC-05, tlibrary §3.2). Answers whether anybody is
 * there to route, and hands each event of a Routing Point to those who registered it.
 */
import type { RequestOrigin } from '#telephony';
import type { TEvent } from '#tlib';
import type { ClientSession } from '../adapters/client-session.js';

/** tlibrary §3.2: a `ModeMonitor` client hears events and may not answer, so it does not count as a router. */
export type RegisterMode = 'ModeShare' | 'ModePrivate' | 'ModeMonitor';

interface Registration {
  readonly session: ClientSession;
  readonly mode: RegisterMode;
}

export interface RoutingClientPorts {
  /** The last client that may answer route requests of the Routing Point has left. */
  routersGone(routingPoint: string): void;
  /** One that may came; also to others that are there. */
  routerCame(routingPoint: string): void;
}

export class RoutingClients {
  readonly #byPoint = new Map<string, Map<string, Registration>>();

  /** `instance` is this session controller's own, which tells its clients' requests from those of other tiers. */
  constructor(private readonly instance: string, private readonly ports: RoutingClientPorts) {}

  /**
   * The session is over and will not be resumed. Until then its registrations stand, as its events are kept: a router that
   * comes back in time finds its calls, and for one that does not `router-timeout` decides (tlib-protocol §5, SC-14).
   */
  closed(sessionId: string): void {
    for (const [point, registrations] of [...this.#byPoint]) {
      const registration = registrations.get(sessionId);
      if (registration === undefined) continue;
      this.#forget(point, sessionId);
      this.#routerLeft(point, registration);
    }
  }

  /** False when a `ModePrivate` registration stands in the way (error 42). */
  register(point: string, session: ClientSession, mode: RegisterMode): boolean {
    const registrations = this.#byPoint.get(point) ?? new Map<string, Registration>();
    for (const other of registrations.values()) {
      if (other.session.id === session.id) continue;
      if (mode === 'ModePrivate' || other.mode === 'ModePrivate') return false;
    }
    registrations.set(session.id, { session, mode });
    this.#byPoint.set(point, registrations);
    return true;
  }

  /** The client has heard that it is registered. */
  registered(point: string, sessionId: string): void {
    if (this.modeOf(point, sessionId) !== 'ModeMonitor') this.ports.routerCame(point);
  }

  /** False when it was not registered. */
  unregister(point: string, sessionId: string): boolean {
    const registration = this.#byPoint.get(point)?.get(sessionId);
    if (registration === undefined) return false;
    this.#forget(point, sessionId);
    this.#routerLeft(point, registration);
    return true;
  }

  modeOf(point: string, sessionId: string): RegisterMode | undefined {
    return this.#byPoint.get(point)?.get(sessionId)?.mode;
  }

  /** Clients that may answer a route request, now or when they are back. */
  routers(point: string): number {
    let count = 0;
    for (const { mode } of this.#byPoint.get(point)?.values() ?? []) if (mode !== 'ModeMonitor') count += 1;
    return count;
  }

  /** Gives the event to everyone registered; only the copy of the one who asked carries `ReferenceID` (tlibrary §3.1). */
  distribute(point: string, event: TEvent, origin: RequestOrigin | undefined): void {
    const registrations = this.#byPoint.get(point);
    if (registrations === undefined) return;
    const asker = origin?.instance === this.instance ? origin : undefined;
    for (const { session } of registrations.values()) {
      session.send(event, asker?.session === session.id ? asker.referenceID : undefined);
    }
  }

  #forget(point: string, sessionId: string): void {
    const registrations = this.#byPoint.get(point);
    if (registrations?.delete(sessionId) && registrations.size === 0) this.#byPoint.delete(point);
  }

  #routerLeft(point: string, registration: Registration): void {
    if (registration.mode !== 'ModeMonitor' && this.routers(point) === 0) this.ports.routersGone(point);
  }
}
