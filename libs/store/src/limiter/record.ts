/** The record of a call: what each teller said, and the slots that follow from it. Pure. */
import type { LimiterTake } from './port.js';

/** What one teller said last. */
export interface Part {
  readonly by: string;
  readonly untilMs: number;
  readonly takes: readonly LimiterTake[];
  readonly amends: boolean;
}

const NONE: ReadonlyMap<string, number> = new Map();

/** One for each live call, most of them with one teller: so it has lists where they are short, and nothing is made anew that is only looked at. */
export class CallSlots {
  #parts: readonly Part[] = [];
  /** Counters of takes that ended, for as long as somebody still says them. */
  #over: readonly string[] = [];
  #slots = NONE;
  #untilMs = 0;

  /** Counter to the end of its lease, as of the latest change. */
  get slots(): ReadonlyMap<string, number> {
    return this.#slots;
  }

  /** When the last teller's lease ends that does not amend; 0 when there is none. */
  get untilMs(): number {
    return this.#untilMs;
  }

  untilBy(by: string): number {
    return this.#parts.find((part) => part.by === by)?.untilMs ?? 0;
  }

  told(part: Part, nowMs: number): void {
    // First what ended by itself: who says it again begins anew.
    this.#keep(this.#parts, nowMs);
    const others = this.#parts.filter(({ by }) => by !== part.by);
    this.#keep(part.takes.length === 0 ? others : [...others, part], nowMs);
    this.#endTakes();
    this.#slots = this.#leases();
  }

  /** Of these parts, those whose lease lasts; none when no teller is left that does not amend. */
  #keep(parts: readonly Part[], nowMs: number): void {
    const living = parts.filter(({ untilMs }) => untilMs > nowMs);
    this.#untilMs = living.reduce((lastMs, { amends, untilMs }) => (amends ? lastMs : Math.max(lastMs, untilMs)), 0);
    this.#parts = this.#untilMs === 0 ? [] : living;
    if (this.#over.length > 0) this.#over = this.#over.filter((counter) => this.#isSaid(counter));
  }

  #isSaid(counter: string): boolean {
    return this.#parts.some(({ takes }) => takes.some((take) => take.counter === counter && hasUntil(take)));
  }

  #endTakes(): void {
    const ending = this.#parts.flatMap(({ takes }) => takes.filter(hasUntil));
    if (ending.length === 0) return;
    const there = new Set(this.#parts.flatMap(({ takes }) => takes.filter((take) => !this.#isOver(take))).map(({ counter }) => counter));
    const ended = ending.filter(({ until }) => until?.some((each) => there.has(each)) === true).map(({ counter }) => counter);
    if (ended.length > 0) this.#over = [...new Set([...this.#over, ...ended])];
  }

  #leases(): Map<string, number> {
    const slots = new Map<string, number>();
    for (const { untilMs, takes, amends } of this.#parts) {
      const endMs = amends ? Math.min(untilMs, this.#untilMs) : untilMs;
      for (const take of takes) if (!this.#isOver(take)) slots.set(take.counter, Math.max(endMs, slots.get(take.counter) ?? 0));
    }
    return slots;
  }

  #isOver(take: LimiterTake): boolean {
    return hasUntil(take) && this.#over.includes(take.counter);
  }
}

const hasUntil = ({ until }: LimiterTake): boolean => until !== undefined && until.length > 0;
