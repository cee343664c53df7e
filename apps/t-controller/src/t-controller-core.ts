/** The T-Controller without its sockets: owned DNs, watched DNs, clients (architecture: one TC a node). */
import {
  type BusSubscription, epochAt, lifeOf, LinkPolls, type MembershipChange, MembershipService, PAIR_GRACE_MS, PRIMARY, rendezvous, subjects,
} from '#cluster';
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import { DnFeeds, type DnSnapshot, type Heartbeat, type OwnerNotice, readSnapshots, SilentPeers } from '#telephony';
import { type LimiterStore, LimitsTeller } from '#store';
import type { AdminCommands, TierPorts } from '#tier';
import type { KVSource, TEvent, TRequest } from '#tlib';
import type { TlibSession } from '#tlib/server';
import { AbsentClients } from './services/absent-clients.js';
import { ClientDesk } from './services/client-desk.js';
import { OwnedDns } from './services/owned-dns.js';
import { OwnerApplications } from './services/owner-applications.js';
import { OwnerRecords, type StoredOwner } from './services/owner-records.js';
import { ReadyAgents } from './services/ready-agents.js';
import { SessionControllers } from './services/session-controllers.js';
import { SmartDesk } from './services/smart-desk.js';

export type FanOut = (event: TEvent, sessions: Iterable<TlibSession>, requester?: string, referenceID?: number) => void;

/** Others' claims are heard in this time; then Routing Points without an owner are shared out. */
const SETTLE_MS = 200;
/** Records of the process before are believed only then: a phone may have moved meanwhile, which its new owner's page or record tells. */
const OWN_RECORDS_MS = 600;

export interface TControllerPorts extends TierPorts {
  /** Who counts agents for call limits; absent: nobody does. */
  readonly limiter?: LimiterStore | undefined;
}

export class TControllerCore {
  readonly instance: string;
  readonly #owned: OwnedDns;
  readonly #readyAgents: ReadyAgents;
  readonly #feeds: DnFeeds;
  readonly #desk: ClientDesk;
  readonly #smart: SmartDesk;
  readonly #absent: AbsentClients;
  readonly #silent: SilentPeers;
  readonly #controllers: SessionControllers;
  readonly #owners: OwnerApplications;
  readonly #records: OwnerRecords;
  readonly #membership: MembershipService<Heartbeat>;
  readonly #links: LinkPolls;
  readonly #routingPoints: readonly string[];
  /** Every epoch that this process makes for a DN it was not left with is at least this one. */
  readonly #firstEpoch: number;
  /** DNs that the other half of the pair owned, or had left. */
  readonly #inherited = new Set<string>();
  /** Lives of T-Controllers that fell silent. */
  readonly #fallen = new Map<string, number>();
  /** How long agents wait for a client whose process is gone (docs/adr/0005-desktops-of-a-pair.md). */
  readonly #desktopsMs: number;
  #notices: BusSubscription | undefined;
  #draining = false;
  #closed = false;

  constructor(
    config: ClusterConfig, private readonly application: Application, private readonly ports: TControllerPorts, fanOut: FanOut,
  ) {
    const { name, geoLocation } = application;
    const { bus, clock } = ports;
    const options = new OptionLookup(config, application);
    this.instance = `${name}/t-controller`;
    this.#routingPoints = [...config.dns.values()].filter((dn) => dn.type === 'RoutingPoint').map((dn) => dn.number);
    const { limiter } = ports;
    this.#readyAgents = new ReadyAgents(config, limiter && new LimitsTeller({ ...ports, store: limiter }, {
      by: `t-controller/${name}`, tier: 't-controller', leaseMs: options.number('limiter-lease') * 1_000,
    }));
    this.#owned = new OwnedDns(application, config, options, { ...ports, replica: ports.replica?.('t-controller') }, {
      added: (snapshot) => this.#smart.added(snapshot),
      removed: (dn, heir) => this.#smart.removed(dn, heir),
      published: (event) => this.#smart.published(event),
      recorded: (record, untilMs) => this.#records.put(record, untilMs),
      released: (dn) => this.#records.remove(dn),
      ready: (dn, agentID) => this.#readyAgents.changed(dn, agentID),
      refused: (dn, event, origin) => {
        this.#desk.refused(dn, event, origin);
        this.#smart.refused(dn, event, origin);
      },
      isHeard: (node) => this.#membership.members('session-controller').some((member) => member.node === node),
      unheard: (node, dataCentre) => this.#controllers.down({ node, dataCentre }),
      lastSeq: (dn) => this.#feeds.lastSeq(dn),
    });
    this.#feeds = new DnFeeds(ports, {
      onEvent: (dn, event, origin) => this.#desk.deliver(dn, event, origin),
      onPicture: (snapshot) => this.#desk.leapt(snapshot),
    });
    this.#smart = new SmartDesk(name, this.instance, config, {
      clock, fanOut, names: this.#owned.names, snapshot: (dn) => this.#owned.snapshot(dn),
    });
    this.#desk = new ClientDesk(this.instance, config, { switchName: config.switchName, geoLocation }, {
      bus, fanOut, smart: this.#smart, nowMs: () => clock.nowMs(),
      later: (delayMs, then) => void clock.setTimer(delayMs, then),
      watch: (dn, known) => this.#feeds.watch(dn, known),
      unwatch: (dn) => this.#feeds.unwatch(dn),
      registered: (dn, session) => this.#owners.registered(dn, session),
      unregistered: (dn, session) => this.#unregistered(dn, session),
      hereForAll: (origin) => this.#owned.clientHere(origin),
    });
    this.#owners = new OwnerApplications(config, new Set(options.list('dn-owner-applications').map((each) => each.trim())), clock, {
      want: (dn) => this.#owned.want(dn, 'tlib', Infinity),
      unwant: (dn) => this.#owned.unwant(dn),
    });
    this.#absent = new AbsentClients(options.number('logout-on-disconnect-delay') * 1_000, clock, {
      away: (session, away) => this.#owned.tellLogins(this.#desk.loginsBy(session), { kind: 'clientAway', instance: this.instance, session: session.id, away }),
      gone: (session) => this.#gone(session),
      back: (session) => { for (const dn of this.#desk.registeredBy(session)) this.#owners.registered(dn, session); },
    });
    const delayMs = options.number('logout-on-disconnect-delay') * 1_000;
    this.#desktopsMs = Math.min(options.number('session-backlog-time') * 1_000, Math.max(delayMs, PAIR_GRACE_MS));
    this.#silent = new SilentPeers(options.number('tc-reconnect-timeout') * 1_000, clock, (node) => this.#peerLost(node));
    this.#controllers = new SessionControllers(geoLocation, {
      clock, members: () => this.#membership.members(),
      silent: (node) => this.#owned.scSilent(node), cutOff: (node, dataCentre) => this.#owned.scCutOff(node, dataCentre),
      dead: (node) => this.#owned.scDown(node), back: (node) => this.#owned.scUp(node),
    });
    const dataCentres = new Set(config.applications.filter(({ type }) => type === 'sip-server').map((each) => each.geoLocation));
    this.#records = new OwnerRecords(name, geoLocation, [...dataCentres], ports, { found: (record) => this.#recordFound(record) });
    const bootEpoch = Math.floor(clock.nowMs());
    this.#firstEpoch = epochAt(bootEpoch, 0);
    this.#membership = new MembershipService<Heartbeat>(ports, () => ({
      instance: this.instance, node: name, tier: 't-controller', dataCentre: geoLocation, role: PRIMARY,
      bootEpoch, draining: this.#draining, load: this.#owned.size, ...lifeOf(ports.pair),
    }));
    this.#links = new LinkPolls(this.instance, options.number('tc-latency-poll-interval') * 1_000, ports, () => this.#linkPeers());
  }

  get admin(): AdminCommands {
    return {
      'dn list': () => ({
        dns: this.#owned.snapshots().map(({ dn, inService, agent, calls }) => ({ dn, inService, agentID: agent?.agentID, calls: calls.length })),
      }),
      'dn show': ({ dn }) => this.#show(String(dn)),
      'links list': () => ({ links: this.#links.list() }),
      'agents list': () => ({ agents: this.#owned.snapshots().flatMap(({ dn, agent }) => (agent === undefined ? [] : [{ dn, ...agent }])) }),
    };
  }

  start(): void {
    this.#notices = this.ports.bus.subscribe(subjects.allDnOwners, (message) => this.#owner(message as OwnerNotice));
    this.#owned.start();
    this.#goOn();
    this.#feeds.start();
    this.#membership.onChange((change) => this.#member(change));
    this.#membership.start();
    this.#links.start();
    this.ports.clock.setTimer(SETTLE_MS, () => this.#settle());
  }

  ready(): boolean {
    return !this.#draining;
  }

  drain(): void {
    this.#draining = true;
    this.#membership.announce();
  }

  close(): void {
    this.#closed = true;
    this.#membership.close();
    this.#links.close();
    this.#notices?.unsubscribe();
    this.#records.close();
    this.#absent.close();
    this.#owners.close();
    this.#silent.close();
    this.#controllers.close();
    this.#feeds.close();
    this.#owned.close();
    this.#readyAgents.close();
  }

  /** For EventServerInfo. */
  info(): KVSource {
    return { role: PRIMARY, draining: this.#draining ? 1 : 0, dns: this.#owned.size };
  }

  /** The DNs of this node as they are now. */
  owned(): DnSnapshot[] {
    return this.#owned.snapshots();
  }

  /** A DN that clients of this node watch, as they were told of it. */
  picture(dn: string): DnSnapshot | undefined {
    return this.#feeds.picture(dn);
  }

  request(session: TlibSession, request: TRequest): void {
    if (!this.#closed) this.#desk.request(session, request);
  }

  /** The connection is lost; the session may be resumed. */
  lost(session: TlibSession): void {
    if (!this.#closed) this.#absent.lost(session);
  }

  resumed(session: TlibSession): void {
    this.#absent.resumed(session);
  }

  /** The session is over; not when this process is, whose other half waits for the client. */
  closed(session: TlibSession): void {
    if (this.#closed) return;
    this.#absent.closed(session);
    this.#desk.closed(session);
  }

  /** Its agents are logged out, wherever their DNs are owned; its DNs without a phone are given up (TC-03, TC-19). */
  #gone(session: TlibSession): void {
    this.#owned.clientGone(this.instance, session.id, false, this.#desk.loginsBy(session));
    for (const dn of this.#desk.registeredBy(session)) this.#owners.left(dn, session);
  }

  #unregistered(dn: string, session: TlibSession): void {
    this.#owned.clientGone(this.instance, session.id, true, [dn]);
    this.#owners.left(dn, session);
  }

  /** From what the other half of the pair put, before anybody is heard. */
  #goOn(): void {
    const restored = this.#owned.restore(this.ports.clock.nowMs() + this.#desktopsMs);
    for (const { dn } of restored) this.#inherited.add(dn);
    this.#owners.restored(restored.filter(({ ownership }) => ownership === 'tlib').map(({ dn }) => dn), this.#desktopsMs);
  }

  #settle(): void {
    this.#owned.feed({ kind: 'settled' });
    this.#shareOut();
    this.#records.start();
  }

  #owner(notice: OwnerNotice): void {
    this.#owned.heard(notice);
    this.#feeds.owner(notice);
    if (notice.kind === 'release' && notice.node !== this.application.name) this.#owners.vacant(notice.dn);
  }

  // ---- peers

  #member(change: MembershipChange<Heartbeat>): void {
    // Whatever others claimed meanwhile is answered; until then every receiver refuses the lower epoch (TC-33).
    if (change.kind === 'paused') return this.#owned.sayAgain();
    const { member } = change;
    if (member.tier === 'session-controller') return this.#sessionController(change.kind, member);
    if (member.tier !== 't-controller' || member.node === this.application.name) return;
    switch (change.kind) {
      case 'down': return this.#peerGone(member, false);
      case 'restarted':
        this.#peerGone(member, true);
        return this.#peerUp(member);
      case 'continued':
      case 'up': return this.#peerUp(member);
      default: return undefined;
    }
  }

  /** T-Controllers, and the smart proxies that hear this one. */
  #linkPeers(): Heartbeat[] {
    const members = [...this.#membership.members('t-controller'), ...this.#membership.members('smart-proxy')];
    return members.filter(({ instance }) => instance !== this.instance);
  }

  /** The calls of one that is silent, or whose other half goes on, are not over (docs/specs/pairs.md). */
  #sessionController(kind: MembershipChange<Heartbeat>['kind'], member: Heartbeat): void {
    if (kind === 'up') this.#controllers.up(member);
    else if (kind === 'down') this.#controllers.down(member);
    else if (kind === 'restarted') this.#controllers.restarted(member);
    else if (kind === 'continued') this.#owned.scContinues(member.node);
  }

  /** Its DNs may be claimed at once; they are told as out of service after `tc-reconnect-timeout` (TC-10). */
  #peerGone({ node, bootEpoch }: Heartbeat, restarted: boolean): void {
    this.#fallen.set(node, bootEpoch);
    this.#owned.feed({ kind: 'nodeDown', node, nowMs: this.ports.clock.nowMs() });
    if (restarted) this.#peerLost(node);
    else this.#silent.fell(node);
    this.#owners.anyVacant();
    this.#shareOut();
  }

  #peerLost(node: string): void {
    this.#fallen.delete(node);
    this.#feeds.ownerLost(node);
    this.#owned.instanceGone(`${node}/t-controller`);
  }

  /** Each of two nodes that meet, or meet again, learns what the other owns: claims may have been lost while they were apart. */
  #peerUp({ instance, node, dataCentre, bootEpoch, continues }: Heartbeat): void {
    this.#silent.spoke(node);
    if (continues === true) this.#owned.desktopsLost(instance, this.ports.clock.nowMs() + this.#desktopsMs);
    // Another process than the one that fell silent: what that one held is gone.
    else if ((this.#fallen.get(node) ?? bootEpoch) !== bootEpoch) this.#peerLost(node);
    this.#fallen.delete(node);
    this.#owned.announceLogins();
    // Down meanwhile: it will be asked when it is up again.
    readSnapshots(this.ports, node, () => this.#membership.member(instance)?.bootEpoch === bootEpoch, {
      each: (snapshot) => {
        this.#owned.learn(node, dataCentre, snapshot);
        this.#feeds.adopt(snapshot);
      },
    });
  }

  #recordFound(record: StoredOwner): void {
    const nowMs = this.ports.clock.nowMs();
    if (record.node === this.application.name) {
      if (record.epoch < this.#firstEpoch && !this.#inherited.has(record.dn)) this.ports.clock.setTimer(OWN_RECORDS_MS, () => this.#ownRecordFound(record));
      return;
    }
    const alive = this.#membership.member(`${record.node}/t-controller`) !== undefined;
    this.#owned.feed({ kind: 'record', record, alive, nowMs });
  }

  /** Of the process before this one: the phone is still registered, so its DN goes back into service at once. */
  #ownRecordFound({ dn, ownership, untilMs = 0 }: StoredOwner): void {
    const nowMs = this.ports.clock.nowMs();
    if (this.#closed) return;
    if (ownership === 'sip' && untilMs > nowMs && this.#owned.ownership.owner(dn) === undefined) this.#owned.want(dn, 'sip', untilMs);
  }

  /** Each Routing Point without an owner belongs to the node that rendezvous hashing picks. */
  #shareOut(): void {
    const nodes = this.#membership.members('t-controller').filter((member) => !member.draining).map((member) => member.node);
    for (const dn of this.#routingPoints) {
      if (this.#owned.ownership.owner(dn) === undefined && rendezvous(dn, nodes) === this.application.name) this.#owned.want(dn, 'static', Infinity);
    }
  }

  #show(dn: string): object {
    const found = this.#owned.snapshot(dn);
    if (found !== undefined) return found;
    const owner = this.#owned.ownership.owner(dn)?.node;
    throw new Error(owner === undefined ? `nobody owns ${dn}: is its phone registered?` : `${dn} is owned by ${owner}; ask ${owner}/t-controller`);
  }
}
