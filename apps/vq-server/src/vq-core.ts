/** The virtual-queue server without its sockets: reservations, and the events of virtual queues (VQ-01..11). */
import type { ClusterConfig, OptionLookup } from '#config';
import { BoundedQueue, type Clock, type Counter, type Entropy, type Meter, type Timer, unreachable } from '#kernel';
import { type RefusalReason, type ReservationEffect, Reservations, switchAnswer, type SwitchIdentity } from '#telephony';
import { type KVPair, TError, type TEvent, type TRequest, tTime } from '#tlib';
import { QueueContents } from './machines/queue-contents.js';

/** What the server needs of a client. */
export interface VqClient {
  readonly id: string;
  send(event: TEvent, referenceID?: number): void;
  error(referenceID: number | undefined, code: number, message: string): void;
}

/** Refuses a request; the adapter makes the EventError. */
export type Refuse = (code: number, message: string) => never;

export interface VqPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly meter: Meter;
}

interface Ticket {
  readonly client: VqClient;
  readonly request: TRequest;
}

const RESERVATIONS_MAX = 20_000;
const QUEUE_BOUNDS = { max: 10_000, ageMs: 24 * 3_600_000 };
const DURATION_MAX_MS = 600_000;
/** Events a router may fabricate on a virtual queue. */
const SENDABLE: ReadonlySet<string> = new Set(['EventQueued', 'EventDiverted', 'EventAbandoned', 'EventUserEvent']);
const FABRICATED = [
  'ConnID', 'CallUUID', 'CallType', 'CallState', 'OtherDN', 'ThirdPartyDN', 'ThirdPartyDNRole', 'ANI', 'DNIS', 'UserData', 'Extensions', 'Reasons',
] as const;

const REFUSALS: Readonly<Record<RefusalReason, readonly [code: number, message: string]>> = {
  reserved: [TError.ResourceSeized, 'the agent is reserved for another request; take the next agent'],
  outbid: [TError.ResourceSeized, 'a request with a higher priority came for this agent; take the next agent'],
  cancelled: [TError.Timeout, 'the reservation was cancelled before it was decided'],
  nothingReserved: [TError.InvalidAttribute, 'there is no reservation to cancel'],
  notHolder: [TError.ResourceSeized, 'the reservation belongs to another client'],
  full: [TError.ResourceUnavailable, `${RESERVATIONS_MAX} reservations are in progress; try again later`],
};

export class VqServerCore {
  readonly #reservations: Reservations;
  readonly #effects: ReservationEffect[] = [];
  readonly #tickets = new Map<number, Ticket>();
  readonly #timers = new Map<number, Timer>();
  readonly #registered = new Map<string, Map<string, VqClient>>();
  readonly #queues = new Map<string, QueueContents>();
  readonly #recentGrants = new BoundedQueue<string>(100);
  readonly #requests: Counter;
  readonly #grants: Counter;
  readonly #rejects: Counter;
  readonly #orphans: Counter;
  #nextTicket = 1;

  constructor(
    private readonly config: ClusterConfig, private readonly options: OptionLookup, private readonly ports: VqPorts, private readonly identity: SwitchIdentity,
  ) {
    this.#reservations = new Reservations({
      collectionMs: options.number('request-collection-time'),
      collectLowerPriority: options.flag('collect-lower-priority-requests'),
      rejectSubsequent: options.flag('reject-subsequent-request'),
      max: RESERVATIONS_MAX,
    });
    this.#requests = ports.meter.counter('reservation_requests_total', 'RequestReserveAgent received');
    this.#grants = ports.meter.counter('reservation_grants_total', 'Reservations granted');
    this.#rejects = ports.meter.counter('reservation_rejects_total', 'Reservations refused: conflicts between routers');
    this.#orphans = ports.meter.counter('virtual_queue_orphans_total', 'Calls taken out of a virtual queue because their router was gone');
    ports.meter.gauge('reservations', 'Reservations collected or held now', () => this.#reservations.size);
  }

  /** Reservations collected or held now. */
  get reservations(): number {
    return this.#reservations.size;
  }

  // ---- registration

  register(client: VqClient, request: TRequest, refuse: Refuse): void {
    const dn = request['ThisDN'] as string;
    const type = this.config.dns.get(dn)?.type;
    if (type !== 'VirtualQueue' && type !== 'Extension') refuse(TError.NotConfigured, `${dn} is neither a virtual queue nor an extension of this switch`);
    const clients = this.#registered.get(dn) ?? new Map<string, VqClient>();
    clients.set(client.id, client);
    this.#registered.set(dn, clients);
    client.send({
      msg: 'EventRegistered', ThisDN: dn, AddressType: type === 'VirtualQueue' ? 'Queue' : 'DN', Time: tTime(this.ports.clock.nowMs()),
      ...this.#snapshot(dn),
    }, request['ReferenceID'] as number | undefined);
  }

  unregister(client: VqClient, request: TRequest, refuse: Refuse): void {
    const dn = request['ThisDN'] as string;
    if (this.#registered.get(dn)?.delete(client.id) !== true) refuse(TError.NotRegistered, `${dn} was not registered by this client`);
    client.send({ msg: 'EventUnregistered', ThisDN: dn }, request['ReferenceID'] as number | undefined);
  }

  queryAddress(client: VqClient, request: TRequest, refuse: Refuse): void {
    const dn = (request['ThisDN'] ?? request['ThisQueue']) as string | undefined;
    if (dn === undefined || this.config.dns.get(dn)?.type !== 'VirtualQueue') refuse(TError.NotConfigured, 'ThisDN must be a virtual queue of this switch');
    client.send({
      msg: 'EventAddressInfo', ThisDN: dn, AddressType: 'Queue', InfoType: request['AddressInfoType'], ...this.#snapshot(dn as string),
    }, request['ReferenceID'] as number | undefined);
  }

  querySwitch(client: VqClient, request: TRequest, refuse: Refuse): void {
    const answer = switchAnswer(request, this.identity, this.ports.clock.nowMs());
    if ('code' in answer) return refuse(answer.code as number, answer.message as string);
    client.send(answer, request['ReferenceID'] as number | undefined);
  }

  /** The client is gone for good. Its reservations last until their time is over: a grant may be in use already (VQ-09). */
  closed(client: VqClient): void {
    for (const clients of this.#registered.values()) clients.delete(client.id);
    for (const [dn, queue] of this.#queues) this.#endOrphans(dn, queue, client);
    this.#feed(() => this.#reservations.on({ kind: 'clientGone', client: client.id }, this.#effects));
    for (const [ticket, held] of this.#tickets) if (held.client.id === client.id) this.#tickets.delete(ticket);
  }

  // ---- virtual queues

  #endOrphans(dn: string, queue: QueueContents, client: VqClient): void {
    const nowMs = this.ports.clock.nowMs();
    for (const { connID, callType } of queue.orphaned(client.id, nowMs)) {
      this.#orphans.add();
      const event = fabricate('EventDiverted', dn, { msg: '', ConnID: connID, CallType: callType, CallState: 'Redirected' }, nowMs);
      for (const each of this.#registered.get(dn)?.values() ?? []) each.send(event);
    }
  }

  sendEvent(client: VqClient, request: TRequest, refuse: Refuse): void {
    const queue = request['ThisDN'] as string;
    const name = request['UserEvent'] as string;
    if (this.config.dns.get(queue)?.type !== 'VirtualQueue') refuse(TError.NotConfigured, `${queue} is not a virtual queue of this switch`);
    if (!SENDABLE.has(name)) refuse(TError.InvalidAttribute, `UserEvent must be one of ${[...SENDABLE].join(', ')}`);
    if (name !== 'EventUserEvent' && request['ConnID'] === undefined) refuse(TError.InvalidAttribute, `${name} needs the ConnID of the call`);
    const nowMs = this.ports.clock.nowMs();
    const event = fabricate(name, queue, request, nowMs);
    this.#queue(queue).on(event, client.id, nowMs);
    for (const each of this.#registered.get(queue)?.values() ?? []) each.send(event);
    client.send({ msg: 'EventACK', UserEvent: name }, request['ReferenceID'] as number | undefined);
  }

  #queue(dn: string): QueueContents {
    let contents = this.#queues.get(dn);
    if (contents === undefined) this.#queues.set(dn, contents = new QueueContents(QUEUE_BOUNDS));
    return contents;
  }

  /** tlibrary §4.4.1: the calls on the object, counted from 1. */
  #snapshot(dn: string): { InfoStatus: number; Extensions: KVPair[] } {
    const calls = this.#queues.get(dn)?.calls(this.ports.clock.nowMs()) ?? [];
    const Extensions = calls.flatMap(({ connID, callType }, i): KVPair[] => [[`conn-${i + 1}`, connID], [`ct-${i + 1}`, callType]]);
    return { InfoStatus: calls.length, Extensions };
  }

  // ---- reservation

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
    const input = wanted === 0
      ? { kind: 'cancel', client: client.id, ticket, keys } as const
      : {
        kind: 'request', client: client.id, ticket, keys, priority: (request['Priority'] as number | undefined) ?? 0,
        durationMs: wanted === -1 ? this.options.number('reservation-time') : wanted,
      } as const;
    this.#feed(() => this.#reservations.on(input, this.#effects));
  }

  /** For operators: the last grants, newest last. */
  grants(): readonly string[] {
    return [...this.#recentGrants];
  }

  /** For operators: configured queues, and who waits in them. */
  queues(): { readonly dn: string; readonly waiting: number; readonly longestMs: number; readonly clients: number }[] {
    const nowMs = this.ports.clock.nowMs();
    return [...this.config.dns.values()].filter(({ type }) => type === 'VirtualQueue').map(({ number: dn }) => {
      const calls = this.#queues.get(dn)?.calls(nowMs) ?? [];
      return { dn, waiting: calls.length, longestMs: calls[0] === undefined ? 0 : nowMs - calls[0].sinceMs, clients: this.#registered.get(dn)?.size ?? 0 };
    });
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }

  #feed(input: () => void): void {
    input();
    for (const effect of this.#effects.splice(0)) this.#perform(effect);
  }

  #perform(effect: ReservationEffect): void {
    switch (effect.kind) {
      case 'startWindow': return this.#arm(effect.window, effect.ms, () => this.#reservations.on(
        { kind: 'windowOver', window: effect.window, random: this.ports.entropy.uint32() }, this.#effects,
      ));
      case 'startExpiry': return this.#arm(effect.window, effect.ms, () => this.#reservations.on(
        { kind: 'expired', window: effect.window }, this.#effects,
      ));
      case 'stopTimer': {
        this.#timers.get(effect.window)?.cancel();
        this.#timers.delete(effect.window);
        return;
      }
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
      this.#feed(fire);
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
      for (const other of this.#registered.get((ThisDN as string | undefined) ?? '')?.values() ?? []) if (other.id !== client.id) other.send(event);
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

function fabricate(name: string, queue: string, request: TRequest, nowMs: number): TEvent {
  const attributes = Object.fromEntries(FABRICATED.map((attribute) => [attribute, request[attribute]]));
  const role = name === 'EventUserEvent' ? {} : { ThisQueue: queue, ThisDNRole: 'Destination' };
  return { msg: name, ThisDN: queue, ...role, ...attributes, Time: tTime(nowMs) };
}
