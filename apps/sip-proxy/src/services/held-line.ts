/** Performs what the lifeline of one address of a server decides. */
import type { Clock, Counter, Timer } from '#kernel';
import type { IdleLine, IdleLines } from '#sip';
import type { LifelineEffect, LifelineInput } from '../machines/lifeline.js';
import type { ServerHalf } from '../machines/server-pool.js';

export interface HeldLinePorts {
  readonly clock: Clock;
  readonly lines: IdleLines;
  readonly dialled: Counter;
}

export type LineNews = LifelineEffect & { readonly kind: 'found' | 'suspected' | 'lost' };

export class HeldLine {
  readonly #effects: LifelineEffect[] = [];
  #line: IdleLine | undefined;
  #timer: Timer | undefined;

  constructor(private readonly half: ServerHalf, private readonly ports: HeldLinePorts, private readonly tell: (news: LineNews) => void) {}

  on(input: LifelineInput): void {
    this.half.lifeline.on(input, this.#effects);
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) this.#perform(effect);
  }

  #perform(effect: LifelineEffect): void {
    switch (effect.kind) {
      case 'dial': return this.#dial();
      case 'hangUp': return this.#hangUp();
      case 'ping': return this.#line?.ping();
      case 'setTimer': return this.#setTimer(effect.ms);
      case 'clearTimer': return this.#timer?.cancel();
      default: return this.tell(effect);
    }
  }

  #dial(): void {
    const { host, port } = this.half;
    this.ports.dialled.add();
    this.#line = this.ports.lines.dial(host, port, {
      opened: () => this.on({ kind: 'opened' }),
      closed: (reason) => this.on({ kind: 'closed', reason }),
    });
  }

  #hangUp(): void {
    this.#line?.close();
    this.#line = undefined;
  }

  #setTimer(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.ports.clock.setTimer(ms, () => this.on({ kind: 'timer' }));
  }
}
