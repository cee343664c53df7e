/**
 * Keeps the bindings of all proxies alike (PRX-03, PRX-09): tells the others what changed here, applies what they tell, and
 * takes everything from a peer when this proxy starts and no store gave it, and when a peer was not heard for a while: its notices were not
 * heard either. A single notice that is lost is repaired by the phone's next refresh.
 */
import { type Bus, type BusReply, type BusSubscription, subjects } from '#cluster';
import type { Clock, Counter, Log, Meter, Timer } from '#kernel';
import type { LocationStore } from '#store';
import type { LocationChange, LocationNotice, LocationSnapshot, LocationSnapshotRequest } from '../machines/location-messages.js';

/** After a notice further changes wait this long for others: one registration is told at once, a wave of them in a few messages. */
const GATHER_MS = 10;
const GATHERED_MAX = 100;
const PAGE_ENTRIES = 500;
const PAGE_TIMEOUT_MS = 5_000;

/** A proxy to ask for its bindings. */
interface Peer {
  readonly name: string;
  readonly dataCentre: string;
  /** Why: this proxy starts, and one that answers will do; or that one was away, and everybody in its data centre will do. */
  readonly for: 'start' | 'return';
}

export interface LocationSyncPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly location: LocationStore;
  readonly log: Log;
  readonly meter: Meter;
}

export class LocationSync {
  readonly #subscriptions: BusSubscription[] = [];
  readonly #applied: Counter;
  readonly #stale: Counter;
  /** Living peers that are to be asked, one after the other: at most each proxy once. */
  #candidates: Peer[] = [];
  readonly #away = new Set<string>();
  #gathered: LocationChange[] = [];
  /** Runs while changes are gathered. */
  #gatherTimer: Timer | undefined;
  #asking = false;
  /** Whether this proxy still lacks what was registered before it started. */
  #starting = true;
  #closed = false;

  constructor(private readonly ports: LocationSyncPorts, private readonly self: string, private readonly dataCentre: string) {
    const count = (outcome: string): Counter =>
      ports.meter.counter('proxy_location_changes_total', 'Changes of bindings heard from other proxies', { outcome });
    this.#applied = count('applied');
    this.#stale = count('stale');
  }

  start(): void {
    const { bus } = this.ports;
    this.#subscriptions.push(
      bus.subscribe(subjects.allLocations, (message) => this.#heard(message as LocationNotice)),
      bus.subscribe(subjects.locationSnapshot(this.self), (message, { respond }) => {
        const { limit, after } = message as LocationSnapshotRequest;
        const page = this.ports.location.all(Math.min(limit, PAGE_ENTRIES), after);
        respond?.((this.#starting ? { ...page, partial: true } : page) satisfies LocationSnapshot);
      }),
    );
  }

  /** A change that this proxy made. */
  tell(change: LocationChange): void {
    this.#gathered.push(change);
    if (this.#gatherTimer === undefined || this.#gathered.length >= GATHERED_MAX) this.#publish();
  }

  #publish(): void {
    this.#gatherTimer?.cancel();
    this.#gatherTimer = undefined;
    if (this.#gathered.length === 0) return;
    const notice: LocationNotice = { from: this.self, changes: this.#gathered };
    this.#gathered = [];
    this.ports.bus.publish(subjects.location(this.dataCentre), notice);
    this.#gatherTimer = this.ports.clock.setTimer(GATHER_MS, () => this.#publish());
  }

  /** Another proxy is not heard any more, and what it registers is not either. */
  peerAway(name: string): void {
    this.#away.add(name);
  }

  /** Another proxy lives. */
  peerAlive(name: string, dataCentre: string): void {
    const returns = this.#away.delete(name);
    if (this.ports.location.isComplete) this.#starting = false;
    if (!returns && !this.#starting) return;
    this.#candidates = [...this.#candidates.filter((peer) => peer.name !== name), { name, dataCentre, for: returns ? 'return' : 'start' }];
    if (!this.#asking) this.#askNext();
  }

  close(): void {
    this.#publish();
    this.#gatherTimer?.cancel();
    this.#closed = true;
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #heard({ from, changes }: LocationNotice): void {
    if (from === this.self) return;
    for (const change of changes) (this.#apply(change) ? this.#applied : this.#stale).add();
  }

  #apply(change: LocationChange): boolean {
    const { location } = this.ports;
    return change.kind === 'put' ? location.put(change.aor, change.binding) : location.remove(change);
  }

  #askNext(): void {
    if (!this.#starting) this.#candidates = this.#candidates.filter((peer) => peer.for === 'return');
    const peer = this.#candidates.shift();
    this.#asking = peer !== undefined;
    if (peer === undefined) return;
    // Whoever of its data centre came back before now is asked with it.
    const others = this.#candidates.filter(({ dataCentre, for: why }) => why === 'return' && dataCentre === peer.dataCentre);
    this.#ask(peer, others, undefined);
  }

  #ask(peer: Peer, others: readonly Peer[], after: string | undefined): void {
    const request: LocationSnapshotRequest = after === undefined ? { limit: PAGE_ENTRIES } : { limit: PAGE_ENTRIES, after };
    this.ports.bus.request(subjects.locationSnapshot(peer.name), request, PAGE_TIMEOUT_MS, (reply) => this.#page(peer, others, reply));
  }

  #page(peer: Peer, others: readonly Peer[], reply: BusReply): void {
    if (this.#closed) return;
    if (reply.kind !== 'reply') {
      this.ports.log.warn('a peer did not give its bindings; another one is asked', { peer: peer.name, outcome: reply.kind });
      return this.#askNext();
    }
    const { entries, next, partial } = reply.message as LocationSnapshot;
    for (const { aor, bindings } of entries) for (const binding of bindings) this.ports.location.put(aor, binding);
    if (next !== undefined) return this.#ask(peer, others, next);
    if (partial !== true) this.#candidates = this.#candidates.filter((each) => !others.includes(each));
    // When a whole cluster starts nobody knows more.
    if (partial !== true || this.#candidates.length === 0) this.#starting = false;
    this.ports.log.info('took the bindings of a peer', { peer: peer.name, aors: this.ports.location.size });
    this.#askNext();
  }
}
