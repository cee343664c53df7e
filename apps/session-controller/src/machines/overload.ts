/**
 * How many new calls a node takes while its event loop runs late (docs/specs/overload.md). Late: it takes half of what it took, and half of that after
 * each second. In time again: a tenth more each second, until nothing has to be refused.
 */

/** Lateness is averaged over about so long; one sample counts for as long as it took. */
const SMOOTHING_MS = 1_000;
/** A sample counts for at most so many times the bound: after a long standstill the node must find out soon that it is over. */
const SAMPLE_MAX = 2;
/** In time again, as a part of the bound. */
const IN_TIME = 0.4;
const STEP_MS = 1_000;
const CUT = 0.5;
const GROWTH = 0.1;
/** Calls per second; the least step up, too. Without one now and then nobody would find out that the load is gone. */
const LIMIT_MIN = 1;
/** What it begins with at least: who took no calls before learns nothing from that. */
const BEGIN_MIN = 10;
/** The limit ends when the loop was in time, and nothing was refused, for so long. */
const QUIET_MS = 5_000;
/** How much of a second may come at once. */
const BURST = 0.25;

export type OverloadLevel = 'normal' | 'busy';

interface Limit {
  perSecond: number;
  tokens: number;
  filledMs: number;
  stepMs: number;
  quietSinceMs: number;
  /** Whether a call came in since the last step: otherwise it is not new calls that make the loop late. */
  used: boolean;
}

export class Overload {
  #lateMs = 0;
  #sampledMs: number | undefined;
  /** New calls since the last sample, and per second before it. */
  #taken = 0;
  #takenRate = 0;
  #limit: Limit | undefined;

  /** @param boundMs average lateness above which new calls are refused, more than 0 */
  constructor(private readonly boundMs: number) {}

  get level(): OverloadLevel {
    return this.#limit === undefined ? 'normal' : 'busy';
  }

  /** New calls per second; undefined: as many as come. */
  get limit(): number | undefined {
    return this.#limit?.perSecond;
  }

  /** Averaged, in milliseconds. */
  get lateMs(): number {
    return this.#lateMs;
  }

  /** @param lateMs by how much the loop was late just now */
  onSample(lateMs: number, nowMs: number): void {
    const weight = this.#weight(nowMs);
    this.#lateMs = this.#average(lateMs, weight);
    // Nothing comes in during a standstill: what came before it counts.
    const rateBefore = this.#takenRate;
    this.#takenRate = this.#rate(nowMs, weight);
    this.#taken = 0;
    this.#sampledMs = nowMs;
    if (this.#limit !== undefined) this.#step(this.#limit, nowMs);
    else if (this.#lateMs > this.boundMs) this.#begin(nowMs, Math.max(rateBefore, this.#takenRate));
  }

  /**
   * A new call asks to come in; true takes it.
   *
   * @param overdueMs by how much the sample to come is late already: calls that arrived during a standstill come before it
   */
  admits(overdueMs: number, nowMs: number): boolean {
    if (this.#limit === undefined && this.#average(overdueMs, this.#weight(nowMs)) > this.boundMs) this.#begin(nowMs, this.#takenRate);
    if (this.#limit !== undefined && !this.#spend(this.#limit, nowMs)) return false;
    this.#taken += 1;
    return true;
  }

  #begin(nowMs: number, rate: number): void {
    const perSecond = Math.max(BEGIN_MIN, rate * CUT);
    this.#limit = { perSecond, tokens: 0, filledMs: nowMs, stepMs: nowMs + STEP_MS, quietSinceMs: nowMs, used: false };
  }

  #step(limit: Limit, nowMs: number): void {
    if (this.#lateMs > this.boundMs * IN_TIME) limit.quietSinceMs = nowMs;
    if (nowMs - limit.quietSinceMs >= QUIET_MS) {
      this.#limit = undefined;
      return;
    }
    if (nowMs < limit.stepMs) return;
    this.#fill(limit, nowMs);
    limit.stepMs = nowMs + STEP_MS;
    if (this.#lateMs <= this.boundMs * IN_TIME) limit.perSecond += Math.max(LIMIT_MIN, limit.perSecond * GROWTH);
    else if (this.#lateMs > this.boundMs && limit.used) limit.perSecond = Math.max(LIMIT_MIN, limit.perSecond * CUT);
    limit.used = false;
  }

  #spend(limit: Limit, nowMs: number): boolean {
    this.#fill(limit, nowMs);
    if (limit.tokens < 1) {
      limit.quietSinceMs = nowMs;
      return false;
    }
    limit.tokens -= 1;
    limit.used = true;
    return true;
  }

  #fill(limit: Limit, nowMs: number): void {
    const most = Math.max(1, limit.perSecond * BURST);
    limit.tokens = Math.min(most, limit.tokens + (limit.perSecond * Math.max(0, nowMs - limit.filledMs)) / 1_000);
    limit.filledMs = nowMs;
  }

  #weight(nowMs: number): number {
    return 1 - Math.exp(-this.#elapsedMs(nowMs) / SMOOTHING_MS);
  }

  #average(lateMs: number, weight: number): number {
    return this.#lateMs + (Math.min(lateMs, SAMPLE_MAX * this.boundMs) - this.#lateMs) * weight;
  }

  #rate(nowMs: number, weight: number): number {
    const elapsedMs = this.#elapsedMs(nowMs);
    return elapsedMs === 0 ? this.#takenRate : this.#takenRate + ((this.#taken * 1_000) / elapsedMs - this.#takenRate) * weight;
  }

  #elapsedMs(nowMs: number): number {
    return this.#sampledMs === undefined ? 0 : Math.max(0, nowMs - this.#sampledMs);
  }
}
