/**
 * One half of a pair: primary or backup, in which term, and until when that is proven (docs/specs/pairs.md). Pure: the shell sends what is to be
 * sent, reads and writes the lease, and asks `isOpen` before every message of the node.
 */
import { Hlc } from '../hlc.js';
import type { Machine, Out } from '#kernel';
import { LeaseExchange } from './lease-exchange.js';
import { PAIR, type PairEffect, type PairInput, type PairMessage, type PairState, type SeenLease } from './pair-machine.types.js';
import { Proof } from './proof.js';

type Effects = Out<PairEffect>;
type Message<K extends PairMessage['kind']> = PairMessage & { readonly kind: K };

export class PairMachine implements Machine<PairInput, PairEffect> {
  #state: PairState = 'Backup';
  /** Of the own claim or term. */
  #epoch = 0;
  /** The highest of a primary that was heard. */
  #known = 0;
  readonly #hlc: Hlc;
  readonly #proof: Proof;
  readonly #lease: LeaseExchange;
  #proofUntilMs = -Infinity;
  #promised = { epoch: 0, untilMs: -Infinity };
  /** Terms up to this one their primary ended by itself. */
  #givenUp = 0;
  #copyEpoch = 0;
  #isOtherReady = false;
  #startMs = 0;
  #beatHeardMs = -Infinity;
  #ackHeardMs = -Infinity;
  #sentMs = -Infinity;
  #handedMs: number | undefined;

  /**
   * @param half its place in the pair: the two halves' terms are never the same
   * @param proxies how many proxies the data centre has
   */
  constructor(private readonly process: string, half: 0 | 1, proxies: number) {
    this.#hlc = new Hlc(half);
    this.#proof = new Proof(proxies);
    this.#lease = new LeaseExchange(process, proxies, this.#proof);
  }

  get state(): PairState {
    return this.#state;
  }

  get epoch(): number {
    return this.#state === 'Backup' ? this.#known : this.#epoch;
  }

  /** Whether this half may act for its node at `nowMs`. */
  isOpen(nowMs: number): boolean {
    return this.#state === 'Primary' && nowMs < this.#proofUntilMs;
  }

  /** Closed, and a proof that comes soon opens it again: what waits is not lost yet. */
  isDoubtful(nowMs: number): boolean {
    return this.#state === 'Primary' && nowMs >= this.#proofUntilMs && nowMs - this.#proofUntilMs < PAIR.HOLD_MS;
  }

  /** All of the latest term that was heard of is here. */
  get #holds(): boolean {
    return this.#copyEpoch > 0 && this.#copyEpoch >= this.#known;
  }

  /** When the other half was last heard. */
  get otherHeardMs(): number {
    return Math.max(this.#beatHeardMs, this.#ackHeardMs);
  }

  /** Why the role cannot be given away now, in a sentence. */
  switchoverProblem(nowMs: number): string | undefined {
    if (this.#state !== 'Primary') return `${this.process} is not primary`;
    if (nowMs - this.#ackHeardMs >= PAIR.PROOF_MS) return 'the other half is not heard: start it, or look at its log';
    if (!this.#isOtherReady) return 'the other half does not hold everything yet: try again in a few seconds';
    return undefined;
  }

  on(input: PairInput, out: Effects): void {
    switch (input.kind) {
      case 'start': return this.#start(input.nowMs, out);
      case 'tick': return this.#tick(input.nowMs, out);
      case 'heard': return this.#heard(input.message, input.nowMs, out);
      case 'leaseRead': return this.#leaseRead(input, out);
      case 'leaseWritten': return this.#leaseWritten(input, out);
      case 'leaseRefused': return this.#leaseRefused(input, out);
      case 'leaseFailed': return this.#lease.failed(input.askedMs);
      case 'proxyAnswered': return this.#proxyAnswered(input);
      case 'copy': this.#copyEpoch = input.epoch; return;
      case 'switchover': return this.switchoverProblem(input.nowMs) === undefined ? this.#handOver(out) : undefined;
      case 'handed': return this.#handed(input.nowMs, out);
    }
  }

  #start(nowMs: number, out: Effects): void {
    this.#startMs = nowMs;
    // A process of this name may have answered a primary right before it ended.
    this.#promised = { epoch: Infinity, untilMs: nowMs + PAIR.PROMISE_MS };
    this.#lease.start(nowMs, out);
  }

  #tick(nowMs: number, out: Effects): void {
    switch (this.#state) {
      case 'Backup': return this.#watch(nowMs, out);
      case 'Taking': return this.#claim(nowMs, out);
      case 'Primary': return this.#lead(nowMs, out);
      case 'Handing': return this.#wait(nowMs, out);
    }
  }

  // ---- Backup

  #watch(nowMs: number, out: Effects): void {
    if (this.#lease.isDue(nowMs)) this.#lease.look(nowMs, out);
    const unheardMs = nowMs - this.#beatHeardMs;
    const isFirst = this.#known === 0 && nowMs - this.#startMs >= PAIR.FIRST_CLAIM_MS;
    if (isFirst || unheardMs >= PAIR.AWAY_MS || (unheardMs >= PAIR.PROMISE_MS && this.#mayTakeLease(nowMs))) this.#take(nowMs, out);
  }

  #mayTakeLease(nowMs: number): boolean {
    return this.#isFree(nowMs) && this.#lease.mayTake(nowMs, this.#givenUp);
  }

  #isFree(nowMs: number): boolean {
    return nowMs >= this.#promised.untilMs || this.#promised.epoch <= this.#givenUp;
  }

  // ---- Taking

  /** Wanting to be primary harms nobody: it takes the lease, or the word of the other half that it is not. */
  #take(nowMs: number, out: Effects): void {
    this.#state = 'Taking';
    this.#hlc.observe(Math.max(this.#known, this.#lease.epoch));
    this.#epoch = this.#hlc.next(nowMs);
    this.#proof.reset();
    this.#lease.beginClaim();
    this.#sentMs = -Infinity;
    this.#claim(nowMs, out);
  }

  #claim(nowMs: number, out: Effects): void {
    if (nowMs - this.#sentMs >= PAIR.BEAT_MS) this.#sendClaim(nowMs, out);
    if (this.#mayTakeLease(nowMs)) {
      if (this.#lease.isWriting(nowMs)) return;
      // Its owner goes by the later term: one that follows it must be later still.
      if (this.#lease.epoch > this.#epoch) return this.#take(nowMs, out);
      return this.#lease.write(this.#epoch, false, nowMs, out);
    }
    if (this.#lease.isDue(nowMs)) this.#lease.look(nowMs, out);
  }

  #sendClaim(nowMs: number, out: Effects): void {
    this.#sentMs = nowMs;
    out.push({ kind: 'send', message: { kind: 'claim', from: this.process, epoch: this.#epoch, askedMs: nowMs, holds: this.#holds } });
  }

  #becomePrimary(nowMs: number, out: Effects): void {
    const continues = this.#holds;
    this.#state = 'Primary';
    this.#known = this.#epoch;
    this.#proofUntilMs = this.#proof.untilMs();
    this.#isOtherReady = false;
    // The other half is given its time to come before it counts as away.
    this.#ackHeardMs = nowMs;
    out.push({ kind: 'becamePrimary', epoch: this.#epoch, continues });
    this.#sendBeat(nowMs, out);
  }

  // ---- Primary

  #lead(nowMs: number, out: Effects): void {
    if (nowMs - this.#proofUntilMs >= PAIR.DOUBT_MAX_MS) return this.#yield('its term was not proven for too long', out, false);
    if (nowMs - this.#sentMs >= PAIR.BEAT_MS) this.#sendBeat(nowMs, out);
    if (!this.#lease.isDue(nowMs)) return;
    if (this.#proof.lone && nowMs - this.#proof.leaseAskedMs >= 2 * PAIR.LEASE_MS) {
      out.push({ kind: 'askProxies', question: 'vouch', epoch: this.#epoch });
    }
    if (this.#lease.epoch === this.#epoch) this.#renew(nowMs, out);
    else this.#lease.read(nowMs, out);
  }

  /** Lone is taken back before the other half may count on it, and counted on only when it is written. */
  #renew(nowMs: number, out: Effects): void {
    this.#lease.write(this.#epoch, nowMs - this.#ackHeardMs >= PAIR.AWAY_MS, nowMs, out);
    this.#proofUntilMs = this.#proof.untilMs();
  }

  #sendBeat(nowMs: number, out: Effects): void {
    this.#sentMs = nowMs;
    out.push({ kind: 'send', message: { kind: 'beat', from: this.process, epoch: this.#epoch, askedMs: nowMs } });
  }

  #yield(reason: string, out: Effects, otherLeads = true): void {
    this.#toBackup();
    out.push({ kind: 'becameBackup', reason, otherLeads });
  }

  #toBackup(): void {
    this.#state = 'Backup';
    this.#handedMs = undefined;
  }

  // ---- Handing

  #handOver(out: Effects): void {
    this.#state = 'Handing';
    this.#handedMs = undefined;
    out.push({ kind: 'handOver', epoch: this.#epoch });
  }

  #handed(nowMs: number, out: Effects): void {
    if (this.#state !== 'Handing') return;
    this.#handedMs = nowMs;
    this.#sendYours(nowMs, out);
  }

  #wait(nowMs: number, out: Effects): void {
    if (this.#handedMs === undefined) return;
    if (nowMs - this.#handedMs >= PAIR.AWAY_MS) {
      this.#yield('the other half did not take the node over', out, false);
    } else if (nowMs - this.#sentMs >= PAIR.BEAT_MS) {
      this.#sendYours(nowMs, out);
    }
  }

  #sendYours(nowMs: number, out: Effects): void {
    this.#sentMs = nowMs;
    out.push({ kind: 'send', message: { kind: 'yours', from: this.process, epoch: this.#epoch } });
  }

  // ---- what the other half says

  #heard(message: PairMessage, nowMs: number, out: Effects): void {
    if (message.from === this.process) return;
    this.#hlc.observe(message.epoch);
    switch (message.kind) {
      case 'beat': return this.#onBeat(message, nowMs, out);
      case 'claim': return this.#onClaim(message, nowMs, out);
      case 'ack': return this.#onAck(message, nowMs, out);
      case 'yours': return this.#onYours(message, nowMs, out);
    }
  }

  #onBeat(beat: Message<'beat'>, nowMs: number, out: Effects): void {
    const { epoch } = beat;
    if (epoch < this.#known || epoch <= this.#givenUp) return;
    if (this.#state === 'Primary' || this.#state === 'Handing') {
      if (epoch <= this.#epoch) return;
      this.#yield('the other half is primary in a later term', out);
    }
    // The lease may be ours already: its answer decides.
    if (this.#state === 'Taking' && this.#lease.isWriting(nowMs)) return;
    this.#toBackup();
    this.#known = epoch;
    this.#beatHeardMs = nowMs;
    this.#answer(beat, nowMs, out);
  }

  #onClaim(claim: Message<'claim'>, nowMs: number, out: Effects): void {
    if (claim.epoch <= this.#known) return;
    switch (this.#state) {
      case 'Primary': return this.#sendBeat(nowMs, out);
      case 'Handing':
        if (this.#handedMs === undefined) return;
        this.#yield('handed over', out);
        return this.#answer(claim, nowMs, out);
      case 'Backup': return this.#holds && !claim.holds ? this.#take(nowMs, out) : this.#answer(claim, nowMs, out);
      case 'Taking':
        if (this.#lease.isWriting(nowMs) || !this.#isBehind(claim)) return;
        this.#toBackup();
        return this.#answer(claim, nowMs, out);
    }
  }

  #isBehind({ holds, epoch }: Message<'claim'>): boolean {
    return holds === this.#holds ? epoch > this.#epoch : holds;
  }

  #answer({ epoch, askedMs }: Message<'beat' | 'claim'>, nowMs: number, out: Effects): void {
    this.#promised = { epoch, untilMs: nowMs + PAIR.PROMISE_MS };
    out.push({ kind: 'send', message: { kind: 'ack', from: this.process, epoch, askedMs, ready: this.#copyEpoch === epoch } });
  }

  #onAck({ epoch, askedMs, ready }: Message<'ack'>, nowMs: number, out: Effects): void {
    if (epoch !== this.#epoch || askedMs > nowMs || (this.#state !== 'Taking' && this.#state !== 'Primary')) return;
    this.#ackHeardMs = nowMs;
    this.#isOtherReady = ready;
    this.#proof.acked(askedMs);
    this.#proofUntilMs = this.#proof.untilMs();
    if (this.#state === 'Taking' && nowMs < this.#proofUntilMs) this.#becomePrimary(nowMs, out);
  }

  #onYours({ epoch }: Message<'yours'>, nowMs: number, out: Effects): void {
    if (epoch < this.#known || (this.#state !== 'Backup' && this.#state !== 'Taking')) return;
    this.#givenUp = Math.max(this.#givenUp, epoch);
    if (this.#state === 'Backup') this.#take(nowMs, out);
  }

  // ---- the lease

  #leaseRead({ lease, askedMs, nowMs }: PairInput & { kind: 'leaseRead' }, out: Effects): void {
    const epoch = lease?.epoch ?? 0;
    this.#hlc.observe(epoch);
    if (this.#state === 'Primary' && epoch > this.#epoch) return this.#yield('the lease is in a later term', out);
    const isNews = this.#lease.wasRead(lease, askedMs, nowMs);
    if (lease !== undefined) this.#ownLease(lease, nowMs, out);
    if (!isNews || this.#state !== 'Primary' || this.#lease.isWriting(nowMs)) return;
    if (this.#lease.mayWriteOver(nowMs, this.#givenUp)) this.#renew(nowMs, out);
  }

  #leaseWritten({ lease, nowMs }: PairInput & { kind: 'leaseWritten' }, out: Effects): void {
    this.#lease.wasWritten(lease, nowMs);
    this.#ownLease(lease, nowMs, out);
  }

  #ownLease(lease: SeenLease, nowMs: number, out: Effects): void {
    if ((this.#state !== 'Taking' && this.#state !== 'Primary') || !this.#lease.proves(lease, this.#epoch)) return;
    this.#proofUntilMs = this.#proof.untilMs();
    if (this.#state === 'Taking' && nowMs < this.#proofUntilMs) this.#becomePrimary(nowMs, out);
  }

  #leaseRefused({ revision, askedMs, nowMs }: PairInput & { kind: 'leaseRefused' }, out: Effects): void {
    if (!this.#lease.wasRefused(revision, askedMs)) return;
    if (this.#state === 'Taking' && !this.#lease.mayBeOurs) this.#toBackup();
    this.#lease.read(nowMs, out);
  }

  #proxyAnswered({ proxy, question, epoch, yes, askedMs }: PairInput & { kind: 'proxyAnswered' }): void {
    if (question === 'letGo') {
      if (yes) this.#lease.letGo(proxy, epoch);
      return;
    }
    if (this.#state !== 'Primary' || epoch !== this.#epoch) return;
    if (yes) this.#proof.vouched(proxy, askedMs);
    else this.#proof.refused(proxy);
    this.#proofUntilMs = this.#proof.untilMs();
  }
}
