/** What must not be lost between hearing of something and having dealt with it. One process writes a queue and reads it. */

export interface QueueEntry {
  /** The same for what is appended again after an error; a driver may drop such a double. At most 200 characters. */
  readonly id: string;
  readonly body: object;
}

export interface QueueMessage {
  /** What `ack` takes. */
  readonly seq: number;
  readonly body: object;
}

/** Thrown when the queue cannot take or give anything now. Retryable. */
export class QueueUnavailable extends Error {
  readonly code = 'QUEUE_UNAVAILABLE';
}

/** Thrown when there is no room: nothing of the batch was taken. Retryable, once messages were acknowledged. */
export class QueueFull extends Error {
  readonly code = 'QUEUE_FULL';
}

export interface DurableQueue {
  /**
   * Resolves when all of it outlives this process. After QueueUnavailable some of it may be kept: repeat the batch.
   *
   * @throws QueueUnavailable, QueueFull
   */
  append(entries: readonly QueueEntry[]): Promise<void>;
  /**
   * The next messages in the order in which they were appended, at least one, at most `max`; waits for the first. Whoever opens the
   * queue begins with the oldest that was never acknowledged. One `take` at a time. Resolves with none when the queue is closed.
   *
   * @throws QueueUnavailable
   */
  take(max: number): Promise<readonly QueueMessage[]>;
  /** These are dealt with, and never come again. In that order, when some are lost on the way the later ones. @throws QueueUnavailable */
  ack(seqs: readonly number[]): Promise<void>;
  /** A small value by name, beside the queue, such as how far a source was read. May be a little older than what was appended. @throws QueueUnavailable */
  mark(name: string, value: object): Promise<void>;
  marked(name: string): Promise<object | undefined>;
  /** Messages that are not acknowledged. */
  readonly length: number;
  close(): Promise<void>;
}

export interface QueueLimits {
  /** Of bodies as JSON, together. */
  readonly bytes: number;
}

export const QUEUE_LIMITS: QueueLimits = { bytes: 1_073_741_824 };
