/** Calls of a DN whose session controllers are not heard, and calls that a client ended meanwhile (docs/specs/dn.md; TC-30, HA-07). */
import { kv, type TEvent } from '#tlib';
import type { CallView } from '../messages/index.js';
import { beginsCall } from './call-book.js';

/** PrivateMsgID of the notices (ours). */
export const CALL_CONTROL = { lost: 1_001, restored: 1_002 } as const;

/** A client that ends more than so many calls of one DN behind one cut is told the oldest ones again. */
const GHOSTS_MAX = 64;

export class SilentCalls {
  /** Node to its data centre, once that is known to be cut off. */
  readonly #silent = new Map<string, string | undefined>();
  /** ConnIDs that a client ended. */
  readonly #ghosts = new Set<string>();

  has(node: string): boolean {
    return this.#silent.has(node);
  }

  silent(node: string): void {
    if (!this.#silent.has(node)) this.#silent.set(node, undefined);
  }

  cutOff(node: string, dataCentre: string): void {
    this.#silent.set(node, dataCentre);
  }

  /** Its picture came, or its calls are over. Answers the data centre that was cut off, if its loss was told. */
  over(node: string): string | undefined {
    const dataCentre = this.#silent.get(node);
    this.#silent.delete(node);
    return dataCentre;
  }

  endedByClient(connID: string): void {
    if (this.#ghosts.size >= GHOSTS_MAX) this.#ghosts.delete(this.#ghosts.keys().next().value as string);
    this.#ghosts.add(connID);
  }

  /** Whether it is about a call that a client ended: clients know of none. One that begins again does not count any more. */
  isOfGhost({ msg, ConnID }: TEvent): boolean {
    if (typeof ConnID !== 'string' || !this.#ghosts.has(ConnID)) return false;
    if (!beginsCall(msg)) return true;
    this.#ghosts.delete(ConnID);
    return false;
  }
}

/** For the agent: nothing else would tell him that his desktop does not control the call, and that it does again. */
export function controlNotice(dn: string, call: CallView, dataCentre: string, restored: boolean): TEvent {
  const text = restored ? `the call is controlled again: ${dataCentre} answers`
    : `the call goes on, but ${dataCentre} does not answer: the desktop neither controls it nor hears of it. When it is over, RequestReleaseCall takes it off`;
  return {
    msg: 'EventPrivateInfo', ThisDN: dn, ConnID: call.connID, PrivateMsgID: restored ? CALL_CONTROL.restored : CALL_CONTROL.lost,
    Extensions: kv({ 'call-control': restored ? 'restored' : 'lost', 'data-centre': dataCentre, text }),
  };
}
