/**
 * The interaction-proxy port (IP-01..03, tlibrary §13.5): every event of a call goes to the same client, calls are spread
 * evenly over the clients (docs/specs/call-reporting.md). A client that lost its connection keeps its calls; its session
 * holds their events for the resume.
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

/** A call that lives, or one of which it is not known yet that somebody heard it to its end. */
interface Told {
  /** Undefined: nobody hears it at the moment. */
  client: Client | undefined;
  /** From its beginning; undefined when they were given up. */
  events: TEvent[] | undefined;
  ended: boolean;
  /** When it ended, or began. */
  sinceMs: number;
}

export interface ReportingLimits {
  /** Events of calls that are kept, all calls together; 0 = nobody can ask for them. */
  readonly events: number;
  /** How long an ended call that nobody heard of is kept. */
  readonly ms: number;
}

export const REPORTING_LIMITS: ReportingLimits = { events: 20_000, ms: 60_000 };

export class CallReporting {
  readonly #clients = new Map<string, Client>();
  /** In the order of their beginning. */
  readonly #calls = new Map<string, Told>();
  #kept = 0;
  #dropped = 0;

  constructor(private readonly nowMs: () => number, private readonly limits: ReportingLimits) {}

  /** There may be somebody to tell. */
  get wanted(): boolean {
    return this.limits.events > 0;
  }

  /** Events that are kept for a client to come, or for the next one when the client of their call is gone. */
  get kept(): number {
    return this.#kept;
  }

  /** Calls of which nobody will ever hear whole, because there was no room or time for their events. */
  get dropped(): number {
    return this.#dropped;
  }

  clientJoined(session: ClientSession): void {
    const known = this.#clients.get(session.id);
    if (known === undefined) this.#clients.set(session.id, { session, calls: 0, total: 0, paused: false });
    else known.paused = false;
    this.#tellUnheard();
  }

  clientPaused(sessionId: string): void {
    const client = this.#clients.get(sessionId);
    if (client !== undefined) client.paused = true;
  }

  /** It is back, and its session told it what it missed. */
  clientResumed(sessionId: string): void {
    const client = this.#clients.get(sessionId);
    if (client === undefined) return;
    for (const [connID, call] of this.#calls) if (call.ended && call.client === client) this.#forget(connID, call);
  }

  /** The session is over and will not be resumed: its calls are told to others, from their beginning as far as that is held. */
  clientGone(sessionId: string): void {
    const gone = this.#clients.get(sessionId);
    this.#clients.delete(sessionId);
    if (gone === undefined) return;
    for (const call of this.#calls.values()) {
      if (call.client !== gone) continue;
      call.client = undefined;
      if (call.ended) call.sinceMs = this.nowMs();
    }
    this.#tellUnheard();
  }

  /** `connID` groups the events of a call: EventCallCreated begins it, EventCallDeleted ends it. */
  report(connID: string, event: TEvent): void {
    if (!this.wanted) return;
    const call = this.#calls.get(connID) ?? this.#begin(connID, event);
    if (call === undefined) return;
    this.#keep(call, event);
    call.client?.session.send(event);
    if (event.msg !== 'EventCallDeleted') return;
    call.ended = true;
    call.sinceMs = this.nowMs();
    // A client that is away hears of it when it resumes; when it does not, another one must.
    const heard = call.client !== undefined && (call.client.session.connected !== false || call.events === undefined);
    if (heard) this.#forget(connID, call);
  }

  /** A call whose beginning nobody saw is not told in halves. */
  #begin(connID: string, event: TEvent): Told | undefined {
    if (event.msg !== 'EventCallCreated') return undefined;
    const call: Told = { client: undefined, events: [], ended: false, sinceMs: this.nowMs() };
    this.#calls.set(connID, call);
    this.#assign(call);
    return call;
  }

  #assign(call: Told): void {
    const client = this.#leastLoaded();
    if (client === undefined) return;
    client.calls += 1;
    client.total += 1;
    call.client = client;
  }

  #tellUnheard(): void {
    this.#dropOld();
    for (const [connID, call] of this.#calls) {
      if (call.client !== undefined) continue;
      this.#assign(call);
      const client = call.client as Client | undefined;
      if (client === undefined) return;
      for (const event of call.events ?? []) client.session.send(event);
      if (call.ended && client.session.connected !== false) this.#forget(connID, call);
    }
  }

  #keep(call: Told, event: TEvent): void {
    if (call.events === undefined) return;
    call.events.push(event);
    this.#kept += 1;
    if (this.#kept <= this.limits.events) return;
    this.#dropOld();
    // Calls that somebody hears need their past only if that client is lost: they go first.
    for (const heard of [true, false]) {
      for (const [connID, other] of this.#calls) {
        if (this.#kept <= this.limits.events) return;
        if (other.events !== undefined && (other.client !== undefined) === heard) this.#dropPast(connID, other);
      }
    }
  }

  #dropOld(): void {
    const beforeMs = this.nowMs() - this.limits.ms;
    for (const [connID, call] of this.#calls) {
      if (call.ended && call.client === undefined && call.sinceMs < beforeMs) this.#dropPast(connID, call);
    }
  }

  #dropPast(connID: string, call: Told): void {
    this.#kept -= call.events?.length ?? 0;
    call.events = undefined;
    if (call.client !== undefined) {
      if (call.ended) this.#forget(connID, call);
      return;
    }
    this.#dropped += 1;
    // It would be told in halves, so it is not told at all.
    this.#calls.delete(connID);
  }

  #forget(connID: string, call: Told): void {
    this.#kept -= call.events?.length ?? 0;
    if (call.client !== undefined) call.client.calls -= 1;
    this.#calls.delete(connID);
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
