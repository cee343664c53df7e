/** A machine of the simulated cluster: it can stand still, die, and come back. */
import { BoundedQueue, type Clock, type Timer } from '#kernel';
import type { VirtualClock } from './virtual-clock.js';

/** What reaches a paused node waits, as in the socket buffers of a stopped process. Beyond it, it is lost. */
const WAITING_MAX = 65_536;

export type NodeState = 'Running' | 'Paused' | 'Dead';

export class SimNode {
  /** Its processes' time: their timers wait while the node is paused, and die with it. */
  readonly clock: Clock = {
    nowMs: () => this.world.nowMs(),
    setTimer: (delayMs, fire) => this.#setTimer(delayMs, fire),
  };

  #state: NodeState = 'Running';
  #life = 1;
  readonly #waiting = new BoundedQueue<() => void>(WAITING_MAX);
  readonly #onDeath = new Set<() => void>();

  constructor(readonly name: string, private readonly world: VirtualClock) {}

  get state(): NodeState {
    return this.#state;
  }

  /** Counts its lives; what one life started does not reach into the next. */
  get life(): number {
    return this.#life;
  }

  /** Runs it now, later when paused, never when that life is over. */
  run(life: number, work: () => void): void {
    if (life !== this.#life || this.#state === 'Dead') return;
    if (this.#state === 'Running') work();
    else this.#waiting.push(() => this.run(life, work));
  }

  pause(): void {
    if (this.#state === 'Running') this.#state = 'Paused';
  }

  resume(): void {
    if (this.#state !== 'Paused') return;
    this.#state = 'Running';
    // What it does first may stop it again.
    while (this.state === 'Running') {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      work();
    }
  }

  /** Whatever the node held is gone, without a goodbye. */
  crash(): void {
    if (this.#state === 'Dead') return;
    this.#state = 'Dead';
    this.#waiting.clear();
    for (const mourn of this.#onDeath) mourn();
    this.#onDeath.clear();
  }

  revive(): void {
    if (this.#state !== 'Dead') return;
    this.#state = 'Running';
    this.#life += 1;
  }

  /** For the parts of this simulation that stand for the kernel and the servers: they see a process die. */
  onDeath(mourn: () => void): void {
    this.#onDeath.add(mourn);
  }

  #setTimer(delayMs: number, fire: () => void): Timer {
    const life = this.#life;
    let cancelled = false;
    const timer = this.world.setTimer(delayMs, () => this.run(life, () => {
      // It may have been cancelled while the node stood still, after it came due.
      if (!cancelled) fire();
    }));
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }
}
