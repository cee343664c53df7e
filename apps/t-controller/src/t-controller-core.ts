/** The T-Controller without its sockets: owned DNs, watched DNs, clients (architecture: one TC a node). */
import { type BusSubscription, type MembershipChange, MembershipService, PRIMARY, rendezvous, subjects } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import { DnFeeds, type DnSnapshot, type Heartbeat, type OwnerNotice, type SnapshotReply, type SnapshotRequest } from '#telephony';
import type { AdminCommands, TierPorts } from '#tier';
import type { KVSource, TEvent, TRequest } from '#tlib';
import type { TlibSession } from '#tlib/server';
import { ClientDesk } from './services/client-desk.js';
import { OwnedDns } from './services/owned-dns.js';

export type FanOut = (event: TEvent, sessions: Iterable<TlibSession>, requester?: string, referenceID?: number) => void;

const PAGE_LIMIT = 200;
const PAGE_MS = 2_000;
/** Others' claims are heard in this time; then Routing Points without an owner are shared out. */
const SETTLE_MS = 200;

export class TControllerCore {
  readonly instance: string;
  readonly #owned: OwnedDns;
  readonly #feeds: DnFeeds;
  readonly #desk: ClientDesk;
  readonly #membership: MembershipService<Heartbeat>;
  readonly #ownerApplications: ReadonlySet<string>;
  readonly #holders = new Map<string, string>();
  readonly #routingPoints: readonly string[];
  #owners: BusSubscription | undefined;
  #draining = false;

  constructor(
    private readonly config: ClusterConfig, private readonly application: Application, private readonly ports: TierPorts, fanOut: FanOut,
  ) {
    const options = new OptionLookup(config, application);
    this.instance = `${application.name}/t-controller`;
    this.#ownerApplications = new Set(options.list('dn-owner-applications').map((name) => name.trim()));
    this.#routingPoints = [...config.dns.values()].filter((dn) => dn.type === 'RoutingPoint').map((dn) => dn.number);
    this.#owned = new OwnedDns(application.name, application.geoLocation, config, options, ports);
    this.#feeds = new DnFeeds(ports, { onEvent: (dn, event, origin) => this.#desk.deliver(dn, event, origin) });
    this.#desk = new ClientDesk(this.instance, config, {
      bus: ports.bus, fanOut,
      watch: (dn, known) => this.#feeds.watch(dn, known),
      unwatch: (dn) => this.#feeds.unwatch(dn),
      registered: (dn, session) => this.#clientRegistered(dn, session),
      unregistered: (dn, session) => this.#clientLeft([dn], session, true),
    });
    const bootEpoch = Math.floor(ports.clock.nowMs());
    this.#membership = new MembershipService<Heartbeat>(ports, () => ({
      instance: this.instance, node: application.name, tier: 't-controller', dataCentre: application.geoLocation, role: 'primary',
      bootEpoch, draining: this.#draining, load: this.#owned.size,
    }));
  }

  get admin(): AdminCommands {
    return {
      'dn list': () => ({
        dns: this.#owned.snapshots().map(({ dn, inService, agent, calls }) => ({ dn, inService, agentID: agent?.agentID, calls: calls.length })),
      }),
      'dn show': ({ dn }) => this.#show(String(dn)),
      'agents list': () => ({ agents: this.#owned.snapshots().flatMap(({ dn, agent }) => (agent === undefined ? [] : [{ dn, ...agent }])) }),
    };
  }

  start(): void {
    this.#owners = this.ports.bus.subscribe(subjects.allDnOwners, (message) => this.#owner(message as OwnerNotice));
    this.#owned.start();
    this.#feeds.start();
    this.#membership.onChange((change) => this.#member(change));
    this.#membership.start();
    this.ports.clock.setTimer(SETTLE_MS, () => this.#shareOut());
  }

  ready(): boolean {
    return !this.#draining;
  }

  drain(): void {
    this.#draining = true;
    this.#membership.announce();
  }

  close(): void {
    this.#membership.close();
    this.#owners?.unsubscribe();
    this.#feeds.close();
    this.#owned.close();
  }

  /** What EventServerInfo says beside who the server is. */
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
    this.#desk.request(session, request);
  }

  /** The session is over: its agents are logged out, its DNs without a phone are given up (TC-03, TC-19). */
  closed(session: TlibSession): void {
    this.#clientLeft(this.#desk.closed(session), session, false);
  }

  #clientRegistered(dn: string, session: TlibSession): void {
    const definition = this.config.dns.get(dn);
    if (definition?.type !== 'Extension' || (definition.options.get('contact') ?? '*') === '*') return;
    if (!this.#ownerApplications.has(session.applicationName) || this.#holders.has(dn)) return;
    this.#holders.set(dn, session.id);
    this.#owned.want(dn, 'tlib');
  }

  #clientLeft(dns: readonly string[], session: TlibSession, unregistered: boolean): void {
    this.#owned.clientGone(this.instance, session.id, unregistered, dns);
    for (const dn of dns) {
      if (this.#holders.get(dn) !== session.id) continue;
      this.#holders.delete(dn);
      this.#owned.unwant(dn);
    }
  }

  #owner(notice: OwnerNotice): void {
    this.#owned.heard(notice);
    this.#feeds.owner(notice);
  }

  #member(change: MembershipChange<Heartbeat>): void {
    if (change.kind === 'paused') return;
    const { member } = change;
    const gone = change.kind === 'down' || change.kind === 'restarted';
    if (gone && member.tier === 'session-controller') this.#owned.scDown(member.node);
    if (change.kind === 'up' && member.tier === 'session-controller') this.#owned.scUp(member.node);
    if (member.tier !== 't-controller' || member.node === this.application.name) return;
    if (gone) {
      this.#owned.feed({ kind: 'nodeDown', node: member.node, nowMs: this.ports.clock.nowMs() });
      this.#feeds.ownerLost(member.node);
    }
    if (change.kind === 'down') this.#shareOut();
    if (change.kind === 'up' || change.kind === 'restarted') this.#learnFrom(member, '');
  }

  /** Each of two nodes that meet, or meet again, learns what the other owns: claims may have been lost while they were apart. */
  #learnFrom({ instance, node, dataCentre, bootEpoch }: Heartbeat, after: string): void {
    const question: SnapshotRequest = { kind: 'page', after, limit: PAGE_LIMIT };
    this.ports.bus.request(subjects.tcSnapshot(node), question, PAGE_MS, (reply) => {
      const member = this.#membership.member(instance);
      // Down meanwhile: it will be asked when it is up again.
      if (member?.bootEpoch !== bootEpoch) return;
      const answer = reply.kind === 'reply' ? reply.message as SnapshotReply : undefined;
      if (answer?.kind !== 'page') return void this.ports.clock.setTimer(PAGE_MS, () => this.#learnFrom(member, after));
      this.#owned.learn(node, dataCentre, answer.snapshots);
      const last = answer.snapshots.at(-1);
      if (answer.more && last !== undefined) this.#learnFrom(member, last.dn);
    });
  }

  /** Each Routing Point without an owner belongs to the node that rendezvous hashing picks. */
  #shareOut(): void {
    const nodes = this.#membership.members('t-controller').filter((member) => !member.draining).map((member) => member.node);
    for (const dn of this.#routingPoints) {
      if (this.#owned.ownership.owner(dn) === undefined && rendezvous(dn, nodes) === this.application.name) this.#owned.want(dn, 'static');
    }
  }

  #show(dn: string): object {
    const found = this.#owned.snapshots().find((snapshot) => snapshot.dn === dn);
    if (found !== undefined) return found;
    const owner = this.#owned.ownership.owner(dn)?.node;
    throw new Error(owner === undefined ? `nobody owns ${dn}: is its phone registered?` : `${dn} is owned by ${owner}; ask ${owner}/t-controller`);
  }
}
