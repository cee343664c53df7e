/**
 * Which waiting call goes to which agent: first come first served, to the longest idle. A call is offered to one agent at a
 * time: reserve, route, and on any refusal the next agent, the call keeping its place.
 */
import type { Out } from '#kernel';
import type { TEvent } from '#tlib';
import { AgentBoard, type AgentSeat } from './agent-board.js';

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
  /** Resting agents may be free again. */
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
  readonly connID: string;
  readonly server: string;
  readonly event: TEvent;
  readonly sinceMs: number;
  heldAtMs: number;
  givenUp: boolean;
  /** The agent that is being reserved or rung for it. */
  offeredTo: { readonly dn: string; readonly agentID: string; reserved: boolean } | undefined;
}

/** Waiting calls at once; a router far behind lets default routing take the rest. */
const WAITING_MAX = 10_000;
/** After a refusal the agent is left alone for so long; his next own event frees him earlier. */
const REST_MS = 3_000;
/** Well below any sensible `router-timeout`. */
const HOLD_EVERY_MS = 3_000;

export class Dispatcher {
  readonly #board = new AgentBoard();
  /** In order of arrival. */
  readonly #calls = new Map<string, WaitingCall>();
  readonly #taken = new Set<string>();

  /** `maxWaitMs` 0: callers wait for ever. */
  constructor(private readonly fits: (agentID: string) => boolean, private readonly maxWaitMs = 0) {}

  get waiting(): number {
    return this.#calls.size;
  }

  on(input: DispatcherInput, out: Out<DispatcherEffect>): void {
    this.#apply(input, out);
    this.#match(input.nowMs, out);
    // After matching: a call that an agent takes now needs no holding.
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
      case 'tick': return undefined;
    }
  }

  #arrived(server: string, event: TEvent, nowMs: number, out: Out<DispatcherEffect>): void {
    const connID = event['ConnID'] as string;
    if (this.#calls.has(connID) || this.#calls.size >= WAITING_MAX) return;
    this.#calls.set(connID, { connID, server, event, sinceMs: nowMs, heldAtMs: nowMs, givenUp: false, offeredTo: undefined });
    out.push({ kind: 'queueEvent', name: 'EventQueued', about: event });
  }

  #care(nowMs: number, out: Out<DispatcherEffect>): void {
    for (const call of this.#calls.values()) {
      if (call.offeredTo !== undefined || call.givenUp) continue;
      const where = { server: call.server, point: call.event['ThisDN'] as string, connID: call.connID };
      if (this.maxWaitMs > 0 && nowMs - call.sinceMs >= this.maxWaitMs) {
        call.givenUp = true;
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
    this.#calls.delete(connID);
    this.#free(call);
    // A virtual queue knows no EventReleased: its caller was not served either.
    out.push({ kind: 'queueEvent', name: how === 'EventReleased' ? 'EventAbandoned' : how, about: call.event, ...(to === undefined ? {} : { to }) });
    if (call.offeredTo?.reserved === true) out.push({ kind: 'cancelReservation', ...call.offeredTo });
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
    this.#free(call);
    call.offeredTo = undefined;
    this.#board.rest(dn, nowMs + REST_MS);
  }

  #free(call: WaitingCall): void {
    if (call.offeredTo !== undefined) this.#taken.delete(call.offeredTo.dn);
  }

  #match(nowMs: number, out: Out<DispatcherEffect>): void {
    // Each call on offer has one agent taken.
    if (this.#calls.size === this.#taken.size) return;
    const seats = this.#board.free(this.fits, nowMs);
    for (const call of this.#calls.values()) {
      if (call.offeredTo !== undefined || call.givenUp) continue;
      const seat = this.#nextSeat(seats);
      if (seat === undefined) return;
      this.#taken.add(seat.dn);
      call.offeredTo = { dn: seat.dn, agentID: seat.agentID, reserved: false };
      out.push({ kind: 'reserve', connID: call.connID, dn: seat.dn, agentID: seat.agentID });
    }
  }

  #nextSeat(seats: Generator<AgentSeat, undefined>): AgentSeat | undefined {
    for (let next = seats.next(); next.done !== true; next = seats.next()) if (!this.#taken.has(next.value.dn)) return next.value;
    return undefined;
  }
}
