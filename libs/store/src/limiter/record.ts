/** The record of a call: what each teller said, and the slots that follow from it. Pure. */
import type { LimiterTake } from './port.js';

interface Part {
  readonly untilMs: number;
  readonly takes: readonly LimiterTake[];
  readonly amends: boolean;
}

export class CallSlots {
  readonly #parts = new Map<string, Part>();
  /** Counters of takes that ended, for as long as somebody still says them. */
  readonly #over = new Set<string>();
  #slots: ReadonlyMap<string, number> = new Map();

  /** Counter to the end of its lease, as of the latest change. */
  get slots(): ReadonlyMap<string, number> {
    return this.#slots;
  }

  /** When the last teller's lease ends that does not amend; 0 when there is none. */
  get untilMs(): number {
    return Math.max(0, ...Array.from(this.#parts.values(), ({ amends, untilMs }) => (amends ? 0 : untilMs)));
  }

  untilBy(by: string): number {
    return this.#parts.get(by)?.untilMs ?? 0;
  }

  told(by: string, part: Part, nowMs: number): void {
    this.#expire(nowMs);
    if (part.takes.length === 0) this.#parts.delete(by);
    else this.#parts.set(by, part);
    this.#expire(nowMs);
    this.#endTakes();
    this.#slots = this.#leases();
  }

  #expire(nowMs: number): void {
    for (const [by, { untilMs }] of this.#parts) if (untilMs <= nowMs) this.#parts.delete(by);
    if (this.untilMs <= nowMs) this.#parts.clear();
    const said = new Set(this.#said().map(({ counter }) => counter));
    for (const counter of this.#over) if (!said.has(counter)) this.#over.delete(counter);
  }

  #endTakes(): void {
    const said = this.#said();
    const there = new Set(said.filter((take) => !this.#isOver(take)).map(({ counter }) => counter));
    for (const { counter, until } of said) if (until?.some((each) => there.has(each)) === true) this.#over.add(counter);
  }

  #said(): LimiterTake[] {
    return [...this.#parts.values()].flatMap(({ takes }) => takes);
  }

  #leases(): Map<string, number> {
    const slots = new Map<string, number>();
    const ownerUntilMs = this.untilMs;
    for (const { untilMs, takes, amends } of this.#parts.values()) {
      const endMs = amends ? Math.min(untilMs, ownerUntilMs) : untilMs;
      for (const take of takes) if (!this.#isOver(take)) slots.set(take.counter, Math.max(endMs, slots.get(take.counter) ?? 0));
    }
    return slots;
  }

  #isOver({ counter, until }: LimiterTake): boolean {
    return until !== undefined && until.length > 0 && this.#over.has(counter);
  }
}
