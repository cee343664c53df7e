/** The bus as tiers of a paired node see it: nothing passes, in either direction, while the fence is closed. */
import type { Counter, Meter } from '#kernel';
import type { Bus, BusHandler, BusMessage, BusReply, BusSubscription } from '../bus/port.js';
import type { Fence } from './fence.js';

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
    if (this.#isOpen()) this.inner.publish(subject, message);
  }

  subscribe(pattern: string, handler: BusHandler, options?: { readonly queue?: string }): BusSubscription {
    const inner = this.inner.subscribe(pattern, (message, delivery) => {
      if (!this.#isOpen()) return;
      const { respond } = delivery;
      if (respond === undefined) return handler(message, delivery);
      handler(message, { ...delivery, respond: (answer) => { if (this.#isOpen()) respond(answer); } });
    }, options);
    const subscription: BusSubscription = {
      unsubscribe: () => {
        this.#subscriptions.delete(subscription);
        inner.unsubscribe();
      },
    };
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** A request that may not leave, or whose answer may not come in, ends as if nobody had answered in time. */
  request(subject: string, message: BusMessage, timeoutMs: number, done: (reply: BusReply) => void): void {
    if (!this.#isOpen()) {
      queueMicrotask(() => done({ kind: 'timeout' }));
      return;
    }
    this.inner.request(subject, message, timeoutMs, (reply) => done(this.#isOpen() ? reply : { kind: 'timeout' }));
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

  #isOpen(): boolean {
    const open = !this.#ended && this.fence.isOpen();
    if (!open) this.#stopped.add();
    return open;
  }
}
