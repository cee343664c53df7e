/**
 * Clients whose connection is lost. One that is not back soon is away: its agents get no new calls. One that is not back within
 * `logout-on-disconnect-delay`, or before its session ends, is gone (TC-03, TC-19; docs/adr/0004-lost-desktops.md).
 */
import type { Clock, Timer } from '#kernel';
import type { TlibSession } from '#tlib/server';

export interface AbsentClientEvents {
  away(session: TlibSession, away: boolean): void;
  /** Once for each absence. */
  gone(session: TlibSession): void;
  /** It is back after it was gone. */
  back(session: TlibSession): void;
}

/** A network that hiccups is no reason to pass an agent over. */
const AWAY_AFTER_MS = 2_000;

export class AbsentClients {
  readonly #away = new Set<TlibSession>();
  readonly #timers = new Map<TlibSession, Timer>();
  readonly #gone = new Set<TlibSession>();

  constructor(private readonly delayMs: number, private readonly clock: Clock, private readonly events: AbsentClientEvents) {}

  lost(session: TlibSession): void {
    if (this.delayMs <= AWAY_AFTER_MS) this.#after(session, this.delayMs, () => this.#goes(session));
    else this.#after(session, AWAY_AFTER_MS, () => this.#turnsAway(session));
  }

  resumed(session: TlibSession): void {
    this.#stop(session);
    if (this.#away.delete(session)) this.events.away(session, false);
    if (this.#gone.delete(session)) this.events.back(session);
  }

  /** The session is over. */
  closed(session: TlibSession): void {
    this.#stop(session);
    this.#away.delete(session);
    if (!this.#gone.delete(session)) this.events.gone(session);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #after(session: TlibSession, delayMs: number, then: () => void): void {
    this.#timers.set(session, this.clock.setTimer(delayMs, then));
  }

  #turnsAway(session: TlibSession): void {
    this.#away.add(session);
    this.events.away(session, true);
    this.#after(session, this.delayMs - AWAY_AFTER_MS, () => this.#goes(session));
  }

  #goes(session: TlibSession): void {
    this.#timers.delete(session);
    this.#away.delete(session);
    this.#gone.add(session);
    this.events.gone(session);
  }

  #stop(session: TlibSession): void {
    this.#timers.get(session)?.cancel();
    this.#timers.delete(session);
  }
}
