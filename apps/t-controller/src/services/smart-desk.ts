/**
 * Smart clients (TC-15; docs/specs/smart-clients.md): all DNs that this node owns, without registering one by one. Snapshots go out
 * in order of the names, chunk by chunk; a DN's events are sent from its snapshot on, so that a large node stops nobody.
 */
import type { ClusterConfig } from '#config';
import type { Clock, Timer } from '#kernel';
import { type DnEvent, type DnSnapshot, type RequestOrigin, snapshotAttributes } from '#telephony';
import { kv, type KVPair, kvUpdate, TError, type TEvent, tTime } from '#tlib';
import type { TlibSession } from '#tlib/server';
import type { SortedNames } from './sorted-names.js';

export interface SmartDeskPorts {
  readonly clock: Clock;
  readonly names: SortedNames;
  snapshot(dn: string): DnSnapshot | undefined;
  fanOut(event: TEvent, sessions: Iterable<TlibSession>, requester?: string, referenceID?: number): void;
}

/** Where a client stands in its walk through the names; done when all were sent. */
interface Walk {
  after: string;
  done: boolean;
  referenceID: number | undefined;
  timer: Timer | undefined;
}

/** About 40 KB a chunk. */
export const CHUNK_DNS = 100;
/** Between two chunks, so that other clients get their turn. */
const CHUNK_EVERY_MS = 1;
const SMART = kv({ 'cluster-smart': 1 });

export class SmartDesk {
  readonly #walks = new Map<TlibSession, Walk>();

  constructor(
    private readonly node: string, private readonly instance: string, private readonly config: ClusterConfig, private readonly ports: SmartDeskPorts,
  ) {}

  registerAll(session: TlibSession, referenceID: number | undefined): void {
    if (session.clientRole !== 'Smart') {
      return session.error(referenceID, TError.UnsupportedOperation, 'RequestRegisterAll is for Smart clients: open the connection with ClientRole "Smart"');
    }
    this.closed(session);
    const walk: Walk = { after: '', done: false, referenceID, timer: undefined };
    this.#walks.set(session, walk);
    this.#chunk(session, walk);
  }

  unregisterAll(session: TlibSession, referenceID: number | undefined): void {
    if (!this.#walks.has(session)) return session.error(referenceID, TError.NotRegistered, 'nothing is registered: RequestRegisterAll was not sent');
    this.closed(session);
    session.send({ msg: 'EventUnregisteredAll', Server: this.node, Time: this.#time() }, referenceID);
  }

  closed(session: TlibSession): void {
    this.#walks.get(session)?.timer?.cancel();
    this.#walks.delete(session);
  }

  /** Whether the client got the DN's snapshot, so that it may ask for the DN. */
  serves(session: TlibSession, dn: string): boolean {
    const walk = this.#walks.get(session);
    return walk !== undefined && covers(walk, dn) && this.ports.snapshot(dn) !== undefined;
  }

  published({ dn, event, origin }: DnEvent): void {
    if (this.#walks.size === 0) return;
    const mine = origin?.instance === this.instance ? origin : undefined;
    this.ports.fanOut(event, this.#clientsOf(dn), mine?.session, mine?.referenceID);
  }

  /** A late refusal is for the client that asked. */
  refused(dn: string, event: TEvent, { session, referenceID }: RequestOrigin): void {
    this.ports.fanOut(event, this.#clientsOf(dn).filter(({ id }) => id === session), session, referenceID);
  }

  /** The node owns the DN from now on. */
  added(snapshot: DnSnapshot): void {
    const clients = this.#clientsOf(snapshot.dn);
    if (clients.length === 0) return;
    const attributes = this.#attributes(snapshot);
    const Extensions = kvUpdate(attributes['Extensions'] as readonly KVPair[], SMART);
    this.ports.fanOut({ msg: 'EventRegistered', ...attributes, InfoType: 'AddressType', Extensions, Time: this.#time() }, clients);
  }

  /** And no longer: `heir` owns it, or nobody. */
  removed(dn: string, heir: string | undefined): void {
    const clients = this.#clientsOf(dn);
    if (clients.length === 0) return;
    this.ports.fanOut({
      msg: 'EventUnregistered', ThisDN: dn, Server: this.node, Time: this.#time(), ErrorCode: TError.OutOfService,
      ErrorMessage: heir === undefined ? `${dn} left service` : `${dn} is owned by ${heir} now`, Extensions: kvUpdate(SMART, kv({ owner: heir ?? '' })),
    }, clients);
  }

  #clientsOf(dn: string): TlibSession[] {
    const clients: TlibSession[] = [];
    for (const [session, walk] of this.#walks) if (covers(walk, dn)) clients.push(session);
    return clients;
  }

  /** The last chunk is the answer: with its ReferenceID all snapshots are there. */
  #chunk(session: TlibSession, walk: Walk): void {
    const { names, more } = this.ports.names.after(walk.after, CHUNK_DNS);
    walk.after = names.at(-1) ?? walk.after;
    walk.done = !more;
    const owned = names.flatMap((dn): KVPair[] => {
      const snapshot = this.ports.snapshot(dn);
      return snapshot === undefined ? [] : [[dn, this.#asList(snapshot)]];
    });
    const Extensions: KVPair[] = [...SMART, ['more', more ? 1 : 0], ['owned', owned]];
    const event: TEvent = { msg: 'EventRegisteredAll', Server: this.node, InfoStatus: owned.length, Time: this.#time(), Extensions };
    session.send(event, more ? undefined : walk.referenceID);
    if (more) walk.timer = this.ports.clock.setTimer(CHUNK_EVERY_MS, () => this.#chunk(session, walk));
  }

  /** The attributes and the Extensions of EventRegistered, in one list. */
  #asList(snapshot: DnSnapshot): KVPair[] {
    const { Extensions, ThisDN: _, Server: __, ...rest } = this.#attributes(snapshot);
    const pairs = Object.entries(rest).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
    return [...pairs, ...(Extensions as readonly KVPair[])];
  }

  #attributes(snapshot: DnSnapshot): Omit<TEvent, 'msg'> {
    const attributes = snapshotAttributes(snapshot, this.config.dns.get(snapshot.dn)?.type === 'RoutingPoint');
    return { ...attributes, Extensions: [...attributes['Extensions'] as readonly KVPair[], ...agentTimes(snapshot)] };
  }

  #time(): TEvent['Time'] {
    return tTime(this.ports.clock.nowMs());
  }
}

const covers = (walk: Walk, dn: string): boolean => walk.done || dn <= walk.after;

/** Since when the agent is logged in, and in his state: for whoever records it and was not there. Milliseconds since 1970, as text. */
function agentTimes({ agent }: DnSnapshot): KVPair[] {
  if (agent === undefined) return [];
  return [['agent-login-ms', String(Math.floor(agent.loginAtMs))], ['agent-since-ms', String(Math.floor(agent.sinceMs))]];
}
