/** The smart proxy without its socket: every DN's events, whoever owns it, for monitoring clients (SP-01, SP-02, SP-07). */
import { type BusSubscription, type MembershipChange, MembershipService, LinkPolls, lifeOf, PRIMARY, subjects } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import {
  type DnEvent, DnFeeds, type DnSnapshot, type Heartbeat, type OwnerNotice, queryCall, readSnapshots, type RequestOrigin, SilentPeers,
  snapshotAttributes, SWITCH_QUERIES, switchAnswer, type TErrorReply,
} from '#telephony';
import type { AdminCommands, TierPorts } from '#tier';
import { type KVSource, TError, type TEvent, type TRequest, type TTime, tTime } from '#tlib';
import type { TlibSession } from '#tlib/server';
import { AllDns } from './all-dns.js';
import { CatchUp } from './catch-up.js';

export type FanOut = (event: TEvent, sessions: Iterable<TlibSession>) => void;

const ALL = '*';
const SERVED_TYPES: ReadonlySet<string> = new Set(['Extension', 'RoutingPoint']);

export class SmartProxyCore {
  readonly instance: string;
  readonly #feeds: DnFeeds;
  readonly #silent: SilentPeers;
  readonly #membership: MembershipService<Heartbeat>;
  readonly #links: LinkPolls;
  readonly #clientsOf = new Map<string, Set<TlibSession>>();
  readonly #ofAll: AllDns;
  readonly #catchUp: CatchUp;
  /** Clients that asked for all DNs and did not take it back: they are told once those are known. */
  readonly #wantAll = new Set<TlibSession>();
  #subscriptions: BusSubscription[] = [];
  #draining = false;

  constructor(
    private readonly config: ClusterConfig, private readonly application: Application, private readonly ports: TierPorts, private readonly fanOut: FanOut,
  ) {
    this.instance = `${application.name}/smart-proxy`;
    this.#catchUp = new CatchUp(ports.clock);
    this.#ofAll = new AllDns(ports.clock, config.dns, (session, dn) => this.#tellPicture(session, dn));
    this.#feeds = new DnFeeds(ports, {
      onEvent: (dn, event) => this.#deliver(dn, event),
      onPicture: (snapshot) => this.#deliver(snapshot.dn, this.#pictureOf(snapshot)),
    }, true);
    const reconnectMs = new OptionLookup(config, application).number('tc-reconnect-timeout') * 1_000;
    this.#silent = new SilentPeers(reconnectMs, ports.clock, (node) => this.#feeds.ownerLost(node));
    const bootEpoch = Math.floor(ports.clock.nowMs());
    this.#membership = new MembershipService<Heartbeat>(ports, () => ({
      instance: this.instance, node: application.name, tier: 'smart-proxy', dataCentre: application.geoLocation, role: 'primary',
      bootEpoch, draining: this.#draining, load: this.#feeds.size, ...lifeOf(ports.pair),
    }));
    const pollMs = new OptionLookup(config, application).number('tc-latency-poll-interval') * 1_000;
    this.#links = new LinkPolls(this.instance, pollMs, ports, () => this.#membership.members('t-controller'));
  }

  start(): void {
    const { bus } = this.ports;
    this.#subscriptions = [
      bus.subscribe(subjects.allDnEvents, (message) => this.#feeds.heard(message as DnEvent)),
      bus.subscribe(subjects.allDnOwners, (message) => this.#feeds.owner(message as OwnerNotice)),
    ];
    this.#feeds.start();
    this.#membership.onChange((change) => this.#member(change));
    this.#catchUp.start();
    this.#membership.start();
    this.#links.start();
  }

  get admin(): AdminCommands {
    return { 'links list': () => ({ links: this.#links.list() }) };
  }

  ready(): boolean {
    return !this.#draining;
  }

  drain(): void {
    this.#draining = true;
    this.#membership.announce();
  }

  close(): void {
    this.#catchUp.close();
    this.#membership.close();
    this.#links.close();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#silent.close();
    this.#feeds.close();
  }

  /** What EventServerInfo says beside who the server is. */
  info(): KVSource {
    return { role: PRIMARY, draining: this.#draining ? 1 : 0, dns: this.#feeds.size };
  }

  /** A DN as its clients were told of it. */
  picture(dn: string): DnSnapshot | undefined {
    return this.#feeds.picture(dn);
  }

  request(session: TlibSession, request: TRequest): void {
    if (SWITCH_QUERIES.has(request.msg)) return this.#querySwitch(session, request);
    switch (request.msg) {
      case 'RequestRegisterAddress': return this.#register(session, request);
      case 'RequestUnregisterAddress': return this.#unregister(session, request);
      case 'RequestQueryAddress': return this.#queryAddress(session, request);
      case 'RequestQueryCall': return this.#queryCall(session, request);
      default: return session.error(reference(request), TError.UnsupportedOperation, `${request.msg} is not served here: ask on TCport`);
    }
  }

  closed(session: TlibSession): void {
    this.#wantAll.delete(session);
    this.#ofAll.remove(session);
    for (const clients of this.#clientsOf.values()) clients.delete(session);
  }

  #register(session: TlibSession, request: TRequest): void {
    const dn = request['ThisDN'] as string;
    if (dn === ALL) {
      this.#wantAll.add(session);
      return this.#catchUp.whenOver(() => this.#registerAll(session, request));
    }
    if (!this.#serves(dn)) {
      return session.error(reference(request), TError.NotConfigured, `${dn} is neither an extension nor a Routing Point of this switch, nor "*"`);
    }
    this.#feeds.watch(dn, (snapshot) => {
      const clients = this.#clientsOf.get(dn) ?? new Set();
      this.#clientsOf.set(dn, clients.add(session));
      session.send({ msg: 'EventRegistered', ...this.#attributes(snapshot) }, reference(request));
    });
  }

  /** The answer, then every known DN's snapshot; later DNs show by their events. */
  #registerAll(session: TlibSession, request: TRequest): void {
    if (!this.#wantAll.has(session)) return;
    this.#ofAll.add(session);
    session.send({ msg: 'EventRegistered', ThisDN: ALL, AddressType: 'DN', InfoStatus: this.#feeds.size, Time: this.#time() }, reference(request));
    this.#ofAll.tellAll(session);
  }

  #tellPicture(session: TlibSession, dn: string): void {
    const snapshot = this.#feeds.picture(dn);
    if (snapshot !== undefined) session.send(this.#pictureOf(snapshot));
  }

  #pictureOf(snapshot: DnSnapshot): TEvent {
    return { msg: 'EventAddressInfo', ...this.#attributes(snapshot), InfoType: 'DNStatus' };
  }

  #unregister(session: TlibSession, request: TRequest): void {
    const dn = request['ThisDN'] as string;
    const left = dn === ALL ? this.#leaveAll(session) : this.#clientsOf.get(dn)?.delete(session) === true;
    if (left) session.send({ msg: 'EventUnregistered', ThisDN: dn, Time: this.#time() }, reference(request));
    else session.error(reference(request), TError.NotRegistered, `${dn} was not registered by this client`);
  }

  #leaveAll(session: TlibSession): boolean {
    this.#ofAll.remove(session);
    return this.#wantAll.delete(session);
  }

  #queryAddress(session: TlibSession, request: TRequest): void {
    const dn = (request['ThisDN'] ?? request['ThisQueue']) as string | undefined;
    if (dn === undefined || !this.#serves(dn)) {
      return session.error(reference(request), TError.NotConfigured, 'ThisDN must be an extension or a Routing Point of this switch');
    }
    this.#feeds.watch(dn, (snapshot) => {
      session.send({ msg: 'EventAddressInfo', ...this.#attributes(snapshot), InfoType: request['AddressInfoType'] }, reference(request));
    });
  }

  #querySwitch(session: TlibSession, request: TRequest): void {
    const { geoLocation } = this.application;
    answerWith(session, request, switchAnswer(request, { switchName: this.config.switchName, geoLocation }, this.ports.clock.nowMs()));
  }

  #queryCall(session: TlibSession, request: TRequest): void {
    const origin: RequestOrigin = {
      instance: this.instance, session: session.id, referenceID: reference(request), applicationName: session.applicationName,
    };
    queryCall(this.ports.bus, this.config.applications, request, origin, (answer) => answerWith(session, request, answer));
  }

  #deliver(dn: string, event: TEvent): void {
    const clients = new Set(this.#clientsOf.get(dn));
    this.#ofAll.collect(dn, clients);
    this.fanOut(event, clients);
  }

  #member(change: MembershipChange<Heartbeat>): void {
    if (change.kind === 'paused' || change.member.tier !== 't-controller') return;
    const { node, instance, bootEpoch } = change.member;
    if (change.kind === 'down') this.#silent.fell(node);
    else this.#silent.spoke(node);
    if (change.kind === 'restarted') this.#feeds.ownerLost(node);
    if (change.kind !== 'up' && change.kind !== 'restarted' && change.kind !== 'continued') return;
    const isThere = (): boolean => this.#membership.member(instance)?.bootEpoch === bootEpoch;
    readSnapshots(this.ports, node, isThere, { each: (snapshot) => this.#feeds.adopt(snapshot), done: this.#catchUp.reading() });
  }

  #serves(dn: string): boolean {
    return SERVED_TYPES.has(this.config.dns.get(dn)?.type ?? '');
  }

  #attributes(snapshot: DnSnapshot): Omit<TEvent, 'msg'> {
    return { ...snapshotAttributes(snapshot, this.config.dns.get(snapshot.dn)?.type === 'RoutingPoint'), Time: this.#time() };
  }

  #time(): TTime {
    return tTime(this.ports.clock.nowMs());
  }
}

const reference = (request: TRequest): number | undefined => request['ReferenceID'] as number | undefined;

function answerWith(session: TlibSession, request: TRequest, answer: TEvent | TErrorReply): void {
  if ('msg' in answer) session.send(answer, reference(request));
  else session.error(reference(request), answer.code, answer.message);
}
