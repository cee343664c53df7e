/**
 * The bus between tiers. At most once, in order per publisher and subject; a message may be lost when a link breaks, so
 * whatever must not be lost is numbered and repaired by its receiver (docs/specs/cluster-protocol.md).
 */

/** JSON-compatible plain data. Immutable once published: the in-process driver hands out the same object. */
export type BusMessage = object;

export interface BusDelivery {
  readonly subject: string;
  /** Present on a request: answers it. Further calls do nothing. */
  readonly respond?: (message: BusMessage) => void;
}

export type BusHandler = (message: BusMessage, delivery: BusDelivery) => void;

/** How a request ended. `no-responders` is known at once, without waiting for the deadline. */
export type BusReply =
  | { readonly kind: 'reply'; readonly message: BusMessage }
  | { readonly kind: 'no-responders' }
  | { readonly kind: 'timeout' };

export interface BusSubscription {
  unsubscribe(): void;
}

export interface Bus {
  publish(subject: string, message: BusMessage): void;
  /** `*` stands for one token, `>` for the rest. Members of one `queue` share the messages. Never calls back synchronously. */
  subscribe(pattern: string, handler: BusHandler, options?: { readonly queue?: string }): BusSubscription;
  /** Calls `done` exactly once, never synchronously. */
  request(subject: string, message: BusMessage, timeoutMs: number, done: (reply: BusReply) => void): void;
  /** Whether messages can leave this process now; the in-process driver always can. */
  readonly connected: boolean;
  /** Bytes that wait in this process to leave it; absent where nothing ever waits. */
  readonly queuedBytes?: number;
  /** Resolves when what was published and subscribed before has reached the server. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
