/** Calls that come, are answered by the router's agents, and go, so many a second in each data centre. */
import type { Call } from '#softphone';
import { number } from '../machines/cast.js';
import type { CallLedger } from '../machines/call-ledger.js';
import type { Site } from './site.js';

const TALK_MS = 1_000;
/** Nobody waits longer for an agent. */
const PATIENCE_MS = 20_000;
/** For the calls of the last moment to end. */
const QUIET_MS = 30_000;

export class NewCalls {
  readonly #live = new Map<string, Call>();
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(
    private readonly sites: readonly Site[], private readonly point: string, private readonly ledger: CallLedger, private readonly nowMs: () => number,
  ) {}

  begin(perSecond: number): void {
    this.#timer = setInterval(() => this.#one(), 1_000 / perSecond);
  }

  /** Nobody calls any more; resolves when all have hung up. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const untilMs = this.nowMs() + QUIET_MS;
    while (this.#live.size > 0 && this.nowMs() < untilMs) await new Promise((resolve) => { setTimeout(resolve, 100); });
    for (const [from, call] of this.#live) {
      this.ledger.ending(from);
      call.hangUp();
    }
  }

  #one(): void {
    const n = this.#count;
    this.#count += 1;
    const site = this.sites[n % this.sites.length] as Site;
    const from = number('3', n);
    this.ledger.dialled(from, 'new', site.dataCentre.name);
    const call = site.dial(this.point, from);
    this.#live.set(from, call);
    void this.#follow(from, call);
  }

  async #follow(from: string, call: Call): Promise<void> {
    const patience = setTimeout(() => call.hangUp(), PATIENCE_MS);
    try {
      await call.until('Established');
      clearTimeout(patience);
      this.ledger.established(from);
      const talk = setTimeout(() => {
        this.ledger.ending(from);
        call.hangUp();
        void call.farewell.then((status) => this.ledger.farewell(from, status, this.nowMs()));
      }, TALK_MS);
      await call.until('Ended');
      clearTimeout(talk);
    } catch {
      // It ended before anybody answered; the ledger tells with what.
    }
    clearTimeout(patience);
    this.#live.delete(from);
    this.ledger.ended(from, call.end?.status ?? 0, this.nowMs());
  }
}
