/** Runs the reservations of the server: requests in, answers and timers out (VQ-02..09; docs/specs/reservation.md). */
import type { OptionLookup } from '#config';
import { BoundedQueue, type Clock, type Counter, type Entropy, type Meter, type Timer, unreachable } from '#kernel';
import { type RefusalReason, type ReservationEffect, type ReservationInput, Reservations } from '#telephony';
import { TError, type TEvent, type TRequest, tTime } from '#tlib';
import type { Refuse, VqClient } from '../vq-core.js';
import type { VqReplica } from './vq-replica.js';

export interface ReservationDeskPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly meter: Meter;
  readonly replica: VqReplica | undefined;
  /** The program of a client. */
  program(client: string): string;
  /** Who registered the DN. */
  watchers(dn: string): Iterable<VqClient>;
}

interface Ticket {
  readonly client: VqClient;
  readonly request: TRequest;
}

const RESERVATIONS_MAX = 20_000;
const DURATION_MAX_MS = 600_000;

const REFUSALS: Readonly<Record<RefusalReason, readonly [code: number, message: string]>> = {
  reserved: [TError.ResourceSeized, 'the agent is reserved for another request; take the next agent'],
  outbid: [TError.ResourceSeized, 'a request with a higher priority came for this agent; take the next agent'],
  cancelled: [TError.Timeout, 'the reservation was cancelled before it was decided'],
  nothingReserved: [TError.InvalidAttribute, 'there is no reservation to cancel'],
  notHolder: [TError.ResourceSeized, 'the reservation belongs to another client'],
  full: [TError.ResourceUnavailable, `${RESERVATIONS_MAX} reservations are in progress; try again later`],
};

export class ReservationDesk {
  readonly #machine: Reservations;
  readonly #tickets = new Map<number, Ticket>();
  readonly #timers = new Map<number, Timer>();
  /** When each grant of now ends. */
  readonly #untilMs = new Map<number, number>();
  readonly #recentGrants = new BoundedQueue<string>(100);
  readonly #requests: Counter;
  readonly #grants: Counter;
  readonly #rejects: Counter;
  #nextTicket = 1;

  constructor(private readonly options: OptionLookup, private readonly ports: ReservationDeskPorts) {
    this.#machine = new Reservations({
      collectionMs: options.number('request-collection-time'),
      collectLowerPriority: options.flag('collect-lower-priority-requests'),
      rejectSubsequent: options.flag('reject-subsequent-request'),
      max: RESERVATIONS_MAX,
    });
    this.#requests = ports.meter.counter('reservation_requests_total', 'RequestReserveAgent received');
    this.#grants = ports.meter.counter('reservation_grants_total', 'Reservations granted');
    this.#rejects = ports.meter.counter('reservation_rejects_total', 'Reservations refused: conflicts between routers');
    ports.meter.gauge('reservations', 'Reservations collected or held now', () => this.#machine.size);
  }

  get size(): number {
    return this.#machine.size;
  }

  /** For operators: the last grants, newest last. */
  recent(): readonly string[] {
    return [...this.#recentGrants];
  }

  /** Grants of the other half of the pair, for the rest of their time. */
  restore(): void {
    const nowMs = this.ports.clock.nowMs();
    for (const { window, untilMs, keys, client, priority, durationMs } of this.ports.replica?.grants ?? []) {
      this.#feed({ kind: 'restore', window, grant: { keys, client, priority, durationMs }, leftMs: untilMs - nowMs });
      if (untilMs <= nowMs) this.ports.replica?.removeGrant(window);
    }
  }

  reserve(client: VqClient, request: TRequest, refuse: Refuse): void {
    const keys = keysOf(request);
    if (keys.length === 0) refuse(TError.InvalidAttribute, 'RequestReserveAgent needs ThisDN, AgentID or Place');
    const wanted = (request['Timeout'] as number | undefined) ?? -1;
    if (wanted < -1 || wanted > DURATION_MAX_MS) {
      refuse(TError.InvalidAttribute, `Timeout is in milliseconds: -1 for the default, 0 to cancel, at most ${DURATION_MAX_MS}`);
    }
    if (this.#tickets.size >= RESERVATIONS_MAX) refuse(...REFUSALS.full);
    this.#requests.add();
    const ticket = this.#nextTicket;
    this.#nextTicket += 1;
    this.#tickets.set(ticket, { client, request });
    if (wanted === 0) return this.#feed({ kind: 'cancel', client: client.id, ticket, keys });
    this.#feed({
      kind: 'request', client: client.id, ticket, keys, priority: (request['Priority'] as number | undefined) ?? 0,
      durationMs: wanted === -1 ? this.options.number('reservation-time') : wanted,
    });
  }

  /** Its reservations last until their time is over: a grant may be in use already (VQ-09). */
  clientGone(client: string): void {
    this.#feed({ kind: 'clientGone', client });
    for (const [ticket, held] of this.#tickets) if (held.client.id === client) this.#tickets.delete(ticket);
  }

  takenOver(from: string, client: string): void {
    this.#feed({ kind: 'takenOver', from, client });
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }

  #feed(input: ReservationInput): void {
    const effects: ReservationEffect[] = [];
    this.#machine.on(input, effects);
    for (const effect of effects) this.#keep(effect);
    this.ports.replica?.flush();
    for (const effect of effects) this.#perform(effect);
  }

  // ---- the other half of the pair

  #keep(effect: ReservationEffect): void {
    if (effect.kind === 'startExpiry') this.#untilMs.set(effect.window, this.ports.clock.nowMs() + effect.ms);
    if (effect.kind === 'stopTimer') this.#ended(effect.window);
    else if (effect.kind === 'startExpiry' || effect.kind === 'holder') this.#keepGrant(effect.window);
  }

  #keepGrant(window: number): void {
    const grant = this.#machine.grant(window);
    const untilMs = this.#untilMs.get(window);
    if (grant === undefined || untilMs === undefined) return;
    const { client, keys, priority, durationMs } = grant;
    this.ports.replica?.putGrant({ window, client, applicationName: this.ports.program(client), keys, priority, durationMs, untilMs });
  }

  #ended(window: number): void {
    if (this.#untilMs.delete(window)) this.ports.replica?.removeGrant(window);
  }

  // ---- effects

  #perform(effect: ReservationEffect): void {
    switch (effect.kind) {
      case 'startWindow': {
        const { window } = effect;
        return this.#arm(window, effect.ms, () => this.#feed({ kind: 'windowOver', window, random: this.ports.entropy.uint32() }));
      }
      case 'startExpiry': return this.#arm(effect.window, effect.ms, () => {
        this.#ended(effect.window);
        this.#feed({ kind: 'expired', window: effect.window });
      });
      case 'stopTimer': {
        this.#timers.get(effect.window)?.cancel();
        this.#timers.delete(effect.window);
        return;
      }
      case 'holder': return undefined;
      case 'reserved': return this.#reserved(effect);
      case 'cancelled': return this.#answer(effect.ticket, ({ client, request }) =>
        client.send({ msg: 'EventACK', UserEvent: request.msg }, request['ReferenceID'] as number | undefined));
      case 'refused': {
        this.#rejects.add();
        return this.#answer(effect.ticket, ({ client, request }) =>
          client.error(request['ReferenceID'] as number | undefined, ...REFUSALS[effect.reason]));
      }
      default: return unreachable(effect);
    }
  }

  #arm(window: number, ms: number, fire: () => void): void {
    this.#timers.set(window, this.ports.clock.setTimer(ms, () => {
      this.#timers.delete(window);
      fire();
    }));
  }

  /** To the requester, and to everyone registered on the agent's DN (tlibrary §9.2). */
  #reserved(effect: ReservationEffect & { kind: 'reserved' }): void {
    this.#grants.add();
    this.#answer(effect.ticket, ({ client, request }) => {
      const { ThisDN, AgentID, Place, Reasons, Extensions } = request;
      const event: TEvent = {
        msg: 'EventAgentReserved', ThisDN, AgentID, Place, Timeout: effect.durationMs, Reasons, Extensions, Time: tTime(this.ports.clock.nowMs()),
      };
      client.send(event, request['ReferenceID'] as number | undefined);
      for (const other of this.ports.watchers((ThisDN as string | undefined) ?? '')) if (other.id !== client.id) other.send(event);
      if (!this.#recentGrants.push(`${effect.keys.join('+')} ${client.id}`)) this.#recentGrants.shift();
    });
  }

  #answer(ticket: number, tell: (held: Ticket) => void): void {
    const held = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (held !== undefined) tell(held);
  }
}

function keysOf(request: TRequest): string[] {
  const { ThisDN, AgentID, Place } = request;
  return [
    ...(ThisDN === undefined ? [] : [`dn:${ThisDN as string}`]),
    ...(AgentID === undefined ? [] : [`agent:${AgentID as string}`]),
    ...(Place === undefined ? [] : [`place:${Place as string}`]),
  ];
}
