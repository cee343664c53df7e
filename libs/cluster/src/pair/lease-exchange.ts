/** What a half asks KeyValue about the lease, question over question, and what the answers say, however late they are (docs/specs/pairs.md). */
import type { Out } from '#kernel';
import { LeaseView } from './lease-view.js';
import { PAIR, type PairEffect, type SeenLease } from './pair-machine.types.js';
import type { Proof } from './proof.js';

type Effects = Out<PairEffect>;

export class LeaseExchange {
  readonly #view: LeaseView;
  #askedMs = -Infinity;
  /** When the latest question was asked; what older reads say may be older than what is known. */
  #readMs = -Infinity;
  /** The latest write that has no answer yet. */
  #writeMs: number | undefined;
  /** A write of this claim got no answer: it may have been carried out. */
  #mayBeOurs = false;

  /** @param proxies how many proxies the data centre has */
  constructor(private readonly process: string, proxies: number, private readonly proof: Proof) {
    this.#view = new LeaseView(process, proxies);
  }

  /** As it was seen last. */
  get lease(): SeenLease | undefined {
    return this.#view.lease;
  }

  get epoch(): number {
    return this.#view.lease?.epoch ?? 0;
  }

  get mayBeOurs(): boolean {
    return this.#mayBeOurs;
  }

  start(nowMs: number, out: Effects): void {
    this.#view.start(nowMs);
    this.read(nowMs, out);
  }

  /** Of a new claim nothing was written yet. */
  beginClaim(): void {
    this.#writeMs = undefined;
    this.#mayBeOurs = false;
  }

  /** @param givenUp epoch of the term that its primary ended by itself */
  mayTake(nowMs: number, givenUp: number): boolean {
    return this.#view.mayTake(nowMs, givenUp);
  }

  /** A lease of the other half may be that of a living term, which began while this one was away: unless that half just said otherwise. */
  mayWriteOver(nowMs: number, givenUp: number): boolean {
    return this.lease === undefined || nowMs < this.proof.ackUntilMs || this.mayTake(nowMs, givenUp);
  }

  isDue(nowMs: number): boolean {
    return nowMs - this.#askedMs >= PAIR.LEASE_MS;
  }

  /** A write that is answered later than the next one is asked for holds nothing up. */
  isWriting(nowMs: number): boolean {
    return this.#writeMs !== undefined && nowMs - this.#writeMs < PAIR.LEASE_MS;
  }

  // ---- questions

  /** Whether it may be taken soon, if proxies say so. */
  look(nowMs: number, out: Effects): void {
    if (this.lease !== undefined && this.#view.lapsed(nowMs) && this.#view.needsProxies(nowMs)) {
      out.push({ kind: 'askProxies', question: 'letGo', epoch: this.epoch });
    }
    this.read(nowMs, out);
  }

  read(nowMs: number, out: Effects): void {
    this.#askedMs = nowMs;
    this.#readMs = nowMs;
    out.push({ kind: 'readLease', askedMs: nowMs });
  }

  write(epoch: number, lone: boolean, nowMs: number, out: Effects): void {
    const revision = this.lease?.revision;
    if (this.#writeMs !== undefined) this.#mayBeOurs = true;
    if (!lone) this.proof.asksNotLone(revision);
    this.#askedMs = nowMs;
    this.#writeMs = nowMs;
    out.push({ kind: 'writeLease', lease: { epoch, owner: this.process, lone, askedMs: nowMs }, revision });
  }

  // ---- answers

  /** @returns whether it is newer than what is known */
  wasRead(lease: SeenLease | undefined, askedMs: number, nowMs: number): boolean {
    const isNews = askedMs >= this.#readMs || (lease !== undefined && lease.revision > (this.lease?.revision ?? 0));
    if (isNews) this.#view.read(lease, nowMs);
    return isNews;
  }

  wasWritten(lease: SeenLease, nowMs: number): void {
    this.#answered(lease.askedMs);
    if (lease.revision < (this.lease?.revision ?? 0)) return;
    this.#view.read(lease, nowMs);
    // What was read before may not have seen it.
    this.#readMs = nowMs;
  }

  /** @returns whether that says anything: since then an older write of the own ones may have been answered, and it was that one */
  wasRefused(revision: number | undefined, askedMs: number): boolean {
    this.#answered(askedMs);
    return revision === this.lease?.revision;
  }

  failed(askedMs: number): void {
    if (this.#answered(askedMs)) this.#mayBeOurs = true;
  }

  letGo(proxy: string, epoch: number): void {
    if (epoch === this.lease?.epoch) this.#view.letGo(proxy, epoch);
  }

  /** Written, or read back: what was asked for then was carried out, whichever answer says so. @returns whether it is a write of that own term */
  proves(lease: SeenLease, epoch: number): boolean {
    if (lease.owner !== this.process || lease.epoch !== epoch) return false;
    this.proof.leaseWritten(lease);
    return true;
  }

  /** @returns whether it was the latest write */
  #answered(askedMs: number): boolean {
    if (askedMs !== this.#writeMs) return false;
    this.#writeMs = undefined;
    return true;
  }
}
