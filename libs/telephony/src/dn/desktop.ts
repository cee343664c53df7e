/** The client of an agent's login: there, away, or gone with its process (docs/adr/0004-lost-desktops.md, 0005-desktops-of-a-pair.md). */
import type { DnMemory, RequestOrigin } from '../messages/index.js';

export class Desktop {
  /** The client that logged the agent in (tlibrary §7.6). */
  #by: RequestOrigin | undefined;
  /** It is not connected: the agent gets no new calls. */
  #away = false;
  /** Its process is gone: somebody must take the agent over by then. */
  #untilMs: number | undefined;

  get away(): boolean {
    return this.#away;
  }

  get untilMs(): number | undefined {
    return this.#untilMs;
  }

  memory(): Pick<DnMemory, 'loginBy' | 'desktop'> {
    const untilMs = this.#untilMs;
    return { loginBy: this.#by, ...(this.#away ? { desktop: untilMs === undefined ? {} : { untilMs } } : {}) };
  }

  restore({ loginBy, desktop }: DnMemory): void {
    this.#by = loginBy;
    this.#away = desktop !== undefined;
    this.#untilMs = desktop?.untilMs;
  }

  /** The client is there, and its agent with it. */
  loggedIn(origin: RequestOrigin): void {
    this.#by = origin;
    this.back();
  }

  loggedOut(): void {
    this.#by = undefined;
    this.back();
  }

  back(): void {
    this.#away = false;
    this.#untilMs = undefined;
  }

  /** Without `session`: any client of that instance. */
  isOf(instance: string, session?: string): boolean {
    return this.#by?.instance === instance && (session === undefined || this.#by.session === session);
  }

  setAway(away: boolean): void {
    this.#away = away;
  }

  lost(untilMs: number): void {
    this.#away = true;
    this.#untilMs = untilMs;
  }

  /** Whether this client is the next session of the one that was lost: a session does not outlive its process, a program does. */
  takenOverBy(origin: RequestOrigin): boolean {
    if (this.#untilMs === undefined || this.#by?.applicationName !== origin.applicationName) return false;
    this.loggedIn(origin);
    return true;
  }
}
