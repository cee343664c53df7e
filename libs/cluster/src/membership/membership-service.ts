/** Runs `Membership` over the bus: says each second that this instance lives, and hears the others. */
import type { Clock, Log, Timer } from '#kernel';
import type { Bus, BusSubscription } from '../bus/port.js';
import { subjects } from '../subjects.js';
import { type MemberHeartbeat, Membership, type MembershipChange } from './membership.js';

export interface MembershipPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
}

export type MembershipListener<H extends MemberHeartbeat> = (change: MembershipChange<H>) => void;

const BEAT_MS = 1_000;
/** A process whose beats are further apart stood still (docs/specs/cluster-protocol.md, "Heartbeats"). */
const PAUSE_MS = 3_000;

export class MembershipService<H extends MemberHeartbeat = MemberHeartbeat> {
  readonly #machine = new Membership<H>();
  readonly #changes: MembershipChange<H>[] = [];
  readonly #listeners = new Set<MembershipListener<H>>();
  #subscription: BusSubscription | undefined;
  #beatTimer: Timer | undefined;
  #downTimer: Timer | undefined;
  #lastBeatMs = 0;

  /** `describe` is asked for each beat, so that load and draining are those of the moment. */
  constructor(private readonly ports: MembershipPorts, private readonly describe: () => H) {}

  start(): void {
    this.#subscription = this.ports.bus.subscribe(subjects.allAlive, (message) => this.#heard(message as H));
    this.#lastBeatMs = this.ports.clock.nowMs();
    this.#beat();
  }

  /** Beats now and not only within the second: after a change of role or draining. */
  announce(): void {
    const self = this.describe();
    this.#feed(self);
    this.ports.bus.publish(subjects.alive(self.instance), self);
  }

  /** Closes, and tells the others, who then need not wait until it is unheard for too long. */
  leave(): void {
    const self = this.describe();
    this.ports.bus.publish(subjects.alive(self.instance), { ...self, leaving: true });
    this.close();
  }

  /** Living members, this instance included. */
  members(tier?: H['tier'], dataCentre?: string): H[] {
    return this.#machine.members(tier, dataCentre);
  }

  member(instance: string): H | undefined {
    return this.#machine.member(instance);
  }

  /** Hears changes from now on, this instance's own included; answers how to stop. */
  onChange(listener: MembershipListener<H>): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#subscription?.unsubscribe();
    this.#beatTimer?.cancel();
    this.#downTimer?.cancel();
    this.#listeners.clear();
  }

  #beat(): void {
    const nowMs = this.ports.clock.nowMs();
    const forMs = nowMs - this.#lastBeatMs;
    this.#lastBeatMs = nowMs;
    if (forMs > PAUSE_MS) this.#machine.on({ kind: 'paused', forMs, nowMs }, this.#changes);
    this.announce();
    this.#beatTimer = this.ports.clock.setTimer(BEAT_MS, () => this.#beat());
  }

  #heard(heartbeat: H): void {
    const self = this.describe();
    if (heartbeat.instance === self.instance) {
      if (heartbeat.bootEpoch !== self.bootEpoch && heartbeat.leaving !== true) this.#reportTwin(heartbeat);
      return;
    }
    // Whoever is new learns of us at once instead of within a second.
    if (heartbeat.leaving !== true && this.#machine.member(heartbeat.instance)?.bootEpoch !== heartbeat.bootEpoch) {
      this.ports.bus.publish(subjects.alive(self.instance), self);
    }
    this.#feed(heartbeat);
  }

  #reportTwin(twin: H): void {
    this.ports.log.error('another process uses the name of this instance: give each its own application name', {
      instance: twin.instance, node: twin.node, bootEpoch: twin.bootEpoch,
    });
  }

  #feed(heartbeat: H): void {
    this.#machine.on({ kind: 'heartbeat', heartbeat, nowMs: this.ports.clock.nowMs() }, this.#changes);
    this.#drain();
    if (this.#downTimer === undefined) this.#armDown();
  }

  #armDown(): void {
    const deadlineMs = this.#machine.deadlineMs();
    if (deadlineMs === undefined) return;
    this.#downTimer = this.ports.clock.setTimer(deadlineMs - this.ports.clock.nowMs(), () => this.#checkDown());
  }

  #checkDown(): void {
    this.#downTimer = undefined;
    const nowMs = this.ports.clock.nowMs();
    // After a pause this timer may come before the beat that notices it; the beat then speaks first.
    if (nowMs - this.#lastBeatMs <= PAUSE_MS) {
      this.#machine.on({ kind: 'timer', nowMs }, this.#changes);
      this.#drain();
    }
    this.#armDown();
  }

  #drain(): void {
    for (let change = this.#changes.shift(); change !== undefined; change = this.#changes.shift()) {
      for (const listener of this.#listeners) listener(change);
    }
  }
}
