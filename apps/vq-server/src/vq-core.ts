/** The virtual-queue server without its sockets: reservations, and the events of virtual queues (VQ-01..11). */
import type { Replica } from '#cluster';
import type { ClusterConfig, OptionLookup } from '#config';
import type { Clock, Counter, Entropy, Meter, Timer } from '#kernel';
import { switchAnswer, type SwitchIdentity } from '#telephony';
import { type KVPair, TError, type TEvent, type TRequest, tTime } from '#tlib';
import { LostClients } from './machines/lost-clients.js';
import { QueueContents } from './machines/queue-contents.js';
import { ReservationDesk } from './services/reservation-desk.js';
import { VqReplica } from './services/vq-replica.js';
import { VqSlots } from './services/vq-slots.js';

/** What the server needs of a client. */
export interface VqClient {
  readonly id: string;
  /** Name of the program: all of a client that outlives its sessions. */
  readonly applicationName: string;
  send(event: TEvent, referenceID?: number): void;
  error(referenceID: number | undefined, code: number, message: string): void;
}

/** Refuses a request; the adapter makes the EventError. */
export type Refuse = (code: number, message: string) => never;

export interface VqPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly meter: Meter;
  /** Absent for a server without a pair. */
  readonly replica?: Replica | undefined;
  /** Absent: nobody counts calls. */
  readonly slots?: VqSlots | undefined;
}

const QUEUE_BOUNDS = { max: 10_000, ageMs: 24 * 3_600_000 };
/** Events a router may fabricate on a virtual queue. */
const SENDABLE: ReadonlySet<string> = new Set(['EventQueued', 'EventDiverted', 'EventAbandoned', 'EventUserEvent']);
const FABRICATED = [
  'ConnID', 'CallUUID', 'CallType', 'CallState', 'OtherDN', 'ThirdPartyDN', 'ThirdPartyDNRole', 'ANI', 'DNIS', 'UserData', 'Extensions', 'Reasons',
] as const;

export class VqServerCore {
  readonly #reservations: ReservationDesk;
  readonly #registered = new Map<string, Map<string, VqClient>>();
  readonly #queues = new Map<string, QueueContents>();
  /** Programs of the clients that are there, or have something here. */
  readonly #programs = new Map<string, string>();
  readonly #lost = new LostClients();
  readonly #orphans: Counter;
  readonly #replica: VqReplica | undefined;
  readonly #slots: VqSlots;
  #waiting: Timer | undefined;
  #nextPlace = 1;
  #closed = false;

  constructor(
    private readonly config: ClusterConfig, options: OptionLookup, private readonly ports: VqPorts, private readonly identity: SwitchIdentity,
  ) {
    this.#orphans = ports.meter.counter('virtual_queue_orphans_total', 'Calls taken out of a virtual queue because their router was gone');
    this.#replica = ports.replica === undefined ? undefined : new VqReplica(ports.replica);
    this.#slots = ports.slots ?? new VqSlots(undefined);
    this.#reservations = new ReservationDesk(options, {
      ...ports, replica: this.#replica, program: (client) => this.#programs.get(client) ?? '',
      watchers: (dn) => this.#registered.get(dn)?.values() ?? [],
    });
    if (this.#replica !== undefined) this.#goOn(this.#replica, options.number('session-backlog-time') * 1_000);
  }

  /** Reservations collected or held now. */
  get reservations(): number {
    return this.#reservations.size;
  }

  // ---- clients

  /** A session begins. The first one of a program whose sessions were in the lost process takes their place. */
  opened(client: VqClient): void {
    this.#programs.set(client.id, client.applicationName);
    for (const from of this.#lost.takenOverBy(client.applicationName)) {
      for (const queue of this.#queues.values()) queue.takenOver(from, client.id);
      this.#reservations.takenOver(from, client.id);
    }
    this.#replica?.flush();
  }

  /** The client is gone for good; not when this server is, whose other half goes on with what the client had. */
  closed(client: VqClient): void {
    if (this.#closed) return;
    for (const clients of this.#registered.values()) clients.delete(client.id);
    this.#gone(client.id);
  }

  #gone(client: string): void {
    for (const [dn, queue] of this.#queues) this.#endOrphans(dn, queue, client);
    this.#reservations.clientGone(client);
    this.#programs.delete(client);
  }

  // ---- the other half of the pair (docs/specs/virtual-queue.md)

  #goOn(replica: VqReplica, backlogMs: number): void {
    const { queued, grants } = replica;
    for (const { client, applicationName } of [...queued, ...grants]) {
      this.#programs.set(client, applicationName);
      this.#lost.lost(client, applicationName);
    }
    for (const { dn, connID, callType, sinceMs, client, place } of queued) {
      this.#nextPlace = Math.max(this.#nextPlace, place + 1);
      this.#queue(dn).enter({ connID, callType, sinceMs, client, place });
    }
    this.#reservations.restore();
    replica.flush();
    this.#waiting = this.ports.clock.setTimer(backlogMs, () => { for (const client of this.#lost.giveUp()) this.#gone(client); });
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

  // ---- virtual queues

  #endOrphans(dn: string, queue: QueueContents, client: string): void {
    const nowMs = this.ports.clock.nowMs();
    const orphans = queue.orphaned(client, nowMs);
    this.#replica?.flush();
    for (const { connID, callType } of orphans) {
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
    if (name === 'EventDiverted' && this.config.dns.get(event['ThirdPartyDN'] as string)?.type === 'Extension') {
      this.#slots.talks(queue, event['ConnID'] as string);
    }
    this.#queue(queue).on(event, client.id, this.#nextPlace, nowMs);
    this.#nextPlace += 1;
    this.#replica?.flush();
    for (const each of this.#registered.get(queue)?.values() ?? []) each.send(event);
    client.send({ msg: 'EventACK', UserEvent: name }, request['ReferenceID'] as number | undefined);
  }

  #queue(dn: string): QueueContents {
    let contents = this.#queues.get(dn);
    if (contents === undefined) this.#queues.set(dn, contents = new QueueContents(QUEUE_BOUNDS, {
      entered: (call) => {
        this.#slots.waits(dn, call.connID);
        this.#replica?.putQueued({ ...call, dn, applicationName: this.#programs.get(call.client) ?? '' });
      },
      left: (connID) => {
        this.#slots.left(dn, connID);
        this.#replica?.removeQueued(dn, connID);
      },
    }));
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
    this.#reservations.reserve(client, request, refuse);
  }

  /** For operators: the last grants, newest last. */
  grants(): readonly string[] {
    return this.#reservations.recent();
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
    this.#closed = true;
    this.#waiting?.cancel();
    this.#slots.close();
    this.#reservations.close();
  }
}

function fabricate(name: string, queue: string, request: TRequest, nowMs: number): TEvent {
  const attributes = Object.fromEntries(FABRICATED.map((attribute) => [attribute, request[attribute]]));
  const role = name === 'EventUserEvent' ? {} : { ThisQueue: queue, ThisDNRole: 'Destination' };
  return { msg: name, ThisDN: queue, ...role, ...attributes, Time: tTime(nowMs) };
}
