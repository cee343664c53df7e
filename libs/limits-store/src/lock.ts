/**
 * One change at a time in a data centre: what a change is checked against must not change meanwhile. The lock is a key of the bucket; its revision is
 * later than all that was written before, so whoever has read up to it has read everything.
 */
import { type KeyValue, KeyValueUnavailable, RevisionConflict } from '#cluster';
import type { Clock } from '#kernel';
import { LOCK_KEY } from './stored.js';

/** Of who died with it. Long changes renew it. */
const LOCK_MS = 30_000;
const RENEW_MS = 10_000;
const AGAIN_MS = 50;
const PATIENCE_MS = 5_000;

export class Lock {
  #atMs: number;
  #renewal: Promise<void> | undefined;

  private constructor(readonly revision: number, private held: number, private readonly bucket: KeyValue, private readonly clock: Clock) {
    this.#atMs = clock.nowMs();
  }

  /** @throws KeyValueUnavailable when somebody else has it for 5 s */
  static async take(bucket: KeyValue, clock: Clock): Promise<Lock> {
    const untilMs = clock.nowMs() + PATIENCE_MS;
    for (;;) {
      try {
        const revision = await bucket.create(LOCK_KEY, { atMs: clock.nowMs() }, { ttlMs: LOCK_MS });
        return new Lock(revision, revision, bucket, clock);
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw error;
        if (clock.nowMs() >= untilMs) throw new KeyValueUnavailable('another change of the call limits is under way');
        await new Promise<void>((resolve) => void clock.setTimer(AGAIN_MS, resolve));
      }
    }
  }

  /** For changes of many keys, between them; several writers may ask at once. @throws RevisionConflict when it was lost */
  renew(): Promise<void> {
    if (this.clock.nowMs() < this.#atMs + RENEW_MS) return Promise.resolve();
    this.#renewal ??= this.#renewNow().finally(() => { this.#renewal = undefined; });
    return this.#renewal;
  }

  async release(): Promise<void> {
    // Lost, or the store is away: it ends by itself.
    await this.bucket.delete(LOCK_KEY, this.held).catch(() => {});
  }

  async #renewNow(): Promise<void> {
    const nowMs = this.clock.nowMs();
    this.held = await this.bucket.update(LOCK_KEY, { atMs: nowMs }, this.held, { ttlMs: LOCK_MS });
    this.#atMs = nowMs;
  }
}
