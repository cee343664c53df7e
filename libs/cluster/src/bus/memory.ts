/** The bus of one process: every tier in it shares one `MemoryBus`. */
import { assert, BoundedQueue, type Clock, type Counter, type Log, type Meter, type Timer } from '#kernel';
import { hasWildcard, isPattern, isSubject } from './pattern.js';
import type { Bus, BusDelivery, BusHandler, BusMessage, BusReply, BusSubscription } from './port.js';
import { SubscriptionTable, takeTurn } from './subscription-table.js';

export interface MemoryBusPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface MemoryBusOptions {
  /** Deliveries under way. What is published beyond it is lost and counted, as a real bus loses for a slow consumer. */
  readonly pendingMax?: number;
}

const PENDING_MAX = 262_144;
/** Deliveries in one go; then sockets and timers get their turn. */
const BATCH = 1_024;

class Subscription implements BusSubscription {
  live = true;
  remove: () => void = () => {};

  constructor(readonly handler: BusHandler) {}

  unsubscribe(): void {
    this.live = false;
    this.remove();
  }
}

class PendingRequest {
  #timer: Timer | undefined;
  #open = true;

  constructor(private readonly done: (reply: BusReply) => void) {}

  arm(clock: Clock, timeoutMs: number, expire: () => void): void {
    this.#timer = clock.setTimer(timeoutMs, expire);
  }

  finish(reply: BusReply): void {
    if (!this.#open) return;
    this.#open = false;
    this.#timer?.cancel();
    this.done(reply);
  }
}

type Delivery =
  | { readonly to: Subscription; readonly message: BusMessage; readonly delivery: BusDelivery }
  | { readonly to: PendingRequest; readonly reply: BusReply };

export class MemoryBus implements Bus {
  readonly #table = new SubscriptionTable<Subscription>();
  readonly #pending: BoundedQueue<Delivery>;
  readonly #requests = new Set<PendingRequest>();
  readonly #dropped: Counter;
  readonly #drain = (): void => this.#deliverBatch();
  #draining = false;
  #open = true;

  constructor(private readonly ports: MemoryBusPorts, options: MemoryBusOptions = {}) {
    this.#pending = new BoundedQueue(options.pendingMax ?? PENDING_MAX);
    this.#dropped = ports.meter.counter('bus_dropped_total', 'Messages lost because a queue was full', { bus: 'memory' });
  }

  get connected(): boolean {
    return this.#open;
  }

  publish(subject: string, message: BusMessage): void {
    if (this.#open) this.#route(subject, message, { subject });
  }

  subscribe(pattern: string, handler: BusHandler, options: { readonly queue?: string } = {}): BusSubscription {
    assert(isPattern(pattern), `'${pattern}' is not a bus pattern`);
    const subscription = new Subscription(handler);
    if (this.#open) subscription.remove = this.#table.add(pattern, hasWildcard(pattern), options.queue, subscription);
    return subscription;
  }

  request(subject: string, message: BusMessage, timeoutMs: number, done: (reply: BusReply) => void): void {
    const request = new PendingRequest(done);
    const respond = (answer: BusMessage): void => this.#enqueue({ to: request, reply: { kind: 'reply', message: answer } });
    const receivers = this.#open ? this.#route(subject, message, { subject, respond }) : 0;
    if (receivers === 0) {
      // Not through the queue: a caller always hears the end of a request, also when the queue is full.
      queueMicrotask(() => request.finish({ kind: 'no-responders' }));
      return;
    }
    this.#requests.add(request);
    request.arm(this.ports.clock, timeoutMs, () => this.#finish(request, { kind: 'timeout' }));
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#open = false;
    this.#table.clear();
    this.#pending.clear();
    for (const request of this.#requests) request.finish({ kind: 'timeout' });
    this.#requests.clear();
    return Promise.resolve();
  }

  /** Answers how many receivers the subject has. */
  #route(subject: string, message: BusMessage, delivery: BusDelivery): number {
    const { everyone, groups } = this.#table.receivers(subject);
    const count = everyone.length + groups.length;
    assert(count > 0 || isSubject(subject), `'${subject}' is not a bus subject`);
    for (const to of everyone) this.#enqueue({ to, message, delivery });
    for (const group of groups) this.#enqueue({ to: takeTurn(group), message, delivery });
    return count;
  }

  #enqueue(delivery: Delivery): void {
    if (!this.#pending.push(delivery)) {
      this.#dropped.add();
      return;
    }
    if (this.#draining) return;
    this.#draining = true;
    queueMicrotask(this.#drain);
  }

  #deliverBatch(): void {
    for (let left = BATCH; left > 0; left -= 1) {
      const next = this.#pending.shift();
      if (next === undefined) {
        this.#draining = false;
        return;
      }
      this.#deliver(next);
    }
    setImmediate(this.#drain);
  }

  #deliver(next: Delivery): void {
    try {
      if ('reply' in next) this.#finish(next.to, next.reply);
      else if (next.to.live) next.to.handler(next.message, next.delivery);
    } catch (error) {
      this.ports.log.error('a bus handler threw', { error });
    }
  }

  #finish(request: PendingRequest, reply: BusReply): void {
    this.#requests.delete(request);
    request.finish(reply);
  }
}
