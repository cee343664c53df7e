/** Time that stands still until it is told to move. Ten minutes of a cluster take as long as what happens in them. */
import { assert, type Clock, type Timer } from '#kernel';

/** 2026-01-01T00:00:00Z: a fixed day, so that traces repeat. */
const START_MS = 1_767_225_600_000;

/** Steps after which `run` and `advance` call a history endless. */
const STEPS_MAX = 10_000_000;

class VirtualTimer implements Timer {
  fire: (() => void) | undefined;

  constructor(readonly dueMs: number, readonly order: number, fire: () => void) {
    this.fire = fire;
  }

  cancel(): void {
    this.fire = undefined;
  }
}

export class VirtualClock implements Clock {
  /** Binary min-heap by due time, then by the order of setting. */
  readonly #heap: VirtualTimer[] = [];
  #nowMs: number;
  #order = 0;

  constructor(startMs: number = START_MS) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = new VirtualTimer(this.#nowMs + Math.max(0, delayMs), this.#order, fire);
    this.#order += 1;
    this.#push(timer);
    return timer;
  }

  /** When the next timer is due, if any is set. */
  nextDueMs(): number | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (top.fire !== undefined) return top.dueMs;
      this.#pop();
    }
    return undefined;
  }

  /** Moves to the next deadline and fires that one timer. False when none is set, or none by `untilMs`. */
  step(untilMs = Infinity): boolean {
    const dueMs = this.nextDueMs();
    if (dueMs === undefined || dueMs > untilMs) return false;
    const { fire } = this.#pop() as VirtualTimer;
    this.#nowMs = Math.max(this.#nowMs, dueMs);
    (fire as () => void)();
    return true;
  }

  /** Moves on by `ms` and fires what comes due, without letting promises settle in between. */
  skip(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.step(untilMs));
    this.#nowMs = untilMs;
  }

  /** Moves on by `ms`; after each timer all microtasks run, so that each step ends before the next begins. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (let steps = 0; this.step(untilMs); steps += 1) {
      assert(steps < STEPS_MAX, `more than ${STEPS_MAX} timers within ${ms} ms: something sets timers without end`);
      await settle();
    }
    this.#nowMs = untilMs;
  }

  #push(timer: VirtualTimer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isEarlier(timer, heap[parent] as VirtualTimer)) break;
      heap[at] = heap[parent] as VirtualTimer;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): VirtualTimer | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return top;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isEarlier(heap[child + 1] as VirtualTimer, heap[child] as VirtualTimer)) child += 1;
      if (!isEarlier(heap[child] as VirtualTimer, last)) break;
      heap[at] = heap[child] as VirtualTimer;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function isEarlier(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** Resolves when every microtask, and what they start, has run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
