/** A softphone that registers in the other data centre while its agent talks: one owner at each instant, the move after the call. */
import type { Call, Phone } from '#softphone';
import type { TEvent } from '#tlib';
import type { CallLedger } from '../machines/call-ledger.js';
import type { Seat } from '../machines/cast.js';
import type { Desk } from './desk.js';
import type { Monitor } from './monitors.js';
import { pause, until } from './patience.js';
import type { Site } from './site.js';

export interface MovedPhonePorts {
  readonly seat: Seat;
  readonly caller: Call;
  readonly from: string;
  readonly ledger: CallLedger;
  readonly desk: Desk;
  readonly monitor: Monitor;
  readonly old: Phone;
  readonly away: Site;
  readonly homeNodes: readonly string[];
  readonly awayNodes: readonly string[];
  /** `agent-state-auto-restore` */
  readonly restores: boolean;
  says(text: string): void;
  trouble(what: string, why: string): void;
}

/** The agent goes on talking for so long after his phone has moved. */
const TALK_MS = 5_000;
/** The move, or why it waits: at most the 30 s of tlibrary §7.7 and some more. */
const MOVE_MS = 40_000;

export class MovedPhone {
  #callOver = false;
  #loggedOut = false;
  #epoch = 0;
  #owner = '';

  constructor(private readonly ports: MovedPhonePorts) {}

  /** Answers the phone where it is now. */
  async run(): Promise<Phone> {
    const { seat, away, says, trouble, old } = this.ports;
    const before = (await this.ports.monitor.pictures([seat.dn])).get(seat.dn);
    this.#owner = before?.owner ?? '';
    this.#epoch = before?.epoch ?? 0;
    if (!this.ports.homeNodes.includes(this.#owner)) trouble(seat.dn, `its owner is ${this.#owner || 'nobody'}, not in its own data centre, before it moved`);
    const stop = this.ports.monitor.client.on('*', (event) => this.#on(event));
    this.ports.desk.expectLogout(seat.dn);
    // It is the same phone: nobody refreshes where it was.
    old.stopRefreshing();
    const phone = await away.register(seat);
    says(`phone ${seat.dn} registered in ${away.dataCentre.name} while its agent talks`);
    await pause(TALK_MS);
    this.#callOver = true;
    this.ports.ledger.ending(this.ports.from);
    this.ports.caller.hangUp();
    // A move without an agent makes no event: the picture tells of it, and `#on` hears the picture.
    const moved = await until(MOVE_MS, async () => {
      await this.ports.monitor.pictures([seat.dn]);
      return this.ports.awayNodes.includes(this.#owner);
    });
    if (moved) says(`${seat.dn} is owned by ${this.#owner} after the call`);
    else trouble(seat.dn, `${MOVE_MS / 1_000} s after the call its owner is still ${this.#owner}`);
    await pause(1_000);
    await this.#agent();
    stop();
    return phone;
  }

  async #agent(): Promise<void> {
    const { seat, restores, trouble, says, monitor, desk } = this.ports;
    const picture = (await monitor.pictures([seat.dn])).get(seat.dn);
    const isIn = (picture?.agentStatus ?? 0) > 0;
    if (restores && !isIn) trouble(seat.dn, 'agent-state-auto-restore is true, and the agent is logged out');
    if (!restores && isIn) trouble(seat.dn, 'agent-state-auto-restore is false, and the agent is still logged in');
    if (!restores && !this.#loggedOut) trouble(seat.dn, 'nobody was told EventAgentLogout');
    says(isIn ? 'the agent came along' : 'the agent was logged out, and logs in again');
    await desk.logInAgain(seat).catch((error: Error) => { if (!isIn) trouble(seat.dn, `the agent cannot log in again: ${error.message}`); });
  }

  #on(event: TEvent): void {
    const { seat, trouble } = this.ports;
    if (event['ThisDN'] !== seat.dn) return;
    const { Server: owner, OwnerEpoch: epoch } = event as { Server?: string; OwnerEpoch?: number };
    if (event.msg === 'EventAgentLogout') this.#loggedOut = true;
    if (owner === undefined || epoch === undefined) return;
    if (epoch < this.#epoch) trouble(seat.dn, `${event.msg} of ${owner} in epoch ${epoch} after epoch ${this.#epoch} of ${this.#owner}`);
    if (owner !== this.#owner && epoch === this.#epoch) trouble(seat.dn, `${owner} and ${this.#owner} in the same epoch ${epoch}`);
    if (!this.#callOver && (owner !== this.#owner || event.msg === 'EventAgentLogout' || event.msg === 'EventDNOutOfService')) {
      trouble(seat.dn, `${event.msg} of ${owner} while the agent talks`);
    }
    if (owner !== this.#owner) this.ports.says(`${seat.dn} is owned by ${owner} now (${event.msg})`);
    this.#owner = owner;
    this.#epoch = epoch;
  }
}
