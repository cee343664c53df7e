/** The record of a call: what each teller said, and the slots that follow from it. Pure. */
import type { LimiterTake } from './port.js';

/** What one teller said last. */
export interface Part {
  readonly by: string;
  readonly untilMs: number;
  readonly takes: readonly LimiterTake[];
  readonly amends: boolean;
}

/** A slot of the call. */
export interface Lease {
  readonly counter: string;
  readonly untilMs: number;
}

const NOBODY: readonly Part[] = [];
const NOTHING: readonly string[] = [];

/** One for each live call, most of them with one teller: so it has lists where they are short, and what nobody asks for is not made. */
export class CallSlots {
  #parts = NOBODY;
  /** Counters of takes that ended, for as long as somebody still says them. */
  #over = NOTHING;
  #leases: readonly Lease[] | undefined;
  #untilMs = 0;

  /** Of a call of which this is all that is told, for ever. */
  static of(takes: readonly LimiterTake[]): CallSlots {
    const call = new CallSlots();
    call.told({ by: '', untilMs: Infinity, takes, amends: false }, 0);
    return call;
  }

  /** One of each counter, as of the latest change. */
  get leases(): readonly Lease[] {
    this.#leases ??= this.#made();
    return this.#leases;
  }

  /** Counters of its takes that ended. */
  get over(): readonly string[] {
    return this.#over;
  }

  /** When the last teller's lease ends that does not amend; 0 when there is none. */
  get untilMs(): number {
    return this.#untilMs;
  }

  untilBy(by: string): number {
    return this.#parts.find((part) => part.by === by)?.untilMs ?? 0;
  }

  has(counter: string): boolean {
    return this.leases.some((lease) => lease.counter === counter);
  }

  /** The first that is told of the call, by one who does not amend. `over`: of another one of the same takes. */
  begin(part: Part, over: readonly string[]): void {
    this.#parts = [part];
    this.#over = over;
    this.#untilMs = part.untilMs;
  }

  told(part: Part, nowMs: number): void {
    // First what ended by itself: who says it again begins anew.
    this.#keep(this.#parts, nowMs);
    const others = this.#parts.length === 0 ? NOBODY : this.#parts.filter(({ by }) => by !== part.by);
    this.#keep(part.takes.length === 0 ? others : [...others, part], nowMs);
    this.#endTakes();
    this.#leases = undefined;
  }

  /** Of these parts, those whose lease lasts; none when no teller is left that does not amend. */
  #keep(parts: readonly Part[], nowMs: number): void {
    this.#untilMs = 0;
    let lasting = 0;
    for (const { untilMs, amends } of parts) {
      if (untilMs <= nowMs) continue;
      lasting += 1;
      if (!amends && untilMs > this.#untilMs) this.#untilMs = untilMs;
    }
    if (this.#untilMs === 0) this.#parts = NOBODY;
    else this.#parts = lasting === parts.length ? parts : parts.filter(({ untilMs }) => untilMs > nowMs);
    if (this.#over.length > 0) this.#over = this.#over.filter((counter) => this.#isSaid(counter));
  }

  #isSaid(counter: string): boolean {
    return this.#parts.some(({ takes }) => takes.some((take) => take.counter === counter && hasUntil(take)));
  }

  #endTakes(): void {
    let over: string[] | undefined;
    for (const { takes } of this.#parts) {
      for (const take of takes) {
        if (!hasUntil(take) || this.#isOver(take) || !take.until!.some((counter) => this.#isThere(counter))) continue;
        over ??= [...this.#over];
        over.push(take.counter);
      }
    }
    if (over !== undefined) this.#over = over;
  }

  #isThere(counter: string): boolean {
    return this.#parts.some(({ takes }) => takes.some((take) => take.counter === counter && !this.#isOver(take)));
  }

  #made(): readonly Lease[] {
    const leases: Lease[] = [];
    for (const { untilMs, takes, amends } of this.#parts) {
      const endMs = amends ? Math.min(untilMs, this.#untilMs) : untilMs;
      for (const take of takes) if (!this.#isOver(take)) lengthen(leases, take.counter, endMs);
    }
    return leases;
  }

  #isOver(take: LimiterTake): boolean {
    return hasUntil(take) && this.#over.includes(take.counter);
  }
}

const hasUntil = ({ until }: LimiterTake): boolean => until !== undefined && until.length > 0;

function lengthen(leases: Lease[], counter: string, untilMs: number): void {
  const at = leases.findIndex((lease) => lease.counter === counter);
  if (at < 0) leases.push({ counter, untilMs });
  else if (leases[at]!.untilMs < untilMs) leases[at] = { counter, untilMs };
}
