/**
 * Durable queues in one JetStream stream of the data centre, `history-dc1`: one subject per queue. What is acknowledged leaves the stream.
 * A write waits for a quorum of servers and can fail for seconds during an election: whoever appends keeps it and repeats.
 */
import {
  AckPolicy, type ApiError, type Consumer, DeliverPolicy, DiscardPolicy, jetstream, JetStreamApiError, type JetStreamClient, jetstreamManager,
  type JetStreamManager, type JsMsg, RetentionPolicy, StorageType,
} from '@nats-io/jetstream';
import { headers, nanos, type NatsConnection, nuid } from '@nats-io/transport-node';
import { token } from '../subjects.js';
import { type DurableQueue, QUEUE_LIMITS, type QueueEntry, QueueFull, type QueueMessage, QueueUnavailable } from './port.js';

export interface JetStreamQueueOptions {
  /** Name of the stream; letters, digits, `-` and `_`. */
  readonly stream: string;
  /** Name of this queue in it. */
  readonly queue: string;
  readonly domain?: string;
  readonly replicas: number;
  /** Of all queues of the stream together. */
  readonly bytes?: number;
}

const WRITE_TIMEOUT_MS = 2_000;
const MAKE_TIMEOUT_MS = 10_000;
/** A `take` is asked of the server anew after this; the least that it allows. */
const FETCH_MS = 1_000;
/** One that has not ended by then never will. */
const FETCH_LATE_MS = 3_000;
/** Never again while this consumer lives: a message that is held belongs to something that lasts, such as a call. */
const ACK_WAIT_MS = 365 * 86_400_000;
/** JetStream's error for a stream without room. */
const NO_ROOM = new Set([10_077, 10_023, 10_047]);
/** And for one that it has no room for. */
const NO_STORAGE = new Set([10_047, 10_023, 10_005]);
/** A queue with less room is none. */
const BYTES_MIN = 16 * 1_048_576;
const DIRECT_NOT_FOUND = 404;
/** A batch that was stored before, though its acknowledgement was lost; a stream that takes no batches, of a server before 2.12. */
const ONE_BY_ONE = new Set([10_201, 10_174]);
/** A server takes no larger one. */
const BATCH_MAX = 1_000;

export class JetStreamQueue implements DurableQueue {
  readonly #held = new Map<number, JsMsg>();
  #open = true;
  #behind = 0;
  /** The last that was taken. */
  #lastSeq = 0;
  /** How many the consumer has sent, by its own count. */
  #delivered = 0;
  /** What the consumer sent may have been lost with a server: it is made anew, and sends all that is not acknowledged. */
  #isDoubted = false;

  private constructor(
    private readonly connection: NatsConnection, private readonly client: JetStreamClient, private readonly manager: JetStreamManager,
    private consumer: Consumer, private readonly options: JetStreamQueueOptions,
  ) {}

  /** @throws Error naming the stream, when JetStream does not answer or cannot make it */
  static async open(connection: NatsConnection, options: JetStreamQueueOptions): Promise<JetStreamQueue> {
    const where = options.domain === undefined ? {} : { domain: options.domain };
    try {
      const maker = await jetstreamManager(connection, { timeout: MAKE_TIMEOUT_MS, ...where });
      await makeStreams(maker, options);
      const { consumer } = await makeConsumer(maker, connection, options);
      const manager = await jetstreamManager(connection, { timeout: WRITE_TIMEOUT_MS, ...where });
      return new JetStreamQueue(connection, jetstream(connection, { timeout: WRITE_TIMEOUT_MS, ...where }), manager, consumer, options);
    } catch (cause) {
      throw new Error(`durable queue: JetStream stream ${options.stream}: ${(cause as Error).message}`, { cause });
    }
  }

  get length(): number {
    return this.#held.size + this.#behind;
  }

  /**
   * All of it or nothing: while a stream finds its leader anew, of messages that are sent one after the other the first may be lost and the
   * next be taken, and then their order is another one when they are repeated.
   */
  async append(entries: readonly QueueEntry[]): Promise<void> {
    this.#check();
    try {
      if (entries.length === 1) return await this.#appendOne(entries[0] as QueueEntry);
      for (let from = 0; from < entries.length; from += BATCH_MAX) await this.#appendBatch(entries.slice(from, from + BATCH_MAX));
    } catch (error) {
      if (error instanceof JetStreamApiError && NO_ROOM.has(error.code)) throw new QueueFull(`stream ${this.options.stream} is full`, { cause: error });
      throw this.#unavailable(error);
    }
  }

  async take(max: number): Promise<readonly QueueMessage[]> {
    while (this.#open) {
      const taken: QueueMessage[] = [];
      try {
        if (this.#isDoubted) await this.#begin();
        await this.#fetch(max, taken);
      } catch (error) {
        this.#isDoubted = true;
        if (!this.#open) return taken;
        if (taken.length === 0) throw this.#unavailable(error);
      }
      if (taken.length > 0) return taken;
    }
    return [];
  }

  async ack(seqs: readonly number[]): Promise<void> {
    this.#check();
    for (const seq of seqs) {
      this.#held.get(seq)?.ack();
      this.#held.delete(seq);
    }
  }

  async mark(name: string, value: object): Promise<void> {
    this.#check();
    await this.client.publish(markSubject(this.options, name), JSON.stringify(value)).catch((error: unknown) => { throw this.#unavailable(error); });
  }

  async marked(name: string): Promise<object | undefined> {
    this.#check();
    try {
      const found = await this.manager.direct.getMessage(marksOf(this.options.stream), { last_by_subj: markSubject(this.options, name) });
      return found?.json<object>();
    } catch (error) {
      if (error instanceof JetStreamApiError && error.status === DIRECT_NOT_FOUND) return undefined;
      throw this.#unavailable(error);
    }
  }

  /** The connection is closed by whoever opened it. */
  async close(): Promise<void> {
    this.#open = false;
  }

  async #appendOne({ id, body }: QueueEntry): Promise<void> {
    await this.client.publish(subjectOf(this.options), JSON.stringify(body), { headers: idHeader(id) });
  }

  /** An atomic batch: the server answers once, to its last message. */
  async #appendBatch(entries: readonly QueueEntry[]): Promise<void> {
    const subject = subjectOf(this.options);
    const batch = nuid.next();
    const head = (n: number): ReturnType<typeof headers> => {
      const made = idHeader((entries[n] as QueueEntry).id);
      made.set('Nats-Batch-Id', batch);
      made.set('Nats-Batch-Sequence', String(n + 1));
      return made;
    };
    const last = entries.length - 1;
    for (let n = 0; n < last; n += 1) this.connection.publish(subject, JSON.stringify(entries[n]?.body), { headers: head(n) });
    const commit = head(last);
    commit.set('Nats-Batch-Commit', '1');
    const answer = await this.connection.request(subject, JSON.stringify(entries[last]?.body), { headers: commit, timeout: WRITE_TIMEOUT_MS });
    const { error } = answer.json<{ readonly error?: ApiError }>();
    if (error === undefined) return;
    if (!ONE_BY_ONE.has(error.err_code)) throw new JetStreamApiError(error);
    for (const entry of entries) await this.#appendOne(entry);
  }

  /** The client notices after half a minute, or not at all, that the server which it asked is dead. */
  async #fetch(max: number, taken: QueueMessage[]): Promise<void> {
    const messages = await this.consumer.fetch({ max_messages: max, expires: FETCH_MS });
    const late = setTimeout(() => {
      this.#isDoubted = true;
      messages.stop();
    }, FETCH_LATE_MS);
    try {
      const before = this.#delivered;
      for await (const message of messages) this.#receive(message, taken);
      // It said that more is there, and sends nothing.
      if (this.#delivered === before && this.#behind > 0) this.#isDoubted = true;
    } finally {
      clearTimeout(late);
    }
  }

  async #begin(): Promise<void> {
    const { consumer, pending } = await makeConsumer(this.manager, this.connection, this.options);
    this.consumer = consumer;
    this.#behind = pending;
    this.#delivered = 0;
    this.#isDoubted = false;
  }

  /** Nothing is taken after a gap: what fell into it comes first, from the consumer that is made next. */
  #receive(message: JsMsg, taken: QueueMessage[]): void {
    const { seq, info } = message;
    if (info.deliverySequence > this.#delivered + 1) this.#isDoubted = true;
    if (this.#isDoubted) return;
    this.#delivered = info.deliverySequence;
    this.#behind = info.pending;
    if (seq > this.#lastSeq) {
      this.#lastSeq = seq;
      taken.push({ seq, body: message.json<object>() });
    } else if (!this.#held.has(seq)) {
      // Its acknowledgement was lost.
      return message.ack();
    }
    this.#held.set(seq, message);
  }

  #check(): void {
    if (!this.#open) throw new QueueUnavailable(`durable queue ${this.options.queue} is closed`);
  }

  #unavailable(cause: unknown): QueueUnavailable {
    return new QueueUnavailable(`stream ${this.options.stream}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

const marksOf = (stream: string): string => `${stream}-marks`;
const subjectOf = ({ stream, queue }: JetStreamQueueOptions): string => `cb.queue.${token(stream)}.${token(queue)}`;
const markSubject = ({ stream, queue }: JetStreamQueueOptions, name: string): string => `cb.mark.${token(stream)}.${token(queue)}.${token(name)}`;

function idHeader(id: string): ReturnType<typeof headers> {
  const made = headers();
  made.set('Nats-Msg-Id', id);
  return made;
}

async function makeStreams(manager: JetStreamManager, { stream, replicas, bytes = QUEUE_LIMITS.bytes }: JetStreamQueueOptions): Promise<void> {
  const existing = await manager.streams.info(stream).catch(() => undefined);
  if (existing === undefined) await makeLargest(manager, stream, replicas, bytes);
  else if (existing.config.allow_atomic !== true) await manager.streams.update(stream, { allow_atomic: true });
  await manager.streams.add({
    name: marksOf(stream), subjects: [`cb.mark.${token(stream)}.*.*`], storage: StorageType.File, max_msgs_per_subject: 1,
    allow_direct: true, num_replicas: replicas,
  });
}

/** A server sets a stream's room aside at once: where it has less than wanted, the stream takes half, or half of that. */
async function makeLargest(manager: JetStreamManager, stream: string, replicas: number, bytes: number): Promise<void> {
  try {
    await manager.streams.add({
      name: stream, subjects: [`cb.queue.${token(stream)}.*`], retention: RetentionPolicy.Workqueue, storage: StorageType.File,
      discard: DiscardPolicy.New, max_bytes: bytes, num_replicas: replicas, allow_atomic: true,
    });
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || !NO_STORAGE.has(error.code) || bytes / 2 < BYTES_MIN) throw error;
    await makeLargest(manager, stream, replicas, Math.floor(bytes / 2));
  }
}

/** Made anew each time: so it begins with the oldest message that was never acknowledged, at once. */
async function makeConsumer(
  manager: JetStreamManager, connection: NatsConnection, options: JetStreamQueueOptions,
): Promise<{ readonly consumer: Consumer; readonly pending: number }> {
  const { stream, queue, domain } = options;
  const name = token(queue).replaceAll('=', '_');
  await manager.consumers.delete(stream, name).catch(() => false);
  const { num_pending: pending } = await manager.consumers.add(stream, {
    durable_name: name, ack_policy: AckPolicy.Explicit, ack_wait: nanos(ACK_WAIT_MS), max_ack_pending: -1, deliver_policy: DeliverPolicy.All,
    filter_subject: subjectOf(options),
  });
  const client = jetstream(connection, { timeout: WRITE_TIMEOUT_MS, ...(domain === undefined ? {} : { domain }) });
  return { consumer: await client.consumers.get(stream, name), pending };
}
