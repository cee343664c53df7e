/** Runs the machine of a pair's half over bus, KeyValue and clock: its messages, its lease, its replication (docs/specs/pairs.md). */
import {
  type Bus, type BusSubscription, type Fence, type KeyValue, type KeyValueStore, PAIR, type PairEffect, type PairInput, PairMachine, type PairMessage,
  ReplicaCopy, type ReplicaMessage, type ReplicaState, RevisionConflict, type SeenLease, subjects, token, type Way, Withheld,
} from '#cluster';
import type { Clock, Log, Timer } from '#kernel';
import type { HalfLink } from './pair-link.js';
import type { PairProxies } from './pair-proxies.js';
import type { ReachNotice } from './proxy-reach.js';
import { type OpenTerm, Term } from './term.js';

export interface PairServicePorts {
  readonly bus: Bus;
  readonly keyValues: KeyValueStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly proxies?: Pick<PairProxies, 'ask'> | undefined;
}

export interface PairSettings {
  readonly node: string;
  /** This half. */
  readonly process: string;
  /** Whether it is the second half of its node. */
  readonly isBackup: boolean;
  readonly dataCentre: string;
  /** How many proxies the data centre has. */
  readonly proxies: number;
}

export interface PairEvents {
  /** Start the tiers. */
  onPrimary(term: OpenTerm): void;
  /** The term is over: close the tiers without a word. */
  onBackup(otherLeads: boolean): void;
  /** The other half leads. */
  onFollowing(): void;
  onReach(notice: ReachNotice): void;
}

/** How long the backup may take to acknowledge the last entries of a hand-over. */
const FLUSH_MS = 1_000;
const FLUSH_CHECK_MS = 10;

/** Questions to KeyValue at a time. */
const ASKING_MAX = 8;

/** What KeyValue said, without when. */
type LeaseAnswer = WithoutNow<Extract<PairInput, { readonly kind: `lease${string}` }>>;
type WithoutNow<T> = T extends PairInput ? Omit<T, 'nowMs'> : never;

type Message = PairMessage | ReplicaMessage | ReachNotice;

export class PairService implements Fence {
  readonly #machine: PairMachine;
  readonly #copy: ReplicaCopy;
  readonly #effects: PairEffect[] = [];
  readonly #frames: ReplicaMessage[] = [];
  readonly #subject: string;
  readonly #framesSubject: string;
  #term: Term | undefined;
  #bucket: Promise<KeyValue> | undefined;
  #subscription: BusSubscription | undefined;
  /** As backup only. */
  #framesSubscription: BusSubscription | undefined;
  #timer: Timer | undefined;
  readonly #withheld: Withheld;
  /** Since when the term is unproven, as far as anybody noticed. */
  #doubtMs: number | undefined;
  #asking = 0;
  #closed = false;
  #isFollowing = false;
  switchovers = 0;
  doubts = 0;
  /** To the other half, beside the bus. */
  link: HalfLink | undefined;

  constructor(private readonly settings: PairSettings, private readonly ports: PairServicePorts, private readonly events: PairEvents) {
    this.#machine = new PairMachine(settings.process, settings.isBackup ? 1 : 0, settings.proxies);
    this.#copy = new ReplicaCopy(settings.process);
    this.#subject = subjects.pairSync(settings.node);
    this.#framesSubject = subjects.pairFrames(settings.node);
    this.#withheld = new Withheld(() => this.isOpen(), (error) => {
      ports.log.error('what waited for the proof of the term failed', { ...this.#names, error: String(error) });
    });
  }

  isOpen(): boolean {
    return this.#machine.isOpen(this.ports.clock.nowMs());
  }

  hold(way: Way, work: (passed: boolean) => void): boolean {
    const nowMs = this.ports.clock.nowMs();
    if (this.#closed || !this.#machine.isDoubtful(nowMs)) return false;
    this.#doubted(nowMs);
    return this.#withheld.hold(way, work);
  }

  /** Messages that ever waited for a proof. */
  get withheld(): number {
    return this.#withheld.total;
  }

  get #names(): { readonly node: string; readonly process: string } {
    return { node: this.settings.node, process: this.settings.process };
  }

  get isPrimary(): boolean {
    const { state } = this.#machine;
    return state === 'Primary' || state === 'Handing';
  }

  /** For operators: role, term, and how far the other half has what this one holds. */
  describe(): { readonly role: string; readonly state: string; readonly epoch: number; readonly entries: number; readonly [key: string]: unknown } {
    const { state, epoch, otherHeardMs } = this.#machine;
    const source = this.#term?.source;
    const heardMs = this.ports.clock.nowMs() - otherHeardMs;
    return {
      role: this.isPrimary ? 'primary' : 'backup',
      state: state === 'Primary' && !this.isOpen() ? 'Doubtful' : state,
      epoch,
      entries: source?.entries ?? this.#copy.entries,
      bytes: source?.bytes ?? null,
      lag: source?.lag ?? null,
      complete: source === undefined ? this.#copy.complete : true,
      ready: source !== undefined && this.switchoverProblem() === undefined,
      otherHeardMs: Number.isFinite(heardMs) ? Math.round(heardMs) : null,
      switchovers: this.switchovers,
    };
  }

  start(): void {
    this.#subscription = this.ports.bus.subscribe(this.#subject, (message) => this.heard(message as Message));
    this.#hearFrames();
    this.#input({ kind: 'start', nowMs: this.ports.clock.nowMs() });
    this.#tick();
  }

  #hearFrames(): void {
    this.#framesSubscription ??= this.ports.bus.subscribe(this.#framesSubject, (message) => this.heard(message as ReplicaMessage));
  }

  /** Why the role cannot be given away now. */
  switchoverProblem(): string | undefined {
    return this.#machine.switchoverProblem(this.ports.clock.nowMs());
  }

  switchover(): void {
    this.#input({ kind: 'switchover', nowMs: this.ports.clock.nowMs() });
  }

  /** Silent from now on. */
  close(): void {
    this.#closed = true;
    this.#subscription?.unsubscribe();
    this.#framesSubscription?.unsubscribe();
    this.#timer?.cancel();
    this.#term?.end();
    this.#withheld.drop();
  }

  heard(message: Message): void {
    if (this.#closed || message.from === this.settings.process) return;
    switch (message.kind) {
      case 'beat': case 'claim': case 'ack': case 'yours':
        this.#input({ kind: 'heard', message, nowMs: this.ports.clock.nowMs() });
        if (message.kind === 'beat') this.#follow();
        return;
      case 'reach': return this.events.onReach(message);
      default: return this.#replicate(message);
    }
  }

  #replicate(message: ReplicaMessage): void {
    const source = this.#term?.source;
    if (source !== undefined) source.on(message, this.#frames);
    else this.#copy.on(message, this.ports.clock.nowMs(), this.#frames);
    this.#sendFrames();
    if (source === undefined) this.#tellCopy();
  }

  #follow(): void {
    if (this.#isFollowing || this.#machine.state !== 'Backup') return;
    this.#isFollowing = true;
    this.events.onFollowing();
  }

  #tellCopy(): void {
    this.#machine.on({ kind: 'copy', epoch: this.#copy.complete ? this.#copy.epoch : 0 }, this.#effects);
  }

  #tick(): void {
    if (this.#closed) return;
    this.#timer = this.ports.clock.setTimer(PAIR.TICK_MS, () => this.#tick());
    this.#input({ kind: 'tick', nowMs: this.ports.clock.nowMs() });
    if (this.#term === undefined) this.#copy.tick(this.#frames);
    else this.#term.source.beat(this.#frames);
    this.#sendFrames();
  }

  #sendFrames(): void {
    for (let message = this.#frames.shift(); message !== undefined; message = this.#frames.shift()) this.#publish(message);
  }

  #publish(message: ReplicaMessage): void {
    this.ports.bus.publish(message.kind === 'frame' ? this.#framesSubject : this.#subject, message);
  }

  #input(input: PairInput): void {
    if (this.#closed) return;
    this.#machine.on(input, this.#effects);
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) this.#perform(effect);
    this.#decide();
  }

  /** What waits passes with a proof of its own term, and is given up when there will be none soon. */
  #decide(): void {
    const nowMs = this.ports.clock.nowMs();
    if (this.#machine.isOpen(nowMs)) {
      if (this.#doubtMs !== undefined) {
        this.ports.log.warn('its term was unproven for a while', { ...this.#names, ms: Math.round(nowMs - this.#doubtMs), waiting: this.#withheld.waiting });
      }
      this.#doubtMs = undefined;
      return this.#withheld.release();
    }
    if (this.#machine.isDoubtful(nowMs)) return this.#doubted(nowMs);
    this.#doubtMs = undefined;
    this.#withheld.drop();
  }

  #doubted(nowMs: number): void {
    if (this.#doubtMs !== undefined) return;
    this.#doubtMs = nowMs;
    this.doubts += 1;
  }

  #perform(effect: PairEffect): void {
    switch (effect.kind) {
      case 'send': return this.#send(effect.message);
      case 'readLease': return void this.#readLease(effect);
      case 'writeLease': return void this.#writeLease(effect);
      case 'askProxies': return this.#askProxies(effect);
      case 'becamePrimary': return this.#lead(effect);
      case 'handOver': return this.#handOver();
      case 'becameBackup': return this.#yield(effect);
    }
  }

  /** Both ways: what comes twice does no harm. */
  #send(message: PairMessage): void {
    this.ports.bus.publish(this.#subject, message);
    this.link?.send(message);
  }

  // ---- terms

  #lead({ epoch, continues }: PairEffect & { kind: 'becamePrimary' }): void {
    const restored: ReplicaState = continues ? this.#copy.state : new Map();
    this.#term = new Term({ epoch, continues, process: this.settings.process }, restored, (frames) => {
      for (const frame of frames) this.#publish(frame);
    });
    this.#framesSubscription?.unsubscribe();
    this.#framesSubscription = undefined;
    this.#copy.clear();
    this.#tellCopy();
    this.#isFollowing = false;
    if (continues) this.switchovers += 1;
    this.ports.log.info('primary of its pair', { ...this.#names, epoch, continues, entries: this.#term.source.entries });
    this.events.onPrimary(this.#term);
  }

  #handOver(): void {
    const term = this.#term as Term;
    this.ports.log.info('hands its pair over', { ...this.#names, entries: term.source.entries });
    term.end();
    const untilMs = this.ports.clock.nowMs() + FLUSH_MS;
    const check = (): void => {
      const nowMs = this.ports.clock.nowMs();
      if ((term.source.lag ?? 0) === 0 || nowMs >= untilMs) this.#input({ kind: 'handed', nowMs });
      else this.ports.clock.setTimer(FLUSH_CHECK_MS, check);
    };
    check();
  }

  #yield({ reason, otherLeads }: PairEffect & { kind: 'becameBackup' }): void {
    const term = this.#term;
    if (term !== undefined) {
      term.end();
      this.#copy.adopt(term.source.epoch, term.source.state);
    }
    this.#term = undefined;
    this.#hearFrames();
    this.#tellCopy();
    this.ports.log.warn('not primary of its pair any more', { ...this.#names, reason });
    this.events.onBackup(otherLeads);
  }

  #askProxies({ question, epoch }: PairEffect & { kind: 'askProxies' }): void {
    const askedMs = this.ports.clock.nowMs();
    this.ports.proxies?.ask({ kind: question, epoch }, (proxy, yes) => {
      this.#input({ kind: 'proxyAnswered', proxy, question, epoch, yes, askedMs, nowMs: this.ports.clock.nowMs() });
    });
  }

  // ---- the lease

  async #readLease({ askedMs }: PairEffect & { kind: 'readLease' }): Promise<void> {
    await this.#ask(askedMs, async (bucket, key) => {
      const entry = await bucket.get(key);
      const lease = entry === undefined ? undefined : { ...(entry.value as SeenLease), revision: entry.revision };
      return { kind: 'leaseRead', lease, askedMs };
    });
  }

  async #writeLease({ lease, revision }: PairEffect & { kind: 'writeLease' }): Promise<void> {
    const { askedMs } = lease;
    await this.#ask(askedMs, async (bucket, key) => {
      try {
        const written = revision === undefined ? await bucket.create(key, lease) : await bucket.update(key, lease, revision);
        return { kind: 'leaseWritten', lease: { ...lease, revision: written } };
      } catch (error) {
        if (error instanceof RevisionConflict) return { kind: 'leaseRefused', revision, askedMs };
        throw error;
      }
    });
  }

  /** Several at a time: an answer that takes long holds nothing up. */
  async #ask(askedMs: number, work: (bucket: KeyValue, key: string) => Promise<LeaseAnswer>): Promise<void> {
    let answer: LeaseAnswer = { kind: 'leaseFailed', askedMs };
    if (this.#asking < ASKING_MAX) {
      this.#asking += 1;
      answer = await this.#open().then((bucket) => work(bucket, token(this.settings.node))).catch(() => answer);
      this.#asking -= 1;
    }
    this.#input({ ...answer, nowMs: this.ports.clock.nowMs() });
  }

  #open(): Promise<KeyValue> {
    if (this.#bucket === undefined) {
      const opened = this.ports.keyValues.bucket(`pairs-${this.settings.dataCentre}`, { answerMs: PAIR.LEASE_ANSWER_MS });
      this.#bucket = opened;
      opened.catch(() => { this.#bucket = undefined; });
    }
    return this.#bucket;
  }
}
