/** All DNs this node owns: claimed, taken up, handed over, given up (docs/specs/ownership.md). */
import { type Bus, type BusSubscription, EventRing, subjects } from '#cluster';
import { type ClusterConfig, OptionLookup } from '#config';
import { type Clock, type Entropy, type Timer, unreachable } from '#kernel';
import {
  type DnCommand, type DnEvent, type DnRules, type DnSnapshot, Ownership, type OwnershipEffect, type OwnershipInput, type OwnerNotice,
  type OwnerRecord, type SnapshotReply, type SnapshotRequest, type TcCommand,
} from '#telephony';
import { OwnedDn } from './owned-dn.js';

export interface OwnedDnsPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

const EXPIRE_EVERY_MS = 1_000;
const PAGE_MAX = 500;
/** A claim that got lost would leave two owners: it is said again after each of these. */
const REPEAT_CLAIM_MS = [1_000, 3_000];

export class OwnedDns {
  readonly ownership: Ownership;
  readonly #dns = new Map<string, OwnedDn>();
  readonly #ring = new EventRing<DnEvent>();
  readonly #rules: DnRules;
  #subscriptions: BusSubscription[] = [];
  #expiry: Timer | undefined;

  constructor(
    private readonly node: string, private readonly geoLocation: string, private readonly config: ClusterConfig, options: OptionLookup,
    private readonly ports: OwnedDnsPorts,
  ) {
    this.ownership = new Ownership(node, geoLocation);
    this.#rules = rulesOf(options);
  }

  start(): void {
    const { bus } = this.ports;
    this.#subscriptions = [
      bus.subscribe(subjects.tcCommand(this.node), (message) => this.#tcCommand(message as TcCommand)),
      bus.subscribe(subjects.tcSnapshot(this.node), (message, { respond }) => respond?.(this.#answer(message as SnapshotRequest))),
    ];
    this.#watchExpiry();
  }

  get size(): number {
    return this.#dns.size;
  }

  snapshots(): DnSnapshot[] {
    return [...this.#dns.values()].map((owned) => owned.snapshot());
  }

  owns(dn: string): boolean {
    return this.#dns.has(dn);
  }

  heard(notice: OwnerNotice): void {
    this.feed({ kind: 'notice', notice, nowMs: this.#nowMs() });
  }

  /** What another node says it owns. A claim of ours that is higher is said again, so that it yields. */
  learn(node: string, dataCentre: string, snapshots: readonly DnSnapshot[]): void {
    for (const { dn, epoch } of snapshots) {
      const ownership = this.#isRoutingPoint(dn) ? 'static' : 'sip';
      this.heard({ kind: 'claim', dn, node, dataCentre, ownership, epoch });
    }
  }

  /** A Routing Point or an outside line has no registration that ends. */
  want(dn: string, ownership: 'static' | 'tlib'): void {
    this.feed({ kind: 'want', dn, ownership, untilMs: Infinity, nowMs: this.#nowMs() });
  }

  unwant(dn: string): void {
    this.feed({ kind: 'unwant', dn, nowMs: this.#nowMs() });
  }

  scDown(node: string): void {
    for (const owned of this.#dns.values()) owned.scDown(node);
  }

  scUp(node: string): void {
    for (const owned of this.#dns.values()) owned.scUp(node);
  }

  /** A client of this node, or all sessions' DNs of one that unregistered. */
  clientGone(instance: string, session: string, unregistered: boolean, dns: Iterable<string>): void {
    for (const dn of dns) {
      const command = { kind: 'clientGone', instance, session, unregistered, nowMs: this.#nowMs() } as const;
      this.#dns.get(dn)?.feed(command);
    }
  }

  close(): void {
    this.#expiry?.cancel();
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    for (const owned of this.#dns.values()) owned.close();
    this.#dns.clear();
  }

  feed(input: OwnershipInput): void {
    const effects: OwnershipEffect[] = [];
    this.ownership.on(input, effects);
    for (const effect of effects) this.#perform(effect);
  }

  #nowMs(): number {
    return this.ports.clock.nowMs();
  }

  #watchExpiry(): void {
    this.#expiry = this.ports.clock.setTimer(EXPIRE_EVERY_MS, () => {
      this.#watchExpiry();
      this.feed({ kind: 'expire', nowMs: this.#nowMs() });
    });
  }

  #tcCommand(command: TcCommand): void {
    const nowMs = this.#nowMs();
    switch (command.kind) {
      case 'registered': return this.feed({ kind: 'want', dn: command.dn, ownership: 'sip', untilMs: command.untilMs, nowMs });
      case 'unregistered': return this.unwant(command.dn);
      case 'handOver': return this.feed({ kind: 'handOver', epoch: command.epoch, snapshot: command.snapshot, nowMs });
      default: return unreachable(command);
    }
  }

  #perform(effect: OwnershipEffect): void {
    const { bus, clock } = this.ports;
    switch (effect.kind) {
      case 'publish': return this.#announce(effect.notice);
      case 'forwardRefresh': {
        const command: DnCommand = { kind: 'refresh', untilMs: effect.untilMs };
        return bus.publish(subjects.dnCommand(effect.dn), command);
      }
      case 'awaitHandOver':
        clock.setTimer(effect.delayMs, () => this.feed({ kind: 'handOverLate', dn: effect.dn, epoch: effect.epoch, nowMs: this.#nowMs() }));
        return;
      case 'takeUp': return this.#takeUp(effect.record, effect.snapshot);
      case 'yield': return this.#yield(effect.dn, effect.to, effect.epoch);
      case 'giveUp': return this.#giveUp(effect.dn);
      default: return unreachable(effect);
    }
  }

  #announce(notice: OwnerNotice): void {
    const { bus, clock } = this.ports;
    const say = (): void => bus.publish(subjects.dnOwner(notice.dn), notice);
    say();
    if (notice.kind !== 'claim') return;
    for (const delayMs of REPEAT_CLAIM_MS) {
      clock.setTimer(delayMs, () => {
        if (this.#subscriptions.length > 0 && this.ownership.owner(notice.dn)?.epoch === notice.epoch) say();
      });
    }
  }

  #isRoutingPoint(dn: string): boolean {
    return this.config.dns.get(dn)?.type === 'RoutingPoint';
  }

  #takeUp({ dn, epoch }: OwnerRecord, snapshot: DnSnapshot | undefined): void {
    const routingPoint = this.#isRoutingPoint(dn);
    const owned = new OwnedDn({ dn, node: this.node, epoch, geoLocation: this.geoLocation, routingPoint }, this.#rules, snapshot, {
      ...this.ports, ring: this.#ring,
      refreshed: (refreshed, untilMs) => this.feed({ kind: 'want', dn: refreshed, ownership: 'sip', untilMs, nowMs: this.#nowMs() }),
    });
    this.#dns.set(dn, owned);
    owned.feed({ kind: 'inService', nowMs: this.#nowMs() });
  }

  #yield(dn: string, to: string, epoch: number): void {
    const owned = this.#dns.get(dn);
    if (owned === undefined) return;
    const command: TcCommand = { kind: 'handOver', epoch, snapshot: owned.snapshot() };
    this.#forget(dn, owned);
    this.ports.bus.publish(subjects.tcCommand(to), command);
  }

  #giveUp(dn: string): void {
    const owned = this.#dns.get(dn);
    if (owned === undefined) return;
    owned.feed({ kind: 'outOfService', nowMs: this.#nowMs() });
    this.#forget(dn, owned);
  }

  #forget(dn: string, owned: OwnedDn): void {
    owned.close();
    this.#dns.delete(dn);
    this.#ring.forget(dn);
  }

  #answer(question: SnapshotRequest): SnapshotReply {
    switch (question.kind) {
      case 'page': return this.#page(question.after, Math.min(question.limit, PAGE_MAX));
      case 'replay': {
        const owned = this.#dns.get(question.dn);
        const { complete, events } = this.#ring.replay(question.dn, question.epoch, question.fromSeq, owned?.seq ?? 0);
        return { kind: 'replay', complete: owned !== undefined && complete, events };
      }
      case 'verify': return this.#verify(question.dns);
      default: return unreachable(question);
    }
  }

  #page(after: string, limit: number): SnapshotReply {
    const names = [...this.#dns.keys()].filter((dn) => dn > after).sort();
    const snapshots = names.slice(0, limit).map((dn) => (this.#dns.get(dn) as OwnedDn).snapshot());
    return { kind: 'page', snapshots, more: names.length > limit };
  }

  #verify(asked: Extract<SnapshotRequest, { readonly kind: 'verify' }>['dns']): SnapshotReply {
    const behind: { dn: string; epoch: number; seq: number }[] = [];
    const notOwned: string[] = [];
    for (const { dn, epoch, seq } of asked) {
      const own = this.#dns.get(dn)?.snapshot();
      if (own === undefined) notOwned.push(dn);
      else if (own.epoch !== epoch || own.seq !== seq) behind.push({ dn, epoch: own.epoch, seq: own.seq });
    }
    return { kind: 'verify', behind, notOwned };
  }
}

function rulesOf(options: OptionLookup): DnRules {
  return {
    emulatedLoginState: options.text('emulated-login-state') === 'ready' ? 'ready' : 'not_ready',
    wrapUpTime: options.number('wrap-up-time'),
    legalGuardTime: options.number('legal-guard-time'),
    timedAcwInIdle: options.flag('timed-acw-in-idle'),
    acwInIdleForceReady: options.flag('acw-in-idle-force-ready'),
    acwPersistentReasons: options.flag('acw-persistent-reasons'),
    logoutOnOutOfService: options.flag('logout-on-out-of-service'),
    logoutOnDisconnect: options.flag('logout-on-disconnect'),
    logoutOnUnregister: options.flag('agent-logout-on-unreg'),
  };
}
