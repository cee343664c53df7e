/**
 * Clients of all DNs. Their pictures go out chunk by chunk, so that others get their turn; of each DN a client is told events from
 * its picture on: one told before it would be of calls that the client does not know.
 */
import type { Clock } from '#kernel';
import type { TlibSession } from '#tlib/server';

const CHUNK_DNS = 200;
const CHUNK_EVERY_MS = 1;

export class AllDns {
  /** By client, DNs whose pictures it still gets. */
  readonly #untold = new Map<TlibSession, Set<string>>();

  /** `tell`: the DN's picture, if it is known; a DN that is not shows by its events later. */
  constructor(
    private readonly clock: Clock, private readonly dns: ReadonlyMap<string, unknown>, private readonly tell: (session: TlibSession, dn: string) => void,
  ) {}

  /** Who registers again goes on being told events. */
  add(session: TlibSession): void {
    if (!this.#untold.has(session)) this.#untold.set(session, new Set(this.dns.keys()));
  }

  tellAll(session: TlibSession): void {
    this.#chunk(session, this.dns.keys());
  }

  remove(session: TlibSession): void {
    this.#untold.delete(session);
  }

  /** Adds those that know the DN. */
  collect(dn: string, sessions: Set<TlibSession>): void {
    for (const [session, untold] of this.#untold) if (!untold.has(dn)) sessions.add(session);
  }

  #chunk(session: TlibSession, dns: Iterator<string>): void {
    const untold = this.#untold.get(session);
    if (untold === undefined) return;
    for (let left = CHUNK_DNS; left > 0; left -= 1) {
      const next = dns.next();
      if (next.done === true) return;
      untold.delete(next.value);
      this.tell(session, next.value);
    }
    this.clock.setTimer(CHUNK_EVERY_MS, () => this.#chunk(session, dns));
  }
}
