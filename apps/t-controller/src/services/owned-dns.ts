/** All DNs this node owns: claimed, taken up, handed over, given up (docs/specs/ownership.md). */
import { type Bus, type BusSubscription, EventRing, PAIR_GRACE_MS, type Replica, subjects } from '#cluster';
import type { Application, ClusterConfig, OptionLookup } from '#config';
import { type Clock, type Entropy, type Timer, unreachable } from '#kernel';
import {
  type DnCommand, type DnEvent, type DnInput, type DnRules, type DnSnapshot,
  type LoginNotice, Ownership, type OwnershipEffect, type OwnershipInput, type OwnershipKind, type OwnerNotice, type OwnerRecord,
  type RequestOrigin, type ScCommand, type SnapshotRequest, type TcCommand,
} from '#telephony';
import type { TEvent } from '#tlib';
import { AgentLogins } from './agent-logins.js';
import { CommandInbox } from './command-inbox.js';
import { type DnEntry, DnReplica, type LeftEntry } from './dn-replica.js';
import { rulesOf } from './dn-rules.js';
import { HandedOver } from './handed-over.js';
import { Moves } from './moves.js';
import { OwnedDn, type OwnedDnPorts } from './owned-dn.js';
import { SnapshotDesk } from './snapshot-desk.js';
import { SortedNames } from './sorted-names.js';

export interface OwnedDnsPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Absent for a node without a pair. */
  readonly replica?: Replica | undefined;
}

/** What others in this node make of the owned set. */
export interface OwnedDnsEvents {
  /** Owned from now on; `snapshot` is what it begins with. */
  added(snapshot: DnSnapshot): void;
  /** No longer owned: handed over to `heir`, or out of service. */
  removed(dn: string, heir: string | undefined): void;
  published(event: DnEvent): void;
  /** To be written behind: `untilMs` grew, or the record is new. */
  recorded(record: OwnerRecord, untilMs: number): void;
  released(dn: string): void;
  /** Who is ready at the DN may have changed. */
  ready(dn: string, agentID: string | undefined): void;
  /** A request of a client of this node failed late. */
  refused(dn: string, event: TEvent, origin: RequestOrigin): void;
  /** Whether the session controller of that node is heard. */
  isHeard(node: string): boolean;
  /** It is not, and calls of it were there before this process. */
  unheard(node: string, dataCentre: string): void;
  /** The last event number of the DN that this node saw at another owner. */
  lastSeq(dn: string): number;
}

/** An ended registration shows within a second, its way to the clients included. */
const EXPIRE_EVERY_MS = 250;
/** A claim or a login that got lost would leave two of what there may be one: it is said again after each of these. */
const SAY_AGAIN_MS = [1_000, 3_000];
/** A claim, or the hand-over that answers it, may be lost: what is asked of an owner that waits for it is asked again. */
const CLAIM_AGAIN_MS = [300, 600];
/** Session controllers tell their calls in this time, also one whose other half has to take over first. */
const CONFIRM_MS = PAIR_GRACE_MS + 5_000;

export class OwnedDns {
  readonly ownership: Ownership;
  readonly #node: string;
  readonly #geoLocation: string;
  readonly #moves: Moves;
  readonly #handedOver: HandedOver;
  readonly #dns = new Map<string, OwnedDn>();
  readonly #names = new SortedNames(() => this.#dns.keys());
  /** Claimed, and waiting for the former owner's hand-over. */
  readonly #coming = new Map<string, CommandInbox>();
  readonly #ring = new EventRing<DnEvent>();
  readonly #rules: DnRules;
  readonly #dnPorts: OwnedDnPorts;
  /** Where each DN's numbers ended when its last owner left. */
  readonly #lastSeq = new Map<string, number>();
  readonly #logins: AgentLogins;
  readonly #pictures: SnapshotDesk;
  /** Session controllers that are not heard, and the data centre of those that a cut is in front of. */
  readonly #silentScs = new Map<string, string | undefined>();
  readonly #dataCentreOf: ReadonlyMap<string, string>;
  readonly #replica: DnReplica | undefined;
  /** Nobody can follow before all of it is done: each DN is put once, as it is then. */
  #restoring = false;
  #subscriptions: BusSubscription[] = [];
  #expiry: Timer | undefined;

  constructor(
    { name: node, geoLocation, serverId }: Application, private readonly config: ClusterConfig, options: OptionLookup,
    private readonly ports: OwnedDnsPorts, private readonly events: OwnedDnsEvents,
  ) {
    this.#node = node;
    this.#geoLocation = geoLocation;
    this.ownership = new Ownership(node, geoLocation, serverId);
    this.#rules = rulesOf(options);
    this.#handedOver = new HandedOver(ports.clock);
    this.#logins = new AgentLogins(serverId, ports, { owned: (dn) => this.#dns.get(dn), repeat: (say) => this.#repeat(say) });
    this.#moves = new Moves(node, ports, this.ownership, {
      owned: (dn) => this.#dns.get(dn),
      until: (dn, untilMs) => this.#until(dn, untilMs),
      feed: (input) => { if (this.#subscriptions.length > 0) this.feed(input); },
    });
    this.#pictures = new SnapshotDesk(this.#dns, this.#names, this.#ring);
    this.#dnPorts = {
      ...ports, ring: this.#ring,
      refreshed: (dn, untilMs, seen) => (seen ? this.want(dn, 'sip', untilMs) : this.#until(dn, untilMs)),
      askedToMove: (dn, question) => this.#moves.asked(dn, question),
      changed: (dn) => {
        this.#moves.changed(dn);
        events.ready(dn, this.#dns.get(dn)?.readyAgent);
      },
      nextLoginEpoch: () => this.#logins.nextEpoch(),
      loggedIn: (dn, agentID, epoch) => this.#logins.loggedIn(dn, agentID, epoch),
      agentMoved: (dn, before, after) => this.#logins.moved(dn, before, after),
      keep: (dn) => this.#keep(dn),
      revoked: (dn, connID, node) => this.#revoke(dn, connID, node),
      published: (event) => events.published(event),
    };
    this.#replica = ports.replica === undefined ? undefined : new DnReplica(ports.replica);
    this.#dataCentreOf = new Map(config.applications.map((application) => [application.name, application.geoLocation]));
  }

  start(): void {
    const { bus } = this.ports;
    this.#subscriptions = [
      bus.subscribe(subjects.tcCommand(this.#node), (message) => this.#tcCommand(message as TcCommand)),
      bus.subscribe(subjects.tcSnapshot(this.#node), (message, { respond }) => respond?.(this.#pictures.answer(message as SnapshotRequest))),
      bus.subscribe(subjects.allAgentLogins, (message) => this.#logins.heard(message as LoginNotice)),
    ];
    this.#watchExpiry();
  }

  /**
   * Goes on from the other half of the pair, before this node hears anybody. Clients' sessions were in the lost process: their agents wait
   * for them until `desktopsUntilMs`. Answers what was restored.
   */
  restore(desktopsUntilMs: number): readonly DnEntry[] {
    const { owned = [], left = [] } = this.#replica ?? {};
    for (const entry of left) this.#stayLeft(entry);
    this.#restoring = true;
    for (const entry of owned) this.#goOn(entry);
    this.desktopsLost(`${this.#node}/t-controller`, desktopsUntilMs);
    this.#restoring = false;
    for (const { dn } of owned) this.#keep(dn);
    for (const each of this.#dns.values()) each.doubtAllCalls();
    if (owned.length > 0) this.#endDoubtsLater();
    return owned;
  }

  get size(): number {
    return this.#dns.size;
  }

  /** Names in order, so that they can be walked in pages. */
  get names(): SortedNames {
    return this.#names;
  }

  snapshots(): DnSnapshot[] {
    return [...this.#dns.values()].map((owned) => owned.snapshot());
  }

  snapshot(dn: string): DnSnapshot | undefined {
    return this.#dns.get(dn)?.snapshot();
  }

  owns(dn: string): boolean {
    return this.#dns.has(dn);
  }

  heard(notice: OwnerNotice): void {
    if (notice.kind === 'release' && notice.seq !== undefined) this.#noteSeq(notice.dn, notice.seq);
    if (notice.kind === 'claim') this.#claimHeard(notice);
    this.feed({ kind: 'notice', notice, nowMs: this.#nowMs() });
  }

  /** `untilMs` infinite: a Routing Point or an outside line has no registration that ends. */
  want(dn: string, ownership: OwnershipKind, untilMs: number): void {
    const lastSeq = Math.max(this.#lastSeq.get(dn) ?? 0, this.events.lastSeq(dn));
    this.feed({ kind: 'want', dn, ownership, untilMs, lastSeq, nowMs: this.#nowMs() });
    this.#keep(dn);
    this.#record(dn);
    if (ownership === 'tlib') this.#moves.held(dn);
  }

  #until(dn: string, untilMs: number): void {
    this.feed({ kind: 'until', dn, untilMs, nowMs: this.#nowMs() });
    this.#keep(dn);
  }

  /** No application of this node holds the DN: it leaves once no call and no after-call work is left. */
  unwant(dn: string): void {
    const owned = this.#dns.get(dn);
    if (owned === undefined) return this.feed({ kind: 'unwant', dn, nowMs: this.#nowMs() });
    this.#moves.left(dn, owned);
  }

  scDown(node: string): void {
    this.#silentScs.delete(node);
    for (const owned of this.#dns.values()) owned.scDown(node);
  }

  scSilent(node: string): void {
    this.#silentScs.set(node, undefined);
    for (const owned of this.#dns.values()) owned.scSilent(node);
  }

  scCutOff(node: string, dataCentre: string): void {
    this.#silentScs.set(node, dataCentre);
    for (const owned of this.#dns.values()) owned.scCutOff(node, dataCentre);
  }

  scUp(node: string): void {
    this.#silentScs.delete(node);
    for (const owned of this.#dns.values()) owned.scUp(node);
  }

  /** It went on from the other half of its pair: the calls that it still has are told anew, others are over after a while. */
  scContinues(node: string): void {
    for (const owned of this.#dns.values()) owned.doubt(node);
    this.#endDoubtsLater();
  }

  /** What another node says it owns. A claim of ours that is higher is said again, so that it yields. */
  learn(node: string, dataCentre: string, { dn, epoch }: DnSnapshot): void {
    const ownership = this.#isRoutingPoint(dn) ? 'static' : 'sip';
    this.feed({ kind: 'record', record: { dn, node, dataCentre, ownership, epoch }, alive: true, nowMs: this.#nowMs() });
  }

  /** A client is gone or unregistered the DNs (TC-19). */
  clientGone(instance: string, session: string, unregistered: boolean, dns: Iterable<string>): void {
    this.tellLogins(dns, { kind: 'clientGone', instance, session, unregistered });
  }

  /** The owners of the DNs are told about the client that logged agents in there, wherever they are. */
  tellLogins(dns: Iterable<string>, command: Extract<DnCommand, { readonly kind: 'clientGone' | 'clientAway' }>): void {
    for (const dn of dns) {
      const owned = this.#dns.get(dn);
      if (owned === undefined) this.ports.bus.publish(subjects.dnCommand(dn), command);
      else owned.feed({ ...command, nowMs: this.#nowMs() });
    }
  }

  /** Every client of a T-Controller that fell silent is gone for its agents here (§7.7). */
  instanceGone(instance: string): void {
    this.#feedAll({ kind: 'clientGone', instance, unregistered: false, nowMs: this.#nowMs() });
  }

  /** The process is gone that held these clients; it, or its other half, goes on without their sessions. */
  desktopsLost(instance: string, untilMs: number): void {
    this.#feedAll({ kind: 'desktopLost', instance, untilMs, nowMs: this.#nowMs() });
  }

  /** A client that hears every DN is there: it takes over the agents of its former session. Answers where. */
  clientHere(origin: RequestOrigin): string[] {
    const nowMs = this.#nowMs();
    return [...this.#dns].filter(([, owned]) => owned.agentID !== undefined && owned.feed({ kind: 'clientHere', origin, nowMs })?.kind === 'accepted')
      .map(([dn]) => dn);
  }

  /** This process stood still: claims and logins are said again, and whoever has a greater epoch answers. */
  sayAgain(): void {
    this.feed({ kind: 'sayAgain' });
    this.announceLogins();
  }

  announceLogins(): void {
    this.#logins.announceAll();
  }

  close(): void {
    this.#expiry?.cancel();
    this.#handedOver.close();
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    for (const inbox of this.#coming.values()) inbox.close();
    for (const owned of this.#dns.values()) owned.close();
    this.#dns.clear();
  }

  feed(input: OwnershipInput): void {
    const effects: OwnershipEffect[] = [];
    this.ownership.on(input, effects);
    for (const effect of effects) this.#perform(effect);
  }

  #feedAll(input: DnInput): void {
    for (const owned of this.#dns.values()) owned.feed(input);
  }

  #nowMs(): number {
    return this.ports.clock.nowMs();
  }

  #watchExpiry(): void {
    this.#expiry = this.ports.clock.setTimer(EXPIRE_EVERY_MS, () => {
      this.#watchExpiry();
      this.feed({ kind: 'expire', nowMs: this.#nowMs() });
      this.#moves.lookAgain();
    });
  }

  #tcCommand(command: TcCommand): void {
    switch (command.kind) {
      case 'registered': return this.want(command.dn, 'sip', command.untilMs);
      case 'unregistered': return this.want(command.dn, 'sip', this.#nowMs());
      case 'handOver': return this.feed({ kind: 'handOver', epoch: command.epoch, snapshot: command.snapshot, nowMs: this.#nowMs() });
      case 'moveNow': return this.#moves.answered(command.dn, 'now');
      case 'refused': return this.events.refused(command.dn, command.event, command.origin);
      default: return unreachable(command);
    }
  }

  #perform(effect: OwnershipEffect): void {
    const { bus } = this.ports;
    switch (effect.kind) {
      case 'publish': return this.#announce(effect.notice);
      case 'forwardRefresh': {
        const command: DnCommand = { kind: 'refresh', untilMs: effect.untilMs, seen: true };
        return bus.publish(subjects.dnCommand(effect.dn), command);
      }
      case 'askMove': return this.#moves.ask(effect);
      case 'awaitHandOver': return this.#awaitHandOver(effect.dn, effect.epoch, effect.delayMs);
      case 'takeUp': return this.#takeUp(effect.record, effect.snapshot, effect.lastSeq);
      case 'passOn': return this.#handOver(effect.to, effect.epoch, effect.snapshot);
      case 'yield': return this.#yield(effect.dn, effect.to, effect.epoch);
      case 'giveUp': return this.#giveUp(effect.dn, effect.epoch);
      default: return unreachable(effect);
    }
  }

  #awaitHandOver(dn: string, epoch: number, delayMs: number): void {
    this.#coming.get(dn)?.close();
    this.#coming.set(dn, new CommandInbox(this.ports.bus, dn));
    this.ports.clock.setTimer(delayMs, () => this.feed({ kind: 'handOverLate', dn, epoch, nowMs: this.#nowMs() }));
    for (const againMs of CLAIM_AGAIN_MS) {
      if (againMs < delayMs) this.ports.clock.setTimer(againMs, () => this.#claimAgain(dn, epoch));
    }
  }

  #claimAgain(dn: string, epoch: number): void {
    const record = this.ownership.owner(dn);
    if (record?.epoch === epoch && this.#coming.has(dn)) this.ports.bus.publish(subjects.dnOwner(dn), { kind: 'claim', ...record });
  }

  #record(dn: string): void {
    const record = this.ownership.owner(dn);
    if (record?.node === this.#node) this.events.recorded(record, this.ownership.untilMs(dn) ?? Infinity);
  }

  #announce(notice: OwnerNotice): void {
    const { bus } = this.ports;
    if (notice.kind === 'claim') this.#keep(notice.dn);
    bus.publish(subjects.dnOwner(notice.dn), notice);
    if (notice.kind !== 'claim') return;
    this.#repeat(() => {
      if (this.ownership.owner(notice.dn)?.epoch === notice.epoch) bus.publish(subjects.dnOwner(notice.dn), notice);
    });
  }

  /** Said again as long as nobody else may have accepted the call there. */
  #revoke(dn: string, connID: string, node: string): void {
    const command: ScCommand = { kind: 'revoke', connID, dn };
    const say = (): void => this.ports.bus.publish(subjects.scCommand(node), command);
    say();
    this.#repeat(() => { if (this.ownership.owner(dn) === undefined) say(); });
  }

  #repeat(say: () => void): void {
    for (const delayMs of SAY_AGAIN_MS) this.ports.clock.setTimer(delayMs, () => { if (this.#subscriptions.length > 0) say(); });
  }

  #isRoutingPoint(dn: string): boolean {
    return this.config.dns.get(dn)?.type === 'RoutingPoint';
  }

  #takeUp({ dn, epoch }: OwnerRecord, from: DnSnapshot | undefined, lastSeq: number): void {
    const routingPoint = this.#isRoutingPoint(dn);
    const inbox = this.#coming.get(dn) ?? new CommandInbox(this.ports.bus, dn);
    this.#coming.delete(dn);
    this.#record(dn);
    const owned = new OwnedDn({ dn, node: this.#node, epoch, geoLocation: this.#geoLocation, routingPoint }, this.#rules, from, lastSeq, inbox, this.#dnPorts);
    this.#dns.set(dn, owned);
    this.#names.changed();
    this.#logins.moved(dn, undefined, owned.agentID);
    this.events.added(owned.snapshot());
    const nowMs = this.#nowMs();
    if (from !== undefined) owned.feed({ kind: 'tookOver', moved: this.#dataCentreOf.get(from.owner) !== this.#geoLocation, nowMs });
    owned.feed({ kind: 'inService', nowMs });
    for (const [sc, dataCentre] of this.#silentScs) {
      owned.scSilent(sc);
      if (dataCentre !== undefined) owned.scCutOff(sc, dataCentre);
    }
    owned.serve();
  }

  #yield(dn: string, to: string, epoch: number): void {
    this.#coming.get(dn)?.close();
    this.#coming.delete(dn);
    const owned = this.#dns.get(dn);
    if (owned !== undefined) this.#yieldOwned(dn, owned, to, epoch);
    this.#replica?.remove(dn);
  }

  #yieldOwned(dn: string, owned: OwnedDn, to: string, epoch: number): void {
    this.#forget(dn, owned, to);
    const snapshot = owned.handOver();
    this.#handedOver.put(dn, to, epoch, snapshot);
    this.#handOver(to, epoch, snapshot);
    // Within a data centre the heir's record takes the place of this node's.
    if (this.#dataCentreOf.get(to) !== this.#geoLocation) this.events.released(dn);
  }

  /** Its maker still waits for what was handed to it. */
  #claimHeard({ dn, node, epoch }: Extract<OwnerNotice, { readonly kind: 'claim' }>): void {
    const snapshot = this.#handedOver.get(dn, node, epoch);
    if (snapshot !== undefined) this.#handOver(node, epoch, snapshot);
  }

  #handOver(to: string, epoch: number, snapshot: DnSnapshot): void {
    const command: TcCommand = { kind: 'handOver', epoch, snapshot };
    this.ports.bus.publish(subjects.tcCommand(to), command);
  }

  #giveUp(dn: string, epoch: number): void {
    const owned = this.#dns.get(dn);
    if (owned === undefined) return;
    owned.feed({ kind: 'outOfService', nowMs: this.#nowMs() });
    this.#noteSeq(dn, owned.seq);
    this.#replica?.putLeft({ dn, epoch, seq: owned.seq });
    this.#forget(dn, owned, undefined);
    const notice: OwnerNotice = { kind: 'release', dn, node: this.#node, epoch, seq: owned.seq };
    this.ports.bus.publish(subjects.dnOwner(dn), notice);
    this.events.released(dn);
  }

  #forget(dn: string, owned: OwnedDn, heir: string | undefined): void {
    owned.close();
    this.#moves.gone(dn);
    this.#dns.delete(dn);
    this.#names.changed();
    this.#ring.forget(dn);
    this.#logins.moved(dn, owned.agentID, undefined);
    this.events.ready(dn, undefined);
    this.events.removed(dn, heir);
  }

  #noteSeq(dn: string, seq: number): void {
    this.#lastSeq.set(dn, Math.max(seq, this.#lastSeq.get(dn) ?? 0));
  }

  // ---- the other half of the pair

  /** What the DN is now is with the other half before anybody else hears of it. */
  #keep(dn: string): void {
    const replica = this.#replica;
    if (replica === undefined || this.#restoring) return;
    const record = this.ownership.owner(dn);
    const owned = this.#dns.get(dn);
    if (record?.node === this.#node) {
      const untilMs = this.ownership.untilMs(dn);
      replica.put({
        dn, ownership: record.ownership, epoch: record.epoch, seenAtMs: this.ownership.seenAtMs(dn) ?? 0,
        ...(untilMs === undefined || untilMs === Infinity ? {} : { untilMs }), ...(owned === undefined ? {} : { snapshot: owned.handOver() }),
      });
    } else if (owned !== undefined) {
      // It is being given up: its last events are on their way.
      replica.putLeft({ dn, epoch: owned.epoch, seq: owned.seq });
    }
  }

  #goOn({ dn, ownership, epoch, seenAtMs, untilMs = Infinity, snapshot }: DnEntry): void {
    if (snapshot?.memory !== undefined) this.#logins.observe(snapshot.memory.loginEpoch);
    const lastSeq = this.#lastSeq.get(dn) ?? 0;
    this.feed({ kind: 'restore', dn, ownership, untilMs, seenAtMs, epoch, snapshot, lastSeq, nowMs: this.#nowMs() });
    this.events.recorded(this.ownership.owner(dn) as OwnerRecord, untilMs);
  }

  /** The other half may not have come to say so. */
  #stayLeft({ dn, epoch, seq }: LeftEntry): void {
    this.#noteSeq(dn, seq);
    this.#replica?.putLeft({ dn, epoch, seq });
    const notice: OwnerNotice = { kind: 'release', dn, node: this.#node, epoch, seq };
    this.ports.bus.publish(subjects.dnOwner(dn), notice);
  }

  #endDoubtsLater(): void {
    const sinceMs = this.#nowMs();
    this.ports.clock.setTimer(CONFIRM_MS, () => this.#endDoubts(sinceMs));
  }

  /** One that is heard and told nothing has lost the calls; of one that is not heard others decide. */
  #endDoubts(sinceMs: number): void {
    const unheard = new Set<string>();
    for (const owned of this.#dns.values()) {
      for (const node of owned.endDoubts(sinceMs)) {
        if (this.events.isHeard(node)) owned.scDown(node);
        else unheard.add(node);
      }
    }
    for (const node of unheard) this.events.unheard(node, this.#dataCentreOf.get(node) ?? this.#geoLocation);
  }
}
