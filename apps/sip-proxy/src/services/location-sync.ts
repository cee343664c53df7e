/**
 * Keeps the bindings of all proxies alike (PRX-03, PRX-09): tells the others what changed here, applies what they tell, and
 * takes everything from a peer when this proxy starts and no store gave it. A notice that is lost is repaired by the phone's next refresh.
 */
import { type Bus, type BusReply, type BusSubscription, subjects } from '#cluster';
import type { Clock, Counter, Log, Meter, Timer } from '#kernel';
import type { LocationPage, LocationStore } from '#store';
import type { LocationChange, LocationNotice, LocationSnapshotRequest } from '../machines/location-messages.js';

/** After a notice further changes wait this long for others: one registration is told at once, a wave of them in a few messages. */
const GATHER_MS = 10;
const GATHERED_MAX = 100;
const PAGE_ENTRIES = 500;
const PAGE_TIMEOUT_MS = 5_000;

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
  /** Living peers that were not asked yet. */
  readonly #candidates: string[] = [];
  #gathered: LocationChange[] = [];
  /** Runs while changes are gathered. */
  #gatherTimer: Timer | undefined;
  #state: 'waiting' | 'asking' | 'done' = 'waiting';

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
        respond?.(this.ports.location.all(Math.min(limit, PAGE_ENTRIES), after));
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

  /** Another proxy lives. The first one is asked for everything, unless the store knew it; the next ones only when that fails. */
  peerAlive(name: string): void {
    if (this.ports.location.isComplete) this.#state = 'done';
    if (this.#state === 'done') return;
    this.#candidates.push(name);
    if (this.#state === 'waiting') this.#askNext();
  }

  close(): void {
    this.#publish();
    this.#gatherTimer?.cancel();
    this.#state = 'done';
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
    const peer = this.#candidates.shift();
    this.#state = peer === undefined ? 'waiting' : 'asking';
    if (peer !== undefined) this.#ask(peer, undefined);
  }

  #ask(peer: string, after: string | undefined): void {
    const request: LocationSnapshotRequest = after === undefined ? { limit: PAGE_ENTRIES } : { limit: PAGE_ENTRIES, after };
    this.ports.bus.request(subjects.locationSnapshot(peer), request, PAGE_TIMEOUT_MS, (reply) => this.#page(peer, reply));
  }

  #page(peer: string, reply: BusReply): void {
    if (this.#state === 'done') return;
    if (reply.kind !== 'reply') {
      this.ports.log.warn('a peer did not give its bindings; another one is asked', { peer, outcome: reply.kind });
      this.#askNext();
      return;
    }
    const { entries, next } = reply.message as LocationPage;
    for (const { aor, bindings } of entries) for (const binding of bindings) this.ports.location.put(aor, binding);
    if (next !== undefined) {
      this.#ask(peer, next);
      return;
    }
    this.#state = 'done';
    this.ports.log.info('took the bindings of a peer', { peer, aors: this.ports.location.size });
  }
}
