/**
 * Reads a bucket's stream from the last value of each key on, in order and without gaps, for as long as it is open. The client
 * library has such a reader, but it misses the loss of the server that feeds it for a minute, and a lost last message until the next one.
 */
import { AckPolicy, type ConsumerConfig, DeliverPolicy, type JetStreamManager, ReplayPolicy } from '@nats-io/jetstream';
import { createInbox, type Msg, nanos, type NatsConnection, type Subscription } from '@nats-io/transport-node';

export interface ReaderPorts {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
}

export interface ReaderEvents {
  /** `isNew`: written since the reader was opened, not found then. */
  message(message: Msg, revision: number, isNew: boolean): void;
}

const HEARTBEAT_MS = 500;
/** Silent for so long, the consumer is taken for lost. */
const SILENCE_MS = 1_750;
/** Between attempts to make a consumer; elections take seconds. */
const AGAIN_MS = 250;
/** A consumer that nobody listens to goes by itself. */
const INACTIVE_MS = 30_000;

const CONTROL_STATUS = 100;
const LAST_DELIVERED = 'Nats-Last-Consumer';
const STALLED = 'Nats-Consumer-Stalled';

export class BucketReader {
  #subscription: Subscription | undefined;
  #consumer: string | undefined;
  #delivered = 0;
  #streamSeq = 0;
  /** Messages of the beginning that are still to come. */
  #existing = 0;
  #heardMs = 0;
  #watchdog: NodeJS.Timeout | undefined;
  #making = false;
  #open = true;
  #reported: (() => void) | undefined;

  constructor(private readonly stream: string, private readonly filter: string, private readonly ports: ReaderPorts, private readonly events: ReaderEvents) {}

  /** Resolves when everything that there was has been reported. Rejects when the stream cannot be read now; then nothing is left open. */
  async start(): Promise<void> {
    const all = new Promise<void>((resolve) => { this.#reported = resolve; });
    this.#existing = await this.#make();
    this.#watchdog = setInterval(() => this.#watch(), HEARTBEAT_MS);
    this.#watchdog.unref();
    this.#count(0);
    await all;
  }

  stop(): void {
    this.#open = false;
    clearInterval(this.#watchdog);
    this.#reported?.();
    this.#leave();
  }

  /** Answers how many messages it begins with. Listens only once the consumer is there: what it sends waits for that. */
  async #make(): Promise<number> {
    const deliver = createInbox();
    const { name, num_pending: pending } = await this.ports.manager.consumers.add(this.stream, this.#config(deliver));
    this.#consumer = name;
    this.#delivered = 0;
    this.#heardMs = performance.now();
    if (!this.#open) {
      this.#leave();
      return 0;
    }
    const subscription = this.ports.connection.subscribe(deliver, {
      callback: (error, message) => { if (error === null && this.#subscription === subscription) this.#received(message); },
    });
    this.#subscription = subscription;
    return pending;
  }

  #config(deliver: string): Partial<ConsumerConfig> {
    const from = this.#streamSeq === 0
      ? { deliver_policy: DeliverPolicy.LastPerSubject }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#streamSeq + 1 };
    return {
      ...from, deliver_subject: deliver, filter_subject: this.filter, ack_policy: AckPolicy.None, replay_policy: ReplayPolicy.Instant,
      idle_heartbeat: nanos(HEARTBEAT_MS), flow_control: true, mem_storage: true, num_replicas: 1, inactive_threshold: nanos(INACTIVE_MS),
    };
  }

  #received(message: Msg): void {
    this.#heardMs = performance.now();
    if (message.headers?.code === CONTROL_STATUS) return this.#controlled(message);
    const { deliverySequence, streamSequence } = positionOf(message);
    if (deliverySequence !== this.#delivered + 1) return void this.#anew();
    this.#delivered = deliverySequence;
    this.#streamSeq = streamSequence;
    this.events.message(message, streamSequence, this.#existing <= 0);
    this.#count(1);
  }

  /** A heartbeat, which says how far the consumer is, or a question whether we keep up. */
  #controlled(message: Msg): void {
    if (message.reply) return void message.respond();
    const stalled = message.headers?.get(STALLED);
    if (stalled) this.ports.connection.publish(stalled);
    const last = message.headers?.get(LAST_DELIVERED);
    if (last && Number(last) > this.#delivered) void this.#anew();
  }

  #count(read: number): void {
    this.#existing -= read;
    if (this.#existing > 0) return;
    this.#reported?.();
    this.#reported = undefined;
  }

  #watch(): void {
    if (performance.now() - this.#heardMs > SILENCE_MS) void this.#anew();
  }

  /** Another consumer, from where the last one came to. */
  async #anew(): Promise<void> {
    if (this.#making || !this.#open) return;
    this.#making = true;
    this.#leave();
    try {
      const pending = await this.#make();
      if (this.#reported !== undefined) {
        this.#existing = pending;
        this.#count(0);
      }
    } catch {
      // The watchdog finds it silent still, and tries again.
      this.#heardMs = performance.now() - SILENCE_MS + AGAIN_MS;
    }
    this.#making = false;
  }

  #leave(): void {
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) this.#subscription.unsubscribe();
    this.#subscription = undefined;
    if (this.#consumer !== undefined && !this.ports.connection.isClosed()) {
      this.ports.manager.consumers.delete(this.stream, this.#consumer).catch(() => {});
    }
    this.#consumer = undefined;
  }
}

/** Tokens of the reply subject before its five numbers: `$JS.ACK.<stream>.<consumer>`, or with domain and account hash before the stream. */
const SHORT = 4;
const LONG = 6;
const NUMBERS = 5;

/** `...<times delivered>.<stream sequence>.<consumer sequence>.<time>.<pending>`; the long form may have more behind it. */
function positionOf({ reply = '' }: Msg): { readonly streamSequence: number; readonly deliverySequence: number } {
  const tokens = reply.split('.');
  const from = tokens.length === SHORT + NUMBERS ? SHORT : LONG;
  return { streamSequence: Number(tokens[from + 1]), deliverySequence: Number(tokens[from + 2]) };
}
