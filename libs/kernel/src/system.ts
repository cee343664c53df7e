/** The real clock and the real randomness. Only composition roots and `bench/` import these. */
import { randomBytes, randomFillSync } from 'node:crypto';
import type { Clock, Timer } from './clock.js';
import type { Entropy } from './entropy.js';
import { TimerWheel } from './timer-wheel.js';

/** Epoch time that follows the monotonic clock, so that it never jumps back. */
export class SystemClock implements Clock {
  readonly #originMs: number;
  /** Without a live timer nothing keeps the process awake. */
  readonly #wheel = new TimerWheel(() => this.#sleep());
  #wakeUp: NodeJS.Timeout | undefined;
  #wakeUpAtMs = Infinity;

  /** `offsetMs`: how much ahead of the machine's clock this one is; drills and tests of wrong clocks give it. */
  constructor(offsetMs = 0) {
    this.#originMs = Date.now() - performance.now() + offsetMs;
  }

  nowMs(): number {
    return this.#originMs + performance.now();
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const dueMs = this.nowMs() + Math.max(0, delayMs);
    const timer = this.#wheel.add(dueMs, fire);
    this.#wakeAt(dueMs);
    return timer;
  }

  #wakeAt(dueMs: number): void {
    if (dueMs >= this.#wakeUpAtMs) return;
    clearTimeout(this.#wakeUp);
    this.#wakeUpAtMs = dueMs;
    this.#wakeUp = setTimeout(() => this.#run(), Math.max(1, Math.ceil(dueMs - this.nowMs())));
  }

  #sleep(): void {
    clearTimeout(this.#wakeUp);
    this.#wakeUpAtMs = Infinity;
  }

  #run(): void {
    this.#wakeUpAtMs = Infinity;
    const nextMs = this.#wheel.run(this.nowMs());
    if (nextMs !== undefined) this.#wakeAt(nextMs);
  }
}

const POOL_BYTES = 65_536;

/** `node:crypto`, drawn in blocks: a draw of a few bytes costs no system call. */
export class SystemEntropy implements Entropy {
  readonly #pool = Buffer.allocUnsafe(POOL_BYTES);
  #used = POOL_BYTES;

  uint32(): number {
    return this.#take(4).readUInt32LE(0);
  }

  hex(count: number): string {
    return this.#take(Math.ceil(count / 2)).toString('hex').slice(0, count);
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(this.#take(count));
  }

  #take(count: number): Buffer {
    if (count > POOL_BYTES) return randomBytes(count);
    if (this.#used + count > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    this.#used += count;
    return this.#pool.subarray(this.#used - count, this.#used);
  }
}
