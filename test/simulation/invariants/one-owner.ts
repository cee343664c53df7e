/** Architecture §9, 1: a DN has at most one owner whose effects are accepted. */
import type { TEvent } from '#tlib';
import { Verdict } from './verdict.js';

interface Position {
  readonly epoch: number;
  readonly seq: number;
}

/** They say how the DN stands after the event of that number. */
const PICTURES: ReadonlySet<string> = new Set(['EventRegistered', 'EventAddressInfo']);

export class OneOwner extends Verdict {
  /** By receiver and DN. */
  readonly #positions = new Map<string, Position>();
  /** Receivers and DNs whose next number may be any. */
  readonly #fresh = new Set<string>();
  /** By DN and epoch. */
  readonly #servers = new Map<string, string>();
  /** By DN, epoch and number: what every receiver must have been told alike. */
  readonly #events = new Map<string, string>();

  /** A receiver took an event for the truth. Events that stand in for lost ones have no number and are passed over. */
  accepted(receiver: string, event: TEvent): void {
    const { ThisDN: dn, OwnerEpoch: epoch, DNSequence: seq, Server: server } = event;
    if (typeof dn !== 'string' || typeof epoch !== 'number' || typeof seq !== 'number') return;
    const isPicture = PICTURES.has(event.msg);
    this.#inOrder(receiver, dn, { epoch, seq }, isPicture);
    this.#fromOneServer(dn, epoch, String(server));
    if (!isPicture) this.#alike(dn, { epoch, seq }, `${event.msg} ${String(event['ConnID'] ?? event['AgentID'] ?? '')}`);
  }

  /** Connected again: pictures follow, or DNs that nobody knew then. */
  anew(receiver: string): void {
    for (const key of this.#positions.keys()) if (key.startsWith(`${receiver} `)) this.#fresh.add(key);
  }

  #inOrder(receiver: string, dn: string, at: Position, isPicture: boolean): void {
    const key = `${receiver} ${dn}`;
    const before = this.#positions.get(key);
    this.#positions.set(key, at);
    const isFresh = this.#fresh.delete(key);
    if (before === undefined) return;
    if (isPicture && !isFresh && at.epoch === before.epoch && at.seq > before.seq && receiver.startsWith('monitor')) {
      this.fail(`a picture of ${dn} leapt over what ${receiver} could have been told of epoch ${at.epoch}, from ${before.seq} to ${at.seq}`);
    }
    const least = isPicture ? before.seq : before.seq + 1;
    if (at.epoch < before.epoch) this.fail(`${receiver} accepted epoch ${at.epoch} of ${dn} after epoch ${before.epoch}`);
    else if (at.epoch === before.epoch && at.seq < least) this.fail(`${receiver} accepted number ${at.seq} of ${dn} after number ${before.seq}`);
    else if (!isPicture && !isFresh && at.seq !== before.seq + 1) {
      this.fail(`${receiver} was told ${at.seq} of ${dn} in epoch ${at.epoch} after ${before.seq} in epoch ${before.epoch}, and nothing in between`);
    }
  }

  #fromOneServer(dn: string, epoch: number, server: string): void {
    const key = `${dn} ${epoch}`;
    const known = this.#servers.get(key);
    if (known === undefined) this.#servers.set(key, server);
    else if (known !== server) this.fail(`${known} and ${server} both spoke for ${dn} in epoch ${epoch}`);
  }

  #alike(dn: string, { epoch, seq }: Position, told: string): void {
    const key = `${dn} ${epoch} ${seq}`;
    const known = this.#events.get(key);
    if (known === undefined) this.#events.set(key, told);
    else if (known !== told) this.fail(`number ${seq} of ${dn} in epoch ${epoch} was ${known} for one receiver and ${told} for another`);
  }

  /** When all is quiet: the nodes that say they own the DN. */
  ownersAtQuiet(dn: string, owners: readonly string[]): void {
    if (owners.length > 1) this.fail(`${dn} is owned by ${owners.join(' and ')}`);
  }
}
