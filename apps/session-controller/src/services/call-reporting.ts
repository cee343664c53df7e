/**
 * The interaction-proxy port (IP-01..03, tlibrary §13.5): every event of a call goes to the same client, calls are spread
 * evenly over the clients. A client that lost its connection keeps its calls; its session holds their events for the resume.
 */
import type { TEvent } from '#tlib';
import type { ClientSession } from '../adapters/client-session.js';

interface Client {
  readonly session: ClientSession;
  /** Calls that are told to it. */
  calls: number;
  /** All that it was ever told. */
  total: number;
  /** It asked for no further ones. */
  paused: boolean;
}

export class CallReporting {
  readonly #clients = new Map<string, Client>();
  readonly #clientOf = new Map<string, string>();

  clientJoined(session: ClientSession): void {
    const known = this.#clients.get(session.id);
    if (known === undefined) this.#clients.set(session.id, { session, calls: 0, total: 0, paused: false });
    else known.paused = false;
  }

  clientPaused(sessionId: string): void {
    const client = this.#clients.get(sessionId);
    if (client !== undefined) client.paused = true;
  }

  /** The session is over and will not be resumed; what is left of its calls goes to others. */
  clientGone(sessionId: string): void {
    this.#clients.delete(sessionId);
  }

  /** `connID` groups the events of a call; `EventCallDeleted` ends it. */
  report(connID: string, event: TEvent): void {
    const client = this.#clientFor(connID, event.msg === 'EventCallCreated');
    client?.session.send(event);
    if (event.msg !== 'EventCallDeleted') return;
    if (client !== undefined) client.calls -= 1;
    this.#clientOf.delete(connID);
  }

  /** A call whose beginning nobody heard is not told in halves; one whose client is gone for good goes on with another. */
  #clientFor(connID: string, begins: boolean): Client | undefined {
    const id = this.#clientOf.get(connID);
    if (id === undefined && !begins) return undefined;
    const assigned = id === undefined ? undefined : this.#clients.get(id);
    if (assigned !== undefined) return assigned;
    const client = this.#leastLoaded();
    if (client === undefined) return undefined;
    client.calls += 1;
    client.total += 1;
    this.#clientOf.set(connID, client.session.id);
    return client;
  }

  #leastLoaded(): Client | undefined {
    let least: Client | undefined;
    for (const client of this.#clients.values()) if (!client.paused && (least === undefined || isLessLoaded(client, least))) least = client;
    return least;
  }
}

function isLessLoaded(a: Client, b: Client): boolean {
  return a.calls === b.calls ? a.total < b.total : a.calls < b.calls;
}
