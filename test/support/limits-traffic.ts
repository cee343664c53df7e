/** Calls that come and go at limited numbers, whatever becomes of the cluster meanwhile: what kills happen under. */
import type { Call } from '#softphone';
import { becomes } from './becomes.js';
import { outcomeOf } from './carrier.js';

/** From an answer, or the first sign of a queue, to the caller's end. */
const STAYS_MS = [100, 300, 700, 1_500];
/** One of so many callers gives up after a moment, whatever he heard. */
const IMPATIENT = 5;
const GIVES_UP_MS = 80;
/** A CANCEL that nobody answers is repeated for 32 s. */
const SETTLE_MS = 60_000;

export class Traffic {
  /** By what became of them. */
  readonly outcomes = new Map<string, number>();
  readonly #calls: { readonly called: string; readonly call: Call }[] = [];
  readonly #departures = new Set<NodeJS.Timeout>();
  readonly #arrivals: NodeJS.Timeout;

  /** Begins at once. `dial`: the n-th call. */
  constructor(private readonly numbers: readonly string[], perSecond: number, private readonly dial: (called: string, n: number) => Call) {
    this.#arrivals = setInterval(() => this.#one(), 1_000 / perSecond);
  }

  /** Resolves when so many more calls have come. */
  async more(count: number): Promise<void> {
    const enough = this.#calls.length + count;
    await becomes(() => Promise.resolve(this.#calls.length), (came) => came >= enough, Infinity);
  }

  /**
   * Nobody comes nor goes any more, and who has not been let in yet gives up. Resolves when every call stands or has ended.
   *
   * @throws Error with the calls that do neither
   */
  async freeze(): Promise<void> {
    this.stop();
    for (const { call } of this.#calls) if (call.state === 'Calling') call.hangUp();
    const undecided = (): string[] => this.#calls.filter(({ call: { state } }) => state === 'Calling' || state === 'Cancelling')
      .map(({ called, call }) => `${call.state} ${called}, Call-ID ${call.callId}`);
    const left = await becomes(() => Promise.resolve(undecided()), ({ length }) => length === 0, SETTLE_MS);
    if (left.length > 0) throw new Error(`calls that neither stand nor end:\n${left.join('\n')}`);
  }

  stop(): void {
    clearInterval(this.#arrivals);
    for (const departure of this.#departures) clearTimeout(departure);
  }

  /** Calls that stand there. */
  at(number: string): Call[] {
    const there = this.#calls.filter(({ called }) => called === number).map(({ call }) => call);
    return there.filter(({ state }) => state === 'Proceeding' || state === 'Established');
  }

  #one(): void {
    const n = this.#calls.length;
    const called = this.numbers[n % this.numbers.length]!;
    const call = this.dial(called, n + Math.floor(n / this.numbers.length));
    this.#calls.push({ called, call });
    if (n % IMPATIENT === 0) this.#leaves(call, GIVES_UP_MS);
    void outcomeOf(call).then((outcome) => {
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
      if (call.state !== 'Ended') this.#leaves(call, STAYS_MS[n % STAYS_MS.length]!);
    });
  }

  #leaves(call: Call, afterMs: number): void {
    this.#departures.add(setTimeout(() => call.hangUp(), afterMs));
  }
}
