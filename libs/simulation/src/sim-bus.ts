/**
 * The bus of a simulated cluster. It keeps the contract of `Bus`: at most once, in order per publisher; each delivery
 * crosses the network and may be lost there.
 */
import {
  type Bus, type BusDelivery, type BusHandler, type BusMessage, type BusReply, type BusSubscription, isPattern, isSubject,
} from '#cluster';
import { assert, type Timer } from '#kernel';
import type { SimulatedNetwork } from './network.js';
import type { SimNode } from './node.js';
import { SubjectBook } from './subject-book.js';

interface Subscriber {
  readonly node: SimNode;
  readonly handler: BusHandler;
  live: boolean;
}

/** The way to the bus's server and back. */
const NO_RESPONDERS_MS = 1;

/** Sees every message when it is published and every answer when it is given, before the network has its way with them. */
export interface BusWitness {
  published?(from: SimNode, subject: string, message: BusMessage): void;
  /** `from` answers the request that was sent on `subject`. */
  answered?(from: SimNode, subject: string, request: BusMessage, reply: BusMessage): void;
}

/** What the servers of the bus know: who is subscribed to what. */
export class SimBusHub {
  readonly #book = new SubjectBook<Subscriber>();
  /** For checkers of invariants. */
  witness: BusWitness = {};

  /** `onHandlerError`: a subscriber threw; the bus goes on, as every bus does. */
  constructor(readonly network: SimulatedNetwork, readonly onHandlerError: (node: SimNode, error: unknown) => void) {}

  /** The bus as a process on that node sees it, for one life of the node. */
  attach(node: SimNode): Bus {
    return new SimBus(this, node);
  }

  add(pattern: string, queue: string | undefined, subscriber: Subscriber): () => void {
    return this.#book.add(pattern, queue, subscriber);
  }

  /** Everyone who gets a message: all without a queue, one of each queue. */
  receivers(subject: string): Subscriber[] {
    return this.#book.receivers(subject);
  }
}

class SimBus implements Bus {
  readonly #removals = new Map<Subscriber, () => void>();
  readonly #pending = new Set<(reply: BusReply) => void>();
  readonly #life: number;
  #open = true;

  constructor(private readonly hub: SimBusHub, private readonly node: SimNode) {
    this.#life = node.life;
    node.onDeath(() => this.#unsubscribeAll());
  }

  get connected(): boolean {
    return this.#open;
  }

  publish(subject: string, message: BusMessage): void {
    assert(isSubject(subject), `'${subject}' is not a bus subject`);
    if (!this.#alive()) return;
    this.hub.witness.published?.(this.node, subject, message);
    this.#route(subject, message, { subject });
  }

  subscribe(pattern: string, handler: BusHandler, options: { readonly queue?: string } = {}): BusSubscription {
    assert(isPattern(pattern), `'${pattern}' is not a bus pattern`);
    const subscriber: Subscriber = { node: this.node, handler, live: this.#alive() };
    if (subscriber.live) this.#removals.set(subscriber, this.hub.add(pattern, options.queue, subscriber));
    return { unsubscribe: () => this.#unsubscribe(subscriber) };
  }

  request(subject: string, message: BusMessage, timeoutMs: number, done: (reply: BusReply) => void): void {
    assert(isSubject(subject), `'${subject}' is not a bus subject`);
    let timer: Timer | undefined = undefined;
    const finish = (reply: BusReply): void => {
      if (!this.#pending.delete(finish)) return;
      timer?.cancel();
      done(reply);
    };
    this.#pending.add(finish);
    const receivers = this.#alive() ? this.#routeRequest(subject, message, finish) : 0;
    const [delayMs, end]: [number, BusReply] = !this.hub.network.hasBus(this.node.name) ? [0, { kind: 'timeout' }] : receivers === 0
      ? [NO_RESPONDERS_MS, { kind: 'no-responders' }] : [timeoutMs, { kind: 'timeout' }];
    timer = this.node.clock.setTimer(delayMs, () => finish(end));
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#open = false;
    this.#unsubscribeAll();
    for (const finish of [...this.#pending]) finish({ kind: 'timeout' });
    return Promise.resolve();
  }

  #routeRequest(subject: string, message: BusMessage, finish: (reply: BusReply) => void): number {
    const receivers = this.hub.receivers(subject).filter(({ node }) => this.hub.network.hasBus(node.name));
    for (const receiver of receivers) {
      let answered = false;
      this.#deliver(receiver, message, {
        subject,
        respond: (answer) => {
          if (answered) return;
          answered = true;
          this.hub.witness.answered?.(receiver.node, subject, message, answer);
          const what = `bus reply ${subject} ${kindOf(answer)}`;
          this.hub.network.send(receiver.node, this.node, 'message', what, () => finish({ kind: 'reply', message: answer }));
        },
      });
    }
    return receivers.length;
  }

  #route(subject: string, message: BusMessage, delivery: BusDelivery): void {
    for (const receiver of this.hub.receivers(subject)) this.#deliver(receiver, message, delivery);
  }

  #deliver(receiver: Subscriber, message: BusMessage, delivery: BusDelivery): void {
    this.hub.network.send(this.node, receiver.node, 'message', `bus ${delivery.subject} ${kindOf(message)}`, () => {
      if (receiver.live) this.#hand(receiver, message, delivery);
    });
  }

  #hand(receiver: Subscriber, message: BusMessage, delivery: BusDelivery): void {
    try {
      receiver.handler(message, delivery);
    } catch (error) {
      this.hub.onHandlerError(receiver.node, error);
    }
  }

  #alive(): boolean {
    return this.#open && this.node.state !== 'Dead' && this.node.life === this.#life;
  }

  #unsubscribe(subscriber: Subscriber): void {
    subscriber.live = false;
    this.#removals.get(subscriber)?.();
    this.#removals.delete(subscriber);
  }

  #unsubscribeAll(): void {
    for (const subscriber of [...this.#removals.keys()]) this.#unsubscribe(subscriber);
  }
}

function kindOf(message: BusMessage): string {
  const { kind, msg } = message as { kind?: unknown; msg?: unknown };
  return String(kind ?? msg ?? '');
}
