/** Tells the owned DNs which session controllers are heard, dead, or behind a cut (docs/specs/ownership.md). */
import type { Clock, Timer } from '#kernel';
import { FarControllers, type FarEffect, type FarInput, type Heartbeat } from '#telephony';

export interface SessionControllerPorts {
  readonly clock: Clock;
  /** All who are heard. */
  members(): readonly Heartbeat[];
  silent(node: string): void;
  cutOff(node: string, dataCentre: string): void;
  dead(node: string): void;
  back(node: string): void;
}

const LOOK_EVERY_MS = 500;

export class SessionControllers {
  readonly #machine: FarControllers;
  #timer: Timer | undefined;

  constructor(dataCentre: string, private readonly ports: SessionControllerPorts) {
    this.#machine = new FarControllers(dataCentre);
  }

  up({ node }: Heartbeat): void {
    this.#run({ kind: 'up', node });
  }

  down({ node, dataCentre }: Pick<Heartbeat, 'node' | 'dataCentre'>): void {
    this.#run({ kind: 'down', node, dataCentre, nowMs: this.ports.clock.nowMs() });
    if (this.#timer === undefined) this.#look();
  }

  /** A new process in its place: whatever the old one had is gone. */
  restarted({ node }: Heartbeat): void {
    this.#perform({ kind: 'dead', node });
    this.#run({ kind: 'up', node });
  }

  close(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#machine.waiting) return;
    this.#timer = this.ports.clock.setTimer(LOOK_EVERY_MS, () => {
      this.#run({ kind: 'tick', heard: (dataCentre, but) => this.#isHeard(dataCentre, but), nowMs: this.ports.clock.nowMs() });
      this.#look();
    });
  }

  #isHeard(dataCentre: string, but: string): boolean {
    return this.ports.members().some((member) => member.dataCentre === dataCentre && member.node !== but);
  }

  #run(input: FarInput): void {
    const effects: FarEffect[] = [];
    this.#machine.on(input, effects);
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: FarEffect): void {
    switch (effect.kind) {
      case 'silent': return this.ports.silent(effect.node);
      case 'cutOff': return this.ports.cutOff(effect.node, effect.dataCentre);
      case 'dead': return this.ports.dead(effect.node);
      case 'back': return this.ports.back(effect.node);
    }
  }
}
