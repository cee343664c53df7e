/** Transports of one process that reach each other without the kernel: asynchronously, in order, and bounded. */
import { flowKey, type Flow, isFlow, type ListeningAddress, type Target } from './port.js';

export interface LocalReceiver {
  receiveLocal(bytes: string, from: ListeningAddress): void;
}

interface Delivery {
  readonly to: string;
  readonly bytes: string;
  readonly from: ListeningAddress;
}

const QUEUE_MAX = 65_536;
/** Answers to answers that may follow each other before sockets and timers get their turn. */
const ROUNDS_MAX = 64;

export class LocalSipNetwork {
  readonly #receivers = new Map<string, LocalReceiver>();
  #queue: Delivery[] = [];
  #scheduled = false;
  #rounds = 0;
  #dropped = 0;

  constructor(readonly queueMax = QUEUE_MAX) {}

  /** Addresses that can be reached. */
  get size(): number {
    return this.#receivers.size;
  }

  /** Messages lost because the queue was full: a datagram network may do that, and so must its users be made. */
  get dropped(): number {
    return this.#dropped;
  }

  register(address: ListeningAddress, receiver: LocalReceiver): void {
    this.#receivers.set(flowKey(address.transport, address.host, address.port), receiver);
  }

  unregister(address: ListeningAddress, receiver: LocalReceiver): void {
    const key = flowKey(address.transport, address.host, address.port);
    if (this.#receivers.get(key) === receiver) this.#receivers.delete(key);
  }

  /** @returns false when the address is not one of this process: it must go by the kernel */
  deliver(bytes: string, from: ListeningAddress, to: Target | Flow): boolean {
    const key = isFlow(to) ? to.key : flowKey(to.transport, to.host, to.port);
    if (!this.#receivers.has(key)) return false;
    if (this.#queue.length >= this.queueMax) {
      this.#dropped += 1;
      return true;
    }
    this.#queue.push({ to: key, bytes, from });
    if (!this.#scheduled) this.#schedule();
    return true;
  }

  /** Within the turn: a request and its answers would else cost a turn of the event loop for each hop, several times the hop itself. */
  #schedule(): void {
    this.#scheduled = true;
    if (this.#rounds < ROUNDS_MAX) return queueMicrotask(this.#drain);
    this.#rounds = 0;
    setImmediate(this.#drain);
    return undefined;
  }

  /** What is sent meanwhile waits for the next round, so that the bus of the process keeps its place in between. */
  readonly #drain = (): void => {
    const batch = this.#queue;
    this.#queue = [];
    for (const delivery of batch) this.#receivers.get(delivery.to)?.receiveLocal(delivery.bytes, delivery.from);
    this.#scheduled = false;
    if (this.#queue.length === 0) {
      this.#rounds = 0;
      return;
    }
    this.#rounds += 1;
    this.#schedule();
  };
}
