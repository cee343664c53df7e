/** Calls that try each proxy all the time: whether new calls are taken, and which proxies answer. */
import type { Call } from '#softphone';
import { number } from '../machines/cast.js';
import { Outage } from '../machines/outage.js';
import { PROBE_STATUS } from './routing.js';
import type { Site } from './site.js';

const EVERY_MS = 100;
/** Longer than any healthy node takes; then the caller tries elsewhere. */
const PATIENCE_MS = 1_000;

export class Probes {
  readonly outage = new Outage();
  readonly #timer: NodeJS.Timeout;
  readonly #outstanding = new Set<Call>();
  #next = 0;

  constructor(private readonly site: Site, private readonly point: string, private readonly offset: number, private readonly nowMs: () => number) {
    this.#timer = setInterval(() => this.#try(), EVERY_MS);
  }

  /** Calls that nobody took lately. */
  missing(): string[] {
    return this.outage.isOut() ? [`new calls in ${this.site.dataCentre.name}`] : [];
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const call of this.#outstanding) call.hangUp();
  }

  #try(): void {
    const { proxies } = this.site.dataCentre;
    const proxy = proxies[this.#next % proxies.length] as (typeof proxies)[number];
    this.#next += 1;
    const begunMs = this.nowMs();
    const call = this.site.dialThrough(proxy, this.point, number('4', this.#next * 2 + this.offset));
    this.#outstanding.add(call);
    let isLate = false;
    const patience = setTimeout(() => {
      isLate = true;
      this.outage.tried(begunMs, false);
      // One that says 100 lives, however late those behind it are: phones that left it for another data centre would take their DNs along.
      this.site.proxyAnswers(proxy, call.wasHeard);
      call.hangUp();
    }, PATIENCE_MS);
    void call.until('Ended').then(() => {
      this.#outstanding.delete(call);
      clearTimeout(patience);
      if (isLate) return;
      this.outage.tried(begunMs, call.end?.status === PROBE_STATUS);
      // One that says that nobody takes new calls answers: phones go on with it.
      this.site.proxyAnswers(proxy, true);
    });
  }
}
