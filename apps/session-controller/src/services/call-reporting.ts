/**
 * The interaction-proxy port (IP-01..03, tlibrary §13.5): every event of a call goes to the same client, calls are spread
 * evenly over the clients. A client that lost its connection keeps its calls; its session holds their events for the resume.
 */
import type { TEvent } from '#tlib';
import type { ClientSession } from '../adapters/client-session.js';

export class CallReporting {
  readonly #clients = new Map<string, { readonly session: ClientSession; calls: number }>();
  readonly #clientOf = new Map<string, string>();

  clientJoined(session: ClientSession): void {
    if (!this.#clients.has(session.id)) this.#clients.set(session.id, { session, calls: 0 });
  }

  /** The session is over and will not be resumed; what is left of its calls goes to others. */
  clientGone(sessionId: string): void {
    this.#clients.delete(sessionId);
  }

  /** `connID` groups the events of a call; `EventCallDeleted` ends it. */
  report(connID: string, event: TEvent): void {
    const client = this.#clientFor(connID);
    client?.session.send(event);
    if (event.msg !== 'EventCallDeleted') return;
    if (client !== undefined) client.calls -= 1;
    this.#clientOf.delete(connID);
  }

  #clientFor(connID: string): { readonly session: ClientSession; calls: number } | undefined {
    const assigned = this.#clients.get(this.#clientOf.get(connID) ?? '');
    if (assigned !== undefined) return assigned;
    const client = this.#leastLoaded();
    if (client === undefined) return undefined;
    client.calls += 1;
    this.#clientOf.set(connID, client.session.id);
    return client;
  }

  #leastLoaded(): { readonly session: ClientSession; calls: number } | undefined {
    let least: { readonly session: ClientSession; calls: number } | undefined;
    for (const client of this.#clients.values()) if (least === undefined || client.calls < least.calls) least = client;
    return least;
  }
}
