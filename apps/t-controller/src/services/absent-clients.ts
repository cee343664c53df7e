/**
 * Clients whose connection is lost. One that is not back within `logout-on-disconnect-delay` counts as gone, although its session
 * may still be resumed (TC-03, TC-19; docs/adr/0004-lost-desktops.md).
 */
import type { Clock, Timer } from '#kernel';
import type { TlibSession } from '#tlib/server';

export interface AbsentClientEvents {
  /** Once for each absence. */
  gone(session: TlibSession): void;
  /** It is back after it was gone. */
  back(session: TlibSession): void;
}

export class AbsentClients {
  readonly #timers = new Map<TlibSession, Timer>();
  readonly #gone = new Set<TlibSession>();

  constructor(private readonly delayMs: number, private readonly clock: Clock, private readonly events: AbsentClientEvents) {}

  lost(session: TlibSession): void {
    this.#timers.set(session, this.clock.setTimer(this.delayMs, () => this.#goes(session)));
  }

  resumed(session: TlibSession): void {
    this.#stop(session);
    if (this.#gone.delete(session)) this.events.back(session);
  }

  /** The session is over. */
  closed(session: TlibSession): void {
    this.#stop(session);
    if (!this.#gone.delete(session)) this.events.gone(session);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #goes(session: TlibSession): void {
    this.#timers.delete(session);
    this.#gone.add(session);
    this.events.gone(session);
  }

  #stop(session: TlibSession): void {
    this.#timers.get(session)?.cancel();
    this.#timers.delete(session);
  }
}
