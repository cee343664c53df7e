/**
 * Durable queues in one JetStream stream of the data centre, `history-dc1`: one subject per queue. What is acknowledged leaves the stream.
 * A write waits for a quorum of servers and can fail for seconds during an election: whoever appends keeps it and repeats.
 */
import {
  AckPolicy, type Consumer, DeliverPolicy, DiscardPolicy, jetstream, JetStreamApiError, type JetStreamClient, jetstreamManager,
  type JetStreamManager, type JsMsg, RetentionPolicy, StorageType,
} from '@nats-io/jetstream';
import { headers, nanos, type NatsConnection } from '@nats-io/transport-node';
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
/** Never again while this consumer lives: a message that is held belongs to something that lasts, such as a call. */
const ACK_WAIT_MS = 365 * 86_400_000;
/** JetStream's error for a stream without room. */
const NO_ROOM = new Set([10_077, 10_023, 10_047]);
/** And for one that it has no room for. */
const NO_STORAGE = new Set([10_047, 10_023, 10_005]);
/** A queue with less room is none. */
const BYTES_MIN = 16 * 1_048_576;
const DIRECT_NOT_FOUND = 404;

export class JetStreamQueue implements DurableQueue {
  readonly #held = new Map<number, JsMsg>();
  #open = true;
  #behind = 0;

  private constructor(
    private readonly client: JetStreamClient, private readonly manager: JetStreamManager, private readonly consumer: Consumer,
    private readonly options: JetStreamQueueOptions,
  ) {}

  /** @throws Error naming the stream, when JetStream does not answer or cannot make it */
  static async open(connection: NatsConnection, options: JetStreamQueueOptions): Promise<JetStreamQueue> {
    const where = options.domain === undefined ? {} : { domain: options.domain };
    try {
      const maker = await jetstreamManager(connection, { timeout: MAKE_TIMEOUT_MS, ...where });
      await makeStreams(maker, options);
      const consumer = await makeConsumer(maker, connection, options);
      const manager = await jetstreamManager(connection, { timeout: WRITE_TIMEOUT_MS, ...where });
      return new JetStreamQueue(jetstream(connection, { timeout: WRITE_TIMEOUT_MS, ...where }), manager, consumer, options);
    } catch (cause) {
      throw new Error(`durable queue: JetStream stream ${options.stream}: ${(cause as Error).message}`, { cause });
    }
  }

  get length(): number {
    return this.#held.size + this.#behind;
  }

  async append(entries: readonly QueueEntry[]): Promise<void> {
    this.#check();
    const outcomes = await Promise.allSettled(entries.map(({ id, body }) =>
      this.client.publish(subjectOf(this.options), JSON.stringify(body), { headers: idHeader(id) })));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return;
    const { reason } = failed as PromiseRejectedResult;
    if (reason instanceof JetStreamApiError && NO_ROOM.has(reason.code)) throw new QueueFull(`stream ${this.options.stream} is full`, { cause: reason });
    throw this.#unavailable(reason);
  }

  async take(max: number): Promise<readonly QueueMessage[]> {
    while (this.#open) {
      const taken: QueueMessage[] = [];
      try {
        const messages = await this.consumer.fetch({ max_messages: max, expires: FETCH_MS });
        for await (const message of messages) taken.push(this.#hold(message));
      } catch (error) {
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

  #hold(message: JsMsg): QueueMessage {
    this.#held.set(message.seq, message);
    this.#behind = message.info.pending;
    return { seq: message.seq, body: message.json<object>() };
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
  const existing = await manager.streams.info(stream).then(() => true, () => false);
  if (!existing) await makeLargest(manager, stream, replicas, bytes);
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
      discard: DiscardPolicy.New, max_bytes: bytes, num_replicas: replicas,
    });
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || !NO_STORAGE.has(error.code) || bytes / 2 < BYTES_MIN) throw error;
    await makeLargest(manager, stream, replicas, Math.floor(bytes / 2));
  }
}

/** Made anew each time: so it begins with the oldest message that was never acknowledged, at once. */
async function makeConsumer(manager: JetStreamManager, connection: NatsConnection, options: JetStreamQueueOptions): Promise<Consumer> {
  const { stream, queue, domain } = options;
  const name = token(queue).replaceAll('=', '_');
  await manager.consumers.delete(stream, name).catch(() => false);
  await manager.consumers.add(stream, {
    durable_name: name, ack_policy: AckPolicy.Explicit, ack_wait: nanos(ACK_WAIT_MS), max_ack_pending: -1, deliver_policy: DeliverPolicy.All,
    filter_subject: subjectOf(options),
  });
  return jetstream(connection, { timeout: WRITE_TIMEOUT_MS, ...(domain === undefined ? {} : { domain }) }).consumers.get(stream, name);
}
