/**
 * Which waiting call goes to which agent: first come first served, to the longest idle. A call is offered to one agent at a
 * time: reserve, route, and on any refusal the next agent, the call keeping its place.
 */
import type { Out } from '#kernel';
import type { TEvent } from '#tlib';
import { AgentBoard } from './agent-board.js';
import { Line } from './line.js';

export type DispatcherInput = (
  /** A call waits at the Routing Point of that server. */
  | { readonly kind: 'waiting'; readonly server: string; readonly event: TEvent }
  /** The call left the Routing Point, wherever to; EventReleased: the server ended it there. */
  | { readonly kind: 'left'; readonly connID: string; readonly how: 'EventDiverted' | 'EventAbandoned' | 'EventReleased'; readonly to: string | undefined }
  | { readonly kind: 'agentEvent'; readonly event: TEvent }
  | { readonly kind: 'agentsUnknown' }
  | { readonly kind: 'reserved'; readonly connID: string; readonly dn: string }
  | { readonly kind: 'notReserved'; readonly connID: string; readonly dn: string }
  | { readonly kind: 'notRouted'; readonly connID: string; readonly dn: string }
  /** Another router's destination is being tried: no agent's fault. */
  | { readonly kind: 'alreadyTried'; readonly connID: string; readonly dn: string }
  /** A new session of that server, which knows nothing of the one before: what still waits there is told anew. */
  | { readonly kind: 'serverAnew'; readonly server: string }
  /** All that wait at that Routing Point of the server now. */
  | { readonly kind: 'told'; readonly server: string; readonly point: string; readonly connIDs: readonly string[] }
  /** Once a second: who rested long enough, who waits too long. Offers never wait for it. */
  | { readonly kind: 'tick' }
) & { readonly nowMs: number };

export type DispatcherEffect =
  | { readonly kind: 'reserve'; readonly connID: string; readonly dn: string; readonly agentID: string }
  | { readonly kind: 'cancelReservation'; readonly dn: string; readonly agentID: string }
  | { readonly kind: 'route'; readonly server: string; readonly point: string; readonly connID: string; readonly dn: string }
  /** Tells the server that somebody lives who cares for this call: `router-timeout` is about silence. */
  | { readonly kind: 'hold'; readonly server: string; readonly point: string; readonly connID: string }
  /** He has waited long enough: the server's default routing takes him. */
  | { readonly kind: 'giveUp'; readonly server: string; readonly point: string; readonly connID: string }
  /** The virtual queue's own event about the call. */
  | { readonly kind: 'queueEvent'; readonly name: 'EventQueued' | 'EventDiverted' | 'EventAbandoned'; readonly about: TEvent; readonly to?: string };

interface WaitingCall {
  /** Number of its arrival. */
  readonly place: number;
  readonly id: string;
  readonly connID: string;
  readonly server: string;
  readonly event: TEvent;
  readonly sinceMs: number;
  heldAtMs: number;
  givenUp: boolean;
  /** Its server began anew and has not told it yet: until then. 0: it has. */
  unsureUntilMs: number;
  /** Left to the other router until then. */
  notBeforeMs: number;
  /** The agent that is being reserved or rung for it. */
  offeredTo: { readonly dn: string; readonly agentID: string; reserved: boolean } | undefined;
}

/** Waiting calls at once; a router far behind lets default routing take the rest. */
const WAITING_MAX = 10_000;
/** After a refusal the agent is left alone for so long. */
const REST_MS = 3_000;
/** Well below any sensible `router-timeout`. */
const HOLD_EVERY_MS = 3_000;
/** A server that began anew tells its calls when the Routing Point is registered. */
const UNSURE_MS = 15_000;

export class Dispatcher {
  readonly #board: AgentBoard;
  readonly #calls = new Map<string, WaitingCall>();
  /** Those that are offered to nobody, in order of arrival. */
  readonly #line = new Line<WaitingCall>();
  #arrivals = 0;

  /** `maxWaitMs` 0: callers wait for ever. */
  constructor(fits: (agentID: string) => boolean, private readonly maxWaitMs = 0) {
    this.#board = new AgentBoard(fits);
  }

  get waiting(): number {
    return this.#calls.size;
  }

  /** Agents who could be offered a call now. */
  get free(): number {
    return this.#board.size;
  }

  on(input: DispatcherInput, out: Out<DispatcherEffect>): void {
    this.#apply(input, out);
    this.#match(out);
    // Whom an agent was found for just now need not be held.
    if (input.kind === 'tick') this.#care(input.nowMs, out);
  }

  #apply(input: DispatcherInput, out: Out<DispatcherEffect>): void {
    switch (input.kind) {
      case 'waiting': return this.#arrived(input.server, input.event, input.nowMs, out);
      case 'left': return this.#left(input, out);
      case 'agentEvent': return this.#board.on(input.event, input.nowMs);
      case 'agentsUnknown': return this.#board.forget();
      case 'reserved': return this.#reserved(input.connID, input.dn, out);
      case 'notReserved':
      case 'notRouted': return this.#refused(input.connID, input.dn, input.nowMs);
      case 'alreadyTried': return this.#alreadyTried(input.connID, input.dn, input.nowMs, out);
      case 'serverAnew': return this.#serverAnew(input.server, input.nowMs, out);
      case 'told': return this.#told(input, out);
      case 'tick':
        this.#endUnsure(input.nowMs, out);
        return this.#comeBack(input.nowMs);
    }
  }

  #arrived(server: string, event: TEvent, nowMs: number, out: Out<DispatcherEffect>): void {
    const connID = event['ConnID'] as string;
    const known = this.#calls.get(connID);
    if (known !== undefined) return this.#isThere(known, nowMs);
    if (this.#calls.size >= WAITING_MAX) return;
    this.#arrivals += 1;
    const call: WaitingCall = {
      place: this.#arrivals, id: connID, connID, server, event, sinceMs: nowMs, heldAtMs: nowMs, givenUp: false, unsureUntilMs: 0, notBeforeMs: 0,
      offeredTo: undefined,
    };
    this.#calls.set(connID, call);
    this.#line.add(call);
    out.push({ kind: 'queueEvent', name: 'EventQueued', about: event });
  }

  /** Agents who rested, and calls that were left to another router. */
  #comeBack(nowMs: number): void {
    this.#board.tick(nowMs);
    for (const call of this.#calls.values()) {
      if (call.notBeforeMs === 0 || call.notBeforeMs > nowMs) continue;
      call.notBeforeMs = 0;
      if (call.offeredTo === undefined && !call.givenUp && call.unsureUntilMs === 0) this.#line.add(call);
    }
  }

  #care(nowMs: number, out: Out<DispatcherEffect>): void {
    for (const call of this.#calls.values()) {
      if (call.offeredTo !== undefined || call.givenUp || call.unsureUntilMs > 0) continue;
      const where = { server: call.server, point: call.event['ThisDN'] as string, connID: call.connID };
      if (this.maxWaitMs > 0 && nowMs - call.sinceMs >= this.maxWaitMs) {
        call.givenUp = true;
        this.#line.remove(call);
        out.push({ kind: 'giveUp', ...where });
      } else if (nowMs - call.heldAtMs >= HOLD_EVERY_MS) {
        call.heldAtMs = nowMs;
        out.push({ kind: 'hold', ...where });
      }
    }
  }

  #left({ connID, how, to }: DispatcherInput & { kind: 'left' }, out: Out<DispatcherEffect>): void {
    const call = this.#calls.get(connID);
    if (call === undefined) return;
    // A virtual queue knows no EventReleased: its caller was not served either.
    out.push({ kind: 'queueEvent', name: how === 'EventReleased' ? 'EventAbandoned' : how, about: call.event, ...(to === undefined ? {} : { to }) });
    this.#forget(call, out);
  }

  /** The other half of a pair has the calls, in their order; a server that begins alone has none. Nothing that was asked will be answered. */
  #serverAnew(server: string, nowMs: number, out: Out<DispatcherEffect>): void {
    for (const call of this.#calls.values()) {
      if (call.server !== server) continue;
      this.#line.remove(call);
      this.#giveBack(call, out);
      Object.assign(call, { unsureUntilMs: nowMs + UNSURE_MS, offeredTo: undefined, givenUp: false, notBeforeMs: 0 });
    }
  }

  #told({ server, point, connIDs, nowMs }: DispatcherInput & { kind: 'told' }, out: Out<DispatcherEffect>): void {
    const there = new Set(connIDs);
    for (const call of this.#calls.values()) {
      if (call.unsureUntilMs === 0 || call.server !== server || call.event['ThisDN'] !== point) continue;
      if (there.has(call.connID)) this.#isThere(call, nowMs);
      else this.#isGone(call, out);
    }
  }

  /** It keeps its place. */
  #isThere(call: WaitingCall, nowMs: number): void {
    if (call.unsureUntilMs === 0) return;
    Object.assign(call, { unsureUntilMs: 0, heldAtMs: nowMs });
    this.#line.add(call);
  }

  #isGone(call: WaitingCall, out: Out<DispatcherEffect>): void {
    this.#forget(call, out);
    out.push({ kind: 'queueEvent', name: 'EventAbandoned', about: call.event });
  }

  #endUnsure(nowMs: number, out: Out<DispatcherEffect>): void {
    for (const call of this.#calls.values()) if (call.unsureUntilMs > 0 && call.unsureUntilMs <= nowMs) this.#isGone(call, out);
  }

  #forget(call: WaitingCall, out: Out<DispatcherEffect>): void {
    this.#calls.delete(call.connID);
    this.#line.remove(call);
    this.#giveBack(call, out);
  }

  /** The agent is free for others. */
  #giveBack({ offeredTo }: WaitingCall, out: Out<DispatcherEffect>): void {
    if (offeredTo === undefined) return;
    this.#board.release(offeredTo.dn);
    if (offeredTo.reserved) out.push({ kind: 'cancelReservation', dn: offeredTo.dn, agentID: offeredTo.agentID });
  }

  #reserved(connID: string, dn: string, out: Out<DispatcherEffect>): void {
    const call = this.#calls.get(connID);
    if (call?.offeredTo?.dn !== dn) {
      // The caller left while the reservation was decided.
      out.push({ kind: 'cancelReservation', dn, agentID: '' });
      return;
    }
    call.offeredTo.reserved = true;
    out.push({ kind: 'route', server: call.server, point: call.event['ThisDN'] as string, connID, dn });
  }

  #refused(connID: string, dn: string, nowMs: number): void {
    const call = this.#calls.get(connID);
    if (call?.offeredTo?.dn !== dn) return;
    call.offeredTo = undefined;
    this.#board.release(dn, nowMs + REST_MS);
    this.#line.add(call);
  }

  #alreadyTried(connID: string, dn: string, nowMs: number, out: Out<DispatcherEffect>): void {
    const call = this.#calls.get(connID);
    if (call?.offeredTo?.dn !== dn) return;
    this.#giveBack(call, out);
    call.offeredTo = undefined;
    call.notBeforeMs = nowMs + REST_MS;
  }

  #match(out: Out<DispatcherEffect>): void {
    for (let call = this.#line.first; call !== undefined; call = this.#line.first) {
      const seat = this.#board.take();
      if (seat === undefined) return;
      this.#line.remove(call);
      call.offeredTo = { dn: seat.dn, agentID: seat.agentID, reserved: false };
      out.push({ kind: 'reserve', connID: call.connID, dn: seat.dn, agentID: seat.agentID });
    }
  }
}
