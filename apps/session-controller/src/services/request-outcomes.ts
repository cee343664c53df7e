/**
 * Answers to requests, however they came. A client of this node hears events and errors in its session. A request that
 * another tier passed on is answered on the bus: `accepted` when its event leaves, `error` when it is refused
 * (docs/specs/cluster-protocol.md, "Requests of clients").
 */
import type { Clock, Timer } from '#kernel';
import type { RequestOrigin, ScReply } from '#telephony';
import type { TEvent } from '#tlib';
import type { ClientSession } from '../adapters/client-session.js';
import type { CallRecord } from './call-record.js';

export interface RequestOutcomePorts {
  readonly clock: Clock;
  /** Of this session controller: requests of its own clients carry it. */
  readonly instance: string;
  session(id: string): ClientSession | undefined;
  /** An error that came after the bus request had been answered: it goes by way of the DN's events. */
  lateError(dn: string, event: TEvent, origin: RequestOrigin): void;
  /** A request of the call was answered `accepted` before its event left. */
  acceptedForNow(call: CallRecord): void;
}

interface Pending {
  readonly call: CallRecord;
  readonly dn: string;
  /** Undefined once it was used. */
  respond: ((reply: ScReply) => void) | undefined;
  timer: Timer;
}

/** Below the asker's 5 s: what takes longer (a phone that is answered by hand) is accepted until the event says more. */
const ACCEPT_AFTER_MS = 3_000;
const FORGET_AFTER_MS = 60_000;

export class RequestOutcomes {
  /** By the origin object itself, which machines hand through. */
  readonly #pending = new Map<RequestOrigin, Pending>();

  constructor(private readonly ports: RequestOutcomePorts) {}

  /** A request from the bus goes to a machine now. */
  expect(call: CallRecord, origin: RequestOrigin, dn: string, respond: (reply: ScReply) => void): void {
    const timer = this.ports.clock.setTimer(ACCEPT_AFTER_MS, () => this.#acceptForNow(origin));
    this.#pending.set(origin, { call, dn, respond, timer });
  }

  /** The DN for which the request was made, when it has been accepted and its outcome is still to come. */
  lateFor(origin: RequestOrigin): string | undefined {
    const pending = this.#pending.get(origin);
    return pending?.respond === undefined ? pending?.dn : undefined;
  }

  /** A request that another process accepted: its error, should there be one, goes by way of the DN's events. */
  expectLate(call: CallRecord, origin: RequestOrigin, dn: string): void {
    this.#pending.set(origin, { call, dn, respond: undefined, timer: this.#forgetLater(origin) });
  }

  /** The event that answers the request has left. */
  accepted(origin: RequestOrigin): void {
    this.#take(origin)?.respond?.({ kind: 'accepted' });
  }

  refused(origin: RequestOrigin, code: number, message: string): void {
    if (this.#isOwn(origin)) {
      this.ports.session(origin.session)?.send(errorEvent(code, message), origin.referenceID);
      return;
    }
    const pending = this.#take(origin);
    if (pending === undefined) return;
    if (pending.respond !== undefined) pending.respond({ kind: 'error', code, message });
    else this.ports.lateError(pending.dn, { ...errorEvent(code, message), ThisDN: pending.dn }, origin);
  }

  /** An event for the one who asked and nobody else. */
  replied(origin: RequestOrigin, event: TEvent): void {
    if (this.#isOwn(origin)) {
      this.ports.session(origin.session)?.send(event, origin.referenceID);
      return;
    }
    this.#take(origin)?.respond?.({ kind: 'reply', event });
  }

  close(): void {
    for (const pending of this.#pending.values()) pending.timer.cancel();
    this.#pending.clear();
  }

  #isOwn(origin: RequestOrigin): boolean {
    return origin.instance === this.ports.instance;
  }

  #take(origin: RequestOrigin): Pending | undefined {
    const pending = this.#pending.get(origin);
    if (pending === undefined) return undefined;
    this.#pending.delete(origin);
    pending.timer.cancel();
    return pending;
  }

  #acceptForNow(origin: RequestOrigin): void {
    const pending = this.#pending.get(origin);
    if (pending === undefined) return;
    pending.respond?.({ kind: 'accepted' });
    pending.respond = undefined;
    pending.timer = this.#forgetLater(origin);
    this.ports.acceptedForNow(pending.call);
  }

  #forgetLater(origin: RequestOrigin): Timer {
    return this.ports.clock.setTimer(FORGET_AFTER_MS, () => void this.#pending.delete(origin));
  }
}

function errorEvent(code: number, message: string): TEvent {
  return { msg: 'EventError', ErrorCode: code, ErrorMessage: message };
}
