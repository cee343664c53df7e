/**
 * A process' connection to one Redis, with its state as health: a command that gets no answer within a second means that the server
 * is down until it has been connected anew. Never queues a command: what cannot be sent now fails now.
 */
import type { Clock, Log, Meter, Timer } from '#kernel';
import { Redis, type RedisOptions } from 'ioredis';
import { StoreUnavailable } from '../unavailable.js';

const ANSWER_MS = 1_000;
const PING_EACH_MS = 1_000;
/** A connection that is not ready after this time is begun anew. */
const PATIENCE_MS = 3_000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 1_000;

export interface RedisLinkOptions {
  /** `redis://[[user]:password@]host:port[/db]`, `rediss://` for TLS. */
  readonly url: string;
  /** Names the store in metrics and messages. */
  readonly store: string;
  /** Heard while connected. */
  readonly channel?: string;
}

export interface RedisLinkPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface RedisLinkEvents {
  /** Connected, and subscribed. `runId` is another one after each start of the server. */
  onUp(runId: string): void;
  onMessage?(text: string): void;
}

export class RedisLink {
  readonly #commands: Redis;
  readonly #subscriber: Redis | undefined;
  #isUp = false;
  #isClosed = false;
  #isConnecting = false;
  #downSinceMs: number;
  #reason = 'not connected yet';
  #wasReported = false;
  #pingTimer: Timer | undefined;

  constructor(private readonly options: RedisLinkOptions, private readonly ports: RedisLinkPorts, private readonly events: RedisLinkEvents) {
    this.#downSinceMs = ports.clock.nowMs();
    ports.meter.gauge('store_up', 'Whether the server of a store answers', () => Number(this.#isUp), { store: options.store });
    this.#commands = this.#connect();
    this.#subscriber = options.channel === undefined ? undefined : this.#connect();
    this.#subscriber?.on('message', (_channel: string, text: string) => this.events.onMessage?.(text));
    this.#pingLater();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** @throws StoreUnavailable at once while it is down, or after a second without an answer. Errors of the command itself come as they are. */
  async run<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.#isUp) throw new StoreUnavailable(this.options.store, this.#reason);
    return this.#answered(command(this.#commands));
  }

  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    this.#pingTimer?.cancel();
    this.#commands.disconnect();
    this.#subscriber?.disconnect();
  }

  #connect(): Redis {
    const options: RedisOptions = {
      connectTimeout: ANSWER_MS,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(times * RETRY_MS_MIN, RETRY_MS_MAX),
    };
    const redis = new Redis(this.options.url, options);
    redis.on('ready', () => void this.#becomeReady());
    redis.on('close', () => this.#down('the connection was closed'));
    redis.on('error', (error: Error) => this.#down(error.message));
    return redis;
  }

  async #becomeReady(): Promise<void> {
    const isReady = this.#commands.status === 'ready' && (this.#subscriber === undefined || this.#subscriber.status === 'ready');
    if (!isReady || this.#isUp || this.#isConnecting || this.#isClosed) return;
    this.#isConnecting = true;
    try {
      if (this.options.channel !== undefined) await this.#answered((this.#subscriber as Redis).subscribe(this.options.channel));
      const info = await this.#answered(this.#commands.info('server'));
      if (this.#isClosed) return;
      this.#up(/run_id:(\w+)/.exec(info)?.[1] ?? '');
    } catch (error) {
      this.#renew((error as Error).message);
    } finally {
      this.#isConnecting = false;
    }
  }

  #up(runId: string): void {
    this.#isUp = true;
    if (this.#wasReported) this.ports.log.info('a store answers again', { store: this.options.store });
    this.#wasReported = false;
    this.events.onUp(runId);
  }

  #down(reason: string): void {
    if (this.#isClosed) return;
    this.#reason = reason;
    if (this.#isUp) this.#downSinceMs = this.ports.clock.nowMs();
    this.#isUp = false;
    if (this.#wasReported) return;
    this.#wasReported = true;
    this.ports.log.warn('a store does not answer', { store: this.options.store, server: withoutSecret(this.options.url), reason });
  }

  /** A frozen server holds its connections open, so they are given up from this side. */
  #renew(reason: string): void {
    this.#down(reason);
    this.#downSinceMs = this.ports.clock.nowMs();
    this.#commands.disconnect(!this.#isClosed);
    this.#subscriber?.disconnect(!this.#isClosed);
  }

  #answered<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const patience = this.ports.clock.setTimer(ANSWER_MS, () => {
        const reason = `no answer within ${ANSWER_MS} ms`;
        reject(new StoreUnavailable(this.options.store, reason));
        this.#renew(reason);
      });
      answer.then(resolve, (error: Error) => {
        if (isReply(error)) return reject(error);
        // A command may hear of the end of its connection before the connection says so.
        this.#down(error.message);
        reject(new StoreUnavailable(this.options.store, error.message));
      }).finally(() => patience.cancel());
    });
  }

  #pingLater(): void {
    this.#pingTimer = this.ports.clock.setTimer(PING_EACH_MS, () => {
      if (this.#isUp) this.run((redis) => redis.ping()).catch(() => undefined);
      else if (this.ports.clock.nowMs() - this.#downSinceMs >= PATIENCE_MS) this.#renew(this.#reason);
      this.#pingLater();
    });
  }
}

/** The server answered, if by an error. */
const isReply = (error: Error): boolean => error.name === 'ReplyError';

/** A URL as it may be shown. */
export function withoutSecret(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.protocol}//${parsed.host}${parsed.pathname === '/' ? '' : parsed.pathname}`;
  } catch {
    return '(not a URL)';
  }
}
