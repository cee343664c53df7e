/**
 * Deadlines of a process in one structure. Most timers of a SIP stack are cancelled before they are due, so adding and
 * cancelling are O(1): a timer joins the bucket of its due time, a cancelled one leaves its place there empty.
 */
import type { Timer } from './clock.js';

const SLOT_MS = 8;

type Bucket = (WheelTimer | undefined)[];

class WheelTimer implements Timer {
  fire: (() => void) | undefined;

  constructor(fire: () => void, private readonly bucket: Bucket, private readonly at: number, private readonly wheel: TimerWheel) {
    this.fire = fire;
  }

  /** Its bucket may not come up for minutes, and then it has nothing of the timer. */
  cancel(): void {
    if (this.fire === undefined) return;
    this.fire = undefined;
    const { bucket } = this;
    bucket[this.at] = undefined;
    while (bucket.length > 0 && bucket[bucket.length - 1] === undefined) bucket.pop();
    this.wheel.cancelled();
  }
}

export class TimerWheel {
  readonly #slots = new Map<number, Bucket>();
  /** Slot numbers in use, as a binary min-heap. */
  readonly #order: number[] = [];
  #live = 0;

  /** `idle` is called whenever the last live timer was cancelled. */
  constructor(private readonly idle: () => void = () => {}) {}

  /** Timers that are set and neither fired nor cancelled. */
  get live(): number {
    return this.#live;
  }

  add(dueMs: number, fire: () => void): Timer {
    // Rounded up: a timer is never early, and late by less than one slot.
    const slot = Math.ceil(dueMs / SLOT_MS);
    const bucket = this.#slots.get(slot) ?? this.#open(slot);
    const timer = new WheelTimer(fire, bucket, bucket.length, this);
    bucket.push(timer);
    this.#live += 1;
    return timer;
  }

  #open(slot: number): Bucket {
    const bucket: Bucket = [];
    this.#slots.set(slot, bucket);
    this.#push(slot);
    return bucket;
  }

  cancelled(): void {
    this.#live -= 1;
    if (this.#live === 0) this.idle();
  }

  /** Fires everything due at `nowMs`, in order of its slot. Answers when the next slot is due, if any. */
  run(nowMs: number): number | undefined {
    while (this.#order.length > 0 && (this.#order[0] as number) * SLOT_MS <= nowMs) {
      const slot = this.#pop();
      const bucket = this.#slots.get(slot) as Bucket;
      this.#slots.delete(slot);
      for (const timer of bucket) {
        if (timer?.fire === undefined) continue;
        const { fire } = timer;
        timer.fire = undefined;
        this.#live -= 1;
        fire();
      }
    }
    if (this.#live === 0) this.#forget();
    return this.#order.length === 0 ? undefined : (this.#order[0] as number) * SLOT_MS;
  }

  /** Only cancelled ones are left: nobody needs to wake up for them. */
  #forget(): void {
    this.#slots.clear();
    this.#order.length = 0;
  }

  #push(slot: number): void {
    const heap = this.#order;
    let at = heap.push(slot) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as number) <= slot) break;
      heap[at] = heap[parent] as number;
      at = parent;
    }
    heap[at] = slot;
  }

  #pop(): number {
    const heap = this.#order;
    const least = heap[0] as number;
    const last = heap.pop() as number;
    if (heap.length === 0) return least;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
      if ((heap[child] as number) >= last) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = last;
    return least;
  }
}
