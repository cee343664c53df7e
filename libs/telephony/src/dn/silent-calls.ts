/** Calls of a DN whose session controllers are not heard, and calls that a client ended meanwhile (docs/specs/dn.md; TC-30, HA-07). */
import { kv, type TEvent } from '#tlib';
import type { CallView } from '../messages/index.js';

/** PrivateMsgID of the notices (ours). */
export const CALL_CONTROL = { lost: 1_001, restored: 1_002 } as const;

/** What begins a call, and never goes on with one. */
const BEGINS_ANEW: ReadonlySet<string> = new Set(['EventRinging', 'EventDialing', 'EventQueued']);
/** A client that ends more than so many calls of one DN behind one cut is told the oldest ones again. */
const GHOSTS_MAX = 64;

interface Silent {
  /** Once it is known to be cut off. */
  dataCentre: string | undefined;
  /** It is heard again, but which of its calls are left is not known yet. */
  heard: boolean;
}

export class SilentCalls {
  readonly #nodes = new Map<string, Silent>();
  /** ConnIDs that a client ended. */
  readonly #ghosts = new Set<string>();

  /** Nothing can be asked of it. */
  has(node: string): boolean {
    return this.#nodes.get(node)?.heard === false;
  }

  silent(node: string): void {
    this.#nodes.set(node, { dataCentre: this.#nodes.get(node)?.dataCentre, heard: false });
  }

  cutOff(node: string, dataCentre: string): void {
    this.#nodes.set(node, { dataCentre, heard: false });
  }

  back(node: string): void {
    const silent = this.#nodes.get(node);
    if (silent !== undefined) silent.heard = true;
  }

  /** Its picture came, or its calls are over. Answers the data centre that was cut off, if its loss was told. */
  over(node: string): string | undefined {
    const dataCentre = this.#nodes.get(node)?.dataCentre;
    this.#nodes.delete(node);
    return dataCentre;
  }

  endedByClient(connID: string): void {
    if (this.#ghosts.size >= GHOSTS_MAX) this.#ghosts.delete(this.#ghosts.keys().next().value as string);
    this.#ghosts.add(connID);
  }

  /** Clients are told of it again. */
  toldAgain(connID: string): void {
    this.#ghosts.delete(connID);
  }

  /** Whether it goes on with a call that a client ended: clients know of none, unless it begins anew. */
  isOfGhost({ msg, ConnID }: TEvent): boolean {
    if (typeof ConnID !== 'string' || !this.#ghosts.has(ConnID)) return false;
    if (!BEGINS_ANEW.has(msg)) return true;
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
