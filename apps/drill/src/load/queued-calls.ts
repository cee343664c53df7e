/** Callers who wait in line while the cluster is harmed, and are answered afterwards, first come first served. */
import type { Call } from '#softphone';
import type { Cast, QueuedCall } from '../machines/cast.js';
import type { CallLedger } from '../machines/call-ledger.js';
import { atOnce, before, until } from './patience.js';
import type { RoutingDesk } from './routing.js';
import type { Site } from './site.js';

/** One after the other at each node, so that the order of their coming is known. */
const ARRIVE_MS = 15_000;
const ANSWER_MS = 45_000;
const END_MS = 40_000;

export interface QueuedPorts {
  readonly cast: Cast;
  readonly ledger: CallLedger;
  readonly routers: readonly RoutingDesk[];
  site(dataCentre: string): Site;
  nowMs(): number;
}

export class QueuedCalls {
  readonly #waiting: { readonly plan: QueuedCall; readonly call: Call }[] = [];
  /** Whom each is sent to, once they are let through. */
  readonly destinations = new Map<string, string>();
  /** Calls that a node lists after one that came later. */
  outOfOrder = 0;

  constructor(private readonly ports: QueuedPorts) {}

  /** Resolves when all of them wait. */
  async begin(): Promise<void> {
    const { cast, ledger, nowMs } = this.ports;
    for (const plan of cast.queued) {
      ledger.dialled(plan.from, 'queued', plan.dataCentre);
      const call = this.ports.site(plan.dataCentre).dial(cast.points.queued, plan.from);
      void call.until('Ended').then(() => ledger.ended(plan.from, call.end?.status ?? 0, nowMs()));
      this.#waiting.push({ plan, call });
      if (!await until(ARRIVE_MS, () => this.#arrived(plan.from) || call.state === 'Ended') || call.state === 'Ended') {
        ledger.lose(plan.from, 'never came into the line', nowMs());
      }
    }
  }

  /** Compares each node's line with the order of arrival, then lets everybody through. */
  async release(): Promise<void> {
    this.outOfOrder = await this.#compare();
    const { cast, routers } = this.ports;
    for (const [n, { plan }] of this.#waiting.entries()) {
      const near = cast.held.filter(({ seat }) => seat.dataCentre === plan.dataCentre);
      const seats = near.length === 0 ? cast.held : near;
      const seat = seats[n % seats.length]?.seat;
      if (seat !== undefined) this.destinations.set(plan.from, seat.dn);
    }
    for (const router of routers) router.wake();
    await atOnce(this.#waiting.length, this.#waiting, ({ plan, call }) => this.#answered(plan, call));
  }

  hangUp(): void {
    for (const { plan, call } of this.#waiting) {
      this.ports.ledger.ending(plan.from);
      call.hangUp();
    }
  }

  #arrived(from: string): boolean {
    return this.ports.routers.some(({ arrived }) => arrived.includes(from));
  }

  async #compare(): Promise<number> {
    let wrong = 0;
    for (const router of this.ports.routers) {
      const listed = await router.line().catch(() => undefined);
      const expected = router.arrived.map((from) => this.ports.ledger.connID(from)).filter((connID) => connID !== undefined);
      const order = listed?.filter((connID) => expected.includes(connID));
      if (order === undefined) continue;
      const places = order.map((connID) => expected.indexOf(connID));
      wrong += places.filter((place, i) => i > 0 && place < Math.max(...places.slice(0, i))).length;
    }
    return wrong;
  }

  async #answered({ from }: QueuedCall, call: Call): Promise<void> {
    const { ledger, nowMs } = this.ports;
    if (call.state === 'Ended') return;
    try {
      await before(ANSWER_MS, call.until('Established'), 'was still in line: no answer');
      ledger.established(from);
      ledger.ending(from);
      call.hangUp();
      await before(END_MS, call.until('Ended'), 'did not end');
    } catch (error) {
      ledger.lose(from, (error as Error).message, nowMs());
    }
  }
}
