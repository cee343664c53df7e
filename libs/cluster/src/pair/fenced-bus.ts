/** The bus as tiers of a paired node see it: nothing passes, in either direction, while the fence is closed; what it holds passes later. */
import type { Counter, Meter } from '#kernel';
import type { Bus, BusHandler, BusMessage, BusReply, BusSubscription } from '../bus/port.js';
import type { Fence, Way } from './fence.js';

export class FencedBus implements Bus {
  readonly #subscriptions = new Set<BusSubscription>();
  readonly #stopped: Counter;
  #ended = false;

  constructor(private readonly inner: Bus, private readonly fence: Fence, meter: Meter) {
    this.#stopped = meter.counter('pair_fenced_total', 'Messages of the bus that a half without a proven term did not let through');
  }

  get connected(): boolean {
    return this.inner.connected;
  }

  get queuedBytes(): number {
    return this.inner.queuedBytes ?? 0;
  }

  publish(subject: string, message: BusMessage): void {
    this.#pass('out', () => this.inner.publish(subject, message));
  }

  subscribe(pattern: string, handler: BusHandler, options?: { readonly queue?: string }): BusSubscription {
    let isOver = false;
    const inner = this.inner.subscribe(pattern, (message, delivery) => this.#pass('in', () => {
      if (isOver) return;
      const { respond } = delivery;
      handler(message, respond === undefined ? delivery : { ...delivery, respond: (answer) => this.#pass('out', () => respond(answer)) });
    }), options);
    const subscription: BusSubscription = {
      unsubscribe: () => {
        isOver = true;
        this.#subscriptions.delete(subscription);
        inner.unsubscribe();
      },
    };
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** A request that may not leave, or whose answer may not come in, ends as if nobody had answered in time. */
  request(subject: string, message: BusMessage, timeoutMs: number, done: (reply: BusReply) => void): void {
    const timeout = (): void => done({ kind: 'timeout' });
    this.#pass(
      'out',
      () => this.inner.request(subject, message, timeoutMs, (reply) => this.#pass('in', () => done(reply), timeout)),
      () => queueMicrotask(timeout),
    );
  }

  flush(): Promise<void> {
    return this.inner.flush();
  }

  /** Ends what the tiers of this term subscribed; the bus itself goes on. */
  close(): Promise<void> {
    this.#ended = true;
    for (const subscription of [...this.#subscriptions]) subscription.unsubscribe();
    return Promise.resolve();
  }

  #pass(way: Way, work: () => void, stopped: () => void = () => {}): void {
    if (!this.#ended && this.fence.isOpen()) return work();
    const stop = (): void => {
      this.#stopped.add();
      stopped();
    };
    if (this.#ended || !this.fence.hold(way, (passed) => (passed && !this.#ended ? work() : stop()))) stop();
  }
}
