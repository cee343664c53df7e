/**
 * The bus over NATS core. JSON on the wire, callbacks on the path of a message. While no server is connected nothing is
 * stored up for later: receivers repair what they missed, and an old message would only mislead them.
 */
import { createInbox, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { assert, type Clock, type Counter, type Log, type Meter, type Timer } from '#kernel';
import { isPattern, isSubject } from './pattern.js';
import type { Bus, BusHandler, BusMessage, BusReply, BusSubscription } from './port.js';

export interface NatsBusPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** Status that a server answers with when a request has no subscriber. */
const NO_RESPONDERS = 503;
/** Requests under way. Beyond it a request ends as if its deadline had passed. */
const REQUESTS_MAX = 65_536;

interface Pending {
  readonly done: (reply: BusReply) => void;
  readonly timer: Timer;
}

export class NatsBus implements Bus {
  readonly #inbox = createInbox();
  readonly #pending = new Map<string, Pending>();
  readonly #lost: Counter;
  readonly #malformed: Counter;
  readonly #disconnects: Counter;
  #nextRequest = 0;
  #connected = true;

  /** Takes the connection over: closing the bus closes it. */
  constructor(private readonly connection: NatsConnection, private readonly ports: NatsBusPorts) {
    const labels = { bus: 'nats' };
    this.#lost = ports.meter.counter('bus_dropped_total', 'Messages lost because a queue was full', labels);
    this.#malformed = ports.meter.counter('bus_malformed_total', 'Messages that are not JSON objects', labels);
    this.#disconnects = ports.meter.counter('bus_disconnects_total', 'Times the bus lost its server', labels);
    connection.subscribe(`${this.#inbox}.*`, { callback: (_error, msg) => this.#replied(msg) });
    void this.#followStatus();
  }

  get connected(): boolean {
    return this.#connected;
  }

  get queuedBytes(): number {
    return outboundBytes(this.connection);
  }

  publish(subject: string, message: BusMessage): void {
    assert(isSubject(subject), `'${subject}' is not a bus subject`);
    if (this.#connected) this.connection.publish(subject, JSON.stringify(message));
    else this.#lost.add();
  }

  subscribe(pattern: string, handler: BusHandler, options: { readonly queue?: string } = {}): BusSubscription {
    assert(isPattern(pattern), `'${pattern}' is not a bus pattern`);
    let live = true;
    const subscription: Subscription = this.connection.subscribe(pattern, {
      ...(options.queue === undefined ? {} : { queue: options.queue }),
      callback: (error, msg) => {
        if (error !== null) this.ports.log.error('a bus subscription failed', { pattern, error });
        else if (live) this.#deliver(msg, handler);
      },
    });
    return {
      unsubscribe: () => {
        live = false;
        if (!subscription.isClosed()) subscription.unsubscribe();
      },
    };
  }

  request(subject: string, message: BusMessage, timeoutMs: number, done: (reply: BusReply) => void): void {
    assert(isSubject(subject), `'${subject}' is not a bus subject`);
    if (!this.#connected || this.#pending.size >= REQUESTS_MAX) {
      this.#lost.add();
      queueMicrotask(() => done({ kind: 'timeout' }));
      return;
    }
    const id = String(this.#nextRequest);
    this.#nextRequest += 1;
    const timer = this.ports.clock.setTimer(timeoutMs, () => this.#finish(id, { kind: 'timeout' }));
    this.#pending.set(id, { done, timer });
    this.connection.publish(subject, JSON.stringify(message), { reply: `${this.#inbox}.${id}` });
  }

  flush(): Promise<void> {
    return this.connection.flush();
  }

  async close(): Promise<void> {
    this.#connected = false;
    for (const id of this.#pending.keys()) this.#finish(id, { kind: 'timeout' });
    await this.connection.close();
  }

  #deliver(msg: Msg, handler: BusHandler): void {
    const message = this.#parse(msg);
    if (message === undefined) return;
    try {
      if (msg.reply) handler(message, { subject: msg.subject, respond: this.#responder(msg) });
      else handler(message, { subject: msg.subject });
    } catch (error) {
      this.ports.log.error('a bus handler threw', { error, subject: msg.subject });
    }
  }

  #responder(msg: Msg): (message: BusMessage) => void {
    let answered = false;
    return (message) => {
      if (answered || !this.#connected) return;
      answered = true;
      msg.respond(JSON.stringify(message));
    };
  }

  #replied(msg: Msg): void {
    const id = msg.subject.slice(this.#inbox.length + 1);
    if (!this.#pending.has(id)) return;
    if (isNoResponders(msg.headers)) return this.#finish(id, { kind: 'no-responders' });
    const message = this.#parse(msg);
    if (message !== undefined) this.#finish(id, { kind: 'reply', message });
  }

  #finish(id: string, reply: BusReply): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.timer.cancel();
    try {
      pending.done(reply);
    } catch (error) {
      this.ports.log.error('the receiver of a bus reply threw', { error });
    }
  }

  #parse(msg: Msg): BusMessage | undefined {
    try {
      const value: unknown = JSON.parse(msg.string());
      if (typeof value === 'object' && value !== null) return value;
    } catch {
      // Counted below: whoever publishes such a thing is not one of us.
    }
    this.#malformed.add();
    return undefined;
  }

  async #followStatus(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') this.#disconnected();
      else if (status.type === 'reconnect') this.#reconnected(status.server);
      else if (status.type === 'error') this.ports.log.error('the bus server refused something', { error: status.error });
    }
    this.#connected = false;
  }

  #disconnected(): void {
    this.#connected = false;
    this.#disconnects.add();
    this.ports.log.warn('the bus has lost its server; messages are lost until another answers');
  }

  #reconnected(server: string): void {
    if (this.connection.isClosed()) return;
    this.#connected = true;
    this.ports.log.info('the bus is connected again', { server });
  }
}

/** The client has no public word for what it has not written yet; 0 should its inside change. */
function outboundBytes(connection: NatsConnection): number {
  const { protocol } = connection as { protocol?: { outbound?: { size?: () => unknown } } };
  const bytes = protocol?.outbound?.size?.();
  return typeof bytes === 'number' ? bytes : 0;
}

function isNoResponders(headers: MsgHdrs | undefined): boolean {
  return headers?.code === NO_RESPONDERS;
}
