/** Two halves, KeyValue, proxies and everything that can happen between them, on one true clock. */
import { SeededEntropy, VirtualClock } from '#simulation';
import { PairMachine } from './pair-machine.js';
import { PAIR, type Lease, type PairEffect, type PairInput, type PairMessage, type SeenLease } from './pair-machine.types.js';
import { ReplicaCopy } from './replica-copy.js';
import type { ReplicaMessage, ReplicaState } from './replica-messages.js';
import { ReplicaSource } from './replica-source.js';

const KV_TIMEOUT_MS = PAIR.LEASE_ANSWER_MS;

/** A tier that removed everything is told like one that put nothing. */
export const written = (state: ReplicaState): string =>
  JSON.stringify([...state].filter(([, values]) => values.size > 0).map(([tier, values]) => [tier, [...values].sort()]).sort());

/** One process. Everything that happens to it waits while it is paused. */
export class Half {
  machine: PairMachine;
  copy: ReplicaCopy;
  source: ReplicaSource | undefined;
  live = true;
  paused = false;
  reachesKv = true;
  readonly reachesProxy: boolean[];
  life = 0;
  #waiting: (() => void)[] = [];
  readonly #effects: PairEffect[] = [];
  readonly #frames: ReplicaMessage[] = [];

  constructor(readonly name: string, private readonly place: 0 | 1, public offsetMs: number, private readonly world: PairWorld) {
    this.reachesProxy = world.proxies.map(() => true);
    this.machine = new PairMachine(name, place, world.proxies.length);
    this.copy = new ReplicaCopy(name);
  }

  get nowMs(): number {
    return this.world.clock.nowMs() + this.offsetMs;
  }

  get isOpen(): boolean {
    return this.live && this.machine.isOpen(this.nowMs);
  }

  boot(): void {
    this.live = true;
    this.paused = false;
    this.life += 1;
    this.#waiting = [];
    this.machine = new PairMachine(this.name, this.place, this.world.proxies.length);
    this.copy = new ReplicaCopy(this.name);
    this.source = undefined;
    this.input({ kind: 'start', nowMs: this.nowMs });
    this.#tick(this.life);
  }

  crash(): void {
    this.live = false;
    this.life += 1;
    this.#waiting = [];
  }

  resume(): void {
    this.paused = false;
    for (const work of this.#waiting.splice(0)) this.run(this.life, work);
  }

  run(life: number, work: () => void): void {
    if (life !== this.life || !this.live) return;
    if (this.paused) return void this.#waiting.push(work);
    work();
    this.world.check();
  }

  input(input: PairInput): void {
    this.machine.on(input, this.#effects);
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) this.#perform(effect);
  }

  hear(message: PairMessage | ReplicaMessage): void {
    if (message.kind === 'frame' || message.kind === 'at' || message.kind === 'got' || message.kind === 'want') {
      if (this.source !== undefined) this.source.on(message, this.#frames);
      else this.copy.on(message, this.nowMs, this.#frames);
      this.#send();
      this.#tellCopy();
    } else {
      this.input({ kind: 'heard', message, nowMs: this.nowMs });
    }
  }

  put(key: string, value: object | undefined): void {
    if (!this.isOpen || this.source === undefined) return;
    this.source.put('t', key, value);
    this.source.flush(this.#frames);
    this.world.flushed(this.source);
    this.#send();
  }

  #tellCopy(): void {
    this.input({ kind: 'copy', epoch: this.copy.complete ? this.copy.epoch : 0 });
  }

  #send(): void {
    for (const frame of this.#frames.splice(0)) this.world.carry(this, frame);
  }

  #tick(life: number): void {
    this.world.clock.setTimer(PAIR.TICK_MS, () => {
      if (life !== this.life) return;
      this.run(life, () => {
        this.input({ kind: 'tick', nowMs: this.nowMs });
        if (this.source === undefined) this.copy.tick(this.#frames);
        else this.source.beat(this.#frames);
        this.#send();
      });
      this.#tick(life);
    });
  }

  #perform(effect: PairEffect): void {
    const { world, life } = this;
    switch (effect.kind) {
      case 'send': return world.carry(this, effect.message);
      case 'readLease': return world.readLease(this, life, effect.askedMs);
      case 'writeLease': return world.writeLease(this, life, effect.lease, effect.revision);
      case 'askProxies': return world.askProxies(this, life, effect.question, effect.epoch);
      case 'becamePrimary': {
        const restored = effect.continues ? this.copy.state : new Map();
        if (effect.continues) world.restored(this.copy.epoch, written(restored));
        this.source = new ReplicaSource(this.name, effect.epoch, restored);
        world.flushed(this.source);
        this.copy.clear();
        return this.#tellCopy();
      }
      case 'handOver': return void world.clock.setTimer(20, () => this.run(life, () => this.input({ kind: 'handed', nowMs: this.nowMs })));
      case 'becameBackup':
        if (this.source !== undefined) this.copy.adopt(this.source.epoch, this.source.state);
        this.source = undefined;
        return this.#tellCopy();
    }
  }
}

interface Proxy {
  /** When it last vouched, and for which term; up to which terms it let go. */
  vouchedMs: number;
  letGo: number;
}

export class PairWorld {
  readonly clock = new VirtualClock(1_000_000_000_000);
  readonly entropy: SeededEntropy;
  readonly proxies: Proxy[];
  readonly a: Half;
  readonly b: Half;
  /** Share of messages between the halves that are lost. */
  loss = 0;
  delayMs = 5;
  cut = false;
  kvUp = true;
  /** Share of slow messages to and from KeyValue, and how slow they are. */
  kvSlow = 0.05;
  kvSlowMs = 900;
  /** Share of questions to KeyValue that get no answer, carried out or not. */
  kvLoss = 0;
  /** What becomes of a question to KeyValue, when it is not left to chance. */
  kvFate: (half: Half) => 'slow' | 'lost' | 'unheard' | undefined = () => undefined;
  readonly problems: string[] = [];
  takeovers = 0;
  #lease: SeenLease | undefined;
  #revision = 0;
  #arrivals = new Map<string, number>();
  readonly #states = new Map<number, string[]>();

  constructor(seed: number, proxies = 2) {
    this.entropy = new SeededEntropy(seed);
    this.proxies = Array.from({ length: proxies }, () => ({ vouchedMs: -Infinity, letGo: 0 }));
    this.a = new Half('a', 0, this.entropy.between(-5_000, 5_000), this);
    this.b = new Half('b', 1, this.entropy.between(-5_000, 5_000), this);
  }

  get halves(): readonly [Half, Half] {
    return [this.a, this.b];
  }

  get primary(): Half | undefined {
    return this.halves.find((half) => half.isOpen);
  }

  other(half: Half): Half {
    return half === this.a ? this.b : this.a;
  }

  /** At every instant at which anything happened. */
  check(): void {
    if (this.a.isOpen && this.b.isOpen) this.problems.push(`both act at ${this.clock.nowMs()}: ${this.a.machine.epoch} and ${this.b.machine.epoch}`);
  }

  /** Every state that went out in a term. */
  flushed(source: ReplicaSource): void {
    const states = this.#states.get(source.epoch);
    if (states === undefined) this.#states.set(source.epoch, [written(source.state)]);
    else states.push(written(source.state));
  }

  lastFlushed(epoch: number): string | undefined {
    return this.#states.get(epoch)?.at(-1);
  }

  restored(epoch: number, state: string): void {
    this.takeovers += 1;
    if (this.#states.get(epoch)?.includes(state) !== true) this.problems.push(`restored what nobody had flushed in ${epoch}: ${state}`);
  }

  carry(from: Half, message: PairMessage | ReplicaMessage): void {
    if (this.cut || this.entropy.chance(this.loss)) return;
    const to = this.other(from);
    // Of one publisher in order.
    const atMs = Math.max(this.clock.nowMs() + this.entropy.between(1, this.delayMs), this.#arrivals.get(from.name) ?? 0);
    this.#arrivals.set(from.name, atMs);
    this.clock.setTimer(atMs - this.clock.nowMs(), () => this.#deliver(to, to.life, message));
  }

  #deliver(to: Half, life: number, message: PairMessage | ReplicaMessage): void {
    if (!this.cut) to.run(life, () => to.hear(message));
  }

  readLease(half: Half, life: number, askedMs: number): void {
    this.#ask(half, life, askedMs, () => {
      const lease = this.#lease;
      return () => half.input({ kind: 'leaseRead', lease, askedMs, nowMs: half.nowMs });
    });
  }

  writeLease(half: Half, life: number, lease: Lease, revision: number | undefined): void {
    const { askedMs } = lease;
    this.#ask(half, life, askedMs, () => {
      if (this.#lease?.revision !== revision) return () => half.input({ kind: 'leaseRefused', revision, askedMs, nowMs: half.nowMs });
      this.#revision += 1;
      const seen = { ...lease, revision: this.#revision };
      this.#lease = seen;
      return () => half.input({ kind: 'leaseWritten', lease: seen, nowMs: half.nowMs });
    });
  }

  /** There and back; an answer that comes late is none, but what was asked for may have been done. */
  #ask(half: Half, life: number, askedMs: number, serve: () => () => void): void {
    let over = false;
    const end = (work: () => void): void => {
      if (over) return;
      over = true;
      half.run(life, work);
    };
    this.clock.setTimer(KV_TIMEOUT_MS, () => end(() => half.input({ kind: 'leaseFailed', askedMs, nowMs: half.nowMs })));
    const fate = this.kvFate(half) ?? this.#chance();
    const slow = fate === 'slow' ? this.kvSlowMs : 40;
    this.clock.setTimer(this.entropy.between(1, slow), () => {
      if (!this.kvUp || !half.reachesKv || fate === 'lost') return;
      const answer = serve();
      if (fate !== 'unheard') this.clock.setTimer(this.entropy.between(1, slow), () => end(answer));
    });
  }

  #chance(): 'slow' | 'lost' | 'unheard' | undefined {
    if (this.entropy.chance(this.kvLoss)) return this.entropy.chance(0.5) ? 'lost' : 'unheard';
    return this.entropy.chance(this.kvSlow) ? 'slow' : undefined;
  }

  askProxies(half: Half, life: number, question: 'vouch' | 'letGo', epoch: number): void {
    const askedMs = half.nowMs;
    this.proxies.forEach((proxy, i) => {
      if (half.reachesProxy[i] !== true) return;
      this.clock.setTimer(this.entropy.between(1, 60), () => {
        const yes = question === 'vouch' ? vouch(proxy, epoch, this.clock.nowMs()) : letGo(proxy, epoch, this.clock.nowMs());
        this.clock.setTimer(this.entropy.between(1, 60), () => half.run(life, () => {
          half.input({ kind: 'proxyAnswered', proxy: `p${i}`, question, epoch, yes, askedMs, nowMs: half.nowMs });
        }));
      });
    });
  }
}

function vouch(proxy: Proxy, epoch: number, nowMs: number): boolean {
  if (epoch <= proxy.letGo) return false;
  proxy.vouchedMs = nowMs;
  return true;
}

function letGo(proxy: Proxy, epoch: number, nowMs: number): boolean {
  if (nowMs - proxy.vouchedMs < PAIR.PROMISE_MS) return false;
  proxy.letGo = Math.max(proxy.letGo, epoch);
  return true;
}
