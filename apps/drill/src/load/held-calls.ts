/** Calls that stand while the cluster is harmed, and what is done with them afterwards: hold, retrieve, transfer, the end of both sides. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Call, Phone } from '#softphone';
import type { Cast, HeldCall, Seat } from '../machines/cast.js';
import type { CallLedger } from '../machines/call-ledger.js';
import type { Desk } from './desk.js';
import { atOnce, before } from './patience.js';
import type { Site } from './site.js';

/** Calls set up, or exercised, at a time: more would measure how a cluster that is full answers. */
const AT_ONCE = 10;
/** A node that is busy for the moment says 503: as carriers do, the call is tried again. */
const TRIES = 8;
const TRY_AGAIN_MS = 1_000;
const BUSY = 503;
const ANSWER_MS = 20_000;
const CHANGE_MS = 15_000;
/** A request to a proxy that died meanwhile is given up after 32 s, and then tried elsewhere. */
const END_MS = 40_000;
/** One of so many calls is transferred. */
const TRANSFERRED = 20;

export interface HeldPorts {
  readonly cast: Cast;
  readonly ledger: CallLedger;
  site(dataCentre: string): Site;
  desk(dn: string): Desk;
  phone(dn: string): Phone;
  nowMs(): number;
}

interface Standing {
  readonly plan: HeldCall;
  readonly caller: Call;
}

export class HeldCalls {
  readonly #standing: Standing[] = [];

  constructor(private readonly ports: HeldPorts) {}

  /** Resolves when all that come about stand. */
  async begin(): Promise<void> {
    await atOnce(AT_ONCE, this.ports.cast.held, (plan) => this.#dial(plan));
  }

  async exercise(): Promise<void> {
    const transferred = Math.min(this.ports.cast.spare.length, Math.max(1, Math.floor(this.#standing.length / TRANSFERRED)));
    const target = (n: number): Seat | undefined => (n < transferred ? this.ports.cast.spare[n] : undefined);
    await atOnce(AT_ONCE, [...this.#standing.entries()], ([n, standing]) => this.#exercise(standing, n, target(n)));
  }

  /** Whatever stands yet. */
  hangUp(): void {
    for (const { plan, caller } of this.#standing) {
      this.ports.ledger.ending(plan.from);
      caller.hangUp();
    }
  }

  /** The agent's end of the first call within the data centre. */
  talking(dataCentre: string): { readonly plan: HeldCall; readonly caller: Call } | undefined {
    return this.#standing.find(({ plan }) => plan.seat.dataCentre === dataCentre && plan.dataCentre === dataCentre);
  }

  async #dial(plan: HeldCall): Promise<void> {
    const { ledger, cast, nowMs } = this.ports;
    const far = plan.seat.dataCentre;
    ledger.dialled(plan.from, 'held', plan.dataCentre === far ? far : `${plan.dataCentre} to ${far}`);
    for (let left = TRIES; left > 0; left -= 1) {
      const caller = this.ports.site(plan.dataCentre).dial(cast.points.held, plan.from);
      try {
        await before(ANSWER_MS, caller.until('Established'), 'was not answered');
      } catch (error) {
        if (caller.end?.status === BUSY && left > 1) {
          await pause(TRY_AGAIN_MS);
          continue;
        }
        ledger.ended(plan.from, caller.end?.status ?? 0, nowMs());
        ledger.lose(plan.from, (error as Error).message, nowMs());
        return caller.hangUp();
      }
      ledger.established(plan.from);
      this.#standing.push({ plan, caller });
      void caller.until('Ended').then(() => ledger.ended(plan.from, caller.end?.status ?? 0, nowMs()));
      return;
    }
  }

  async #exercise({ plan, caller }: Standing, n: number, target: Seat | undefined): Promise<void> {
    const { ledger, nowMs } = this.ports;
    if (caller.state === 'Ended') return;
    const { dn } = plan.seat;
    const agent = [...this.ports.phone(dn).calls].find((call) => call.state === 'Established');
    try {
      if (agent === undefined) throw new Error(`the agent's phone ${dn} has no call any more`);
      await this.#hold(plan, agent, n % 2 === 0);
      const last = target === undefined ? agent : await this.#transfer(plan, agent, target);
      await this.#end(plan, caller, last, n);
    } catch (error) {
      ledger.lose(plan.from, (error as Error).message, nowMs());
      ledger.ending(plan.from);
      caller.hangUp();
    }
  }

  /** By the desktop, or by the phone itself; either way the desktop is told. */
  async #hold({ from, seat: { dn } }: HeldCall, agent: Call, byDesktop: boolean): Promise<void> {
    const desk = this.ports.desk(dn);
    const connID = this.#connID(from);
    for (const [event, request, act] of [
      ['EventHeld', () => desk.client.holdCall(dn, connID), () => agent.hold()],
      ['EventRetrieved', () => desk.client.retrieveCall(dn, connID), () => agent.retrieve()],
    ] as const) {
      const told = desk.client.next(event, (heard) => heard['ThisDN'] === dn && heard['ConnID'] === connID, CHANGE_MS);
      // The request's own failure says more than that no event came.
      told.catch(() => undefined);
      const what = event === 'EventHeld' ? 'hold' : 'retrieve';
      if (byDesktop) await request().catch((error: Error) => { throw new Error(`${what} by the desktop: ${error.message}`); });
      else act();
      await told.catch((error: Error) => { throw new Error(`${what} by the ${byDesktop ? 'desktop' : 'phone'}: ${error.message}`); });
    }
  }

  /** The phone that talks now. */
  async #transfer({ from, seat: { dn } }: HeldCall, agent: Call, target: Seat): Promise<Call> {
    const phone = this.ports.phone(target.dn);
    await before(CHANGE_MS, this.ports.desk(dn).client.singleStepTransfer(dn, this.#connID(from), target.dn), `transfer to ${target.dn}`);
    await before(CHANGE_MS, agent.until('Ended'), `transfer: the first agent ${dn} stayed in the call`);
    const joined = [...phone.calls].find((call) => call.state !== 'Ended');
    if (joined === undefined) throw new Error(`transfer: ${target.dn} has no call`);
    await before(CHANGE_MS, joined.until('Established'), `transfer: ${target.dn} does not talk`);
    return joined;
  }

  /** Caller, agent's phone and agent's desktop hang up in turn; the other side must hear it. */
  async #end({ from, seat: { dn } }: HeldCall, caller: Call, agent: Call, n: number): Promise<void> {
    this.ports.ledger.ending(from);
    if (n % 3 === 0 || !this.ports.phone(dn).calls.has(agent)) caller.hangUp();
    else if (n % 3 === 1) agent.hangUp();
    else await this.ports.desk(dn).client.releaseCall(dn, this.#connID(from));
    await before(END_MS, Promise.all([caller.until('Ended'), agent.until('Ended')]), 'the end of one side did not reach the other');
    const leaver = [caller, agent].find(({ end }) => end?.by === 'us');
    if (leaver !== undefined) this.ports.ledger.farewell(from, await before(END_MS, leaver.farewell, 'BYE was not answered'), this.ports.nowMs());
  }

  #connID(from: string): string {
    const connID = this.ports.ledger.connID(from);
    if (connID === undefined) throw new Error('no monitor ever heard of this call');
    return connID;
  }
}
