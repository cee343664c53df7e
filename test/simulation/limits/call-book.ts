/** The calls of the carrier as they truly are: which verdict each got, under which ConnIDs session controllers have it, and when it was over. */
import { slotId } from '../../../apps/sip-proxy/src/machines/trunk-call.js';
import type { UaCall } from '../actors/user-agent.js';

export interface Booked {
  readonly name: string;
  readonly id: string;
  readonly dialled: string;
  readonly ua: UaCall;
  /** Session controllers told of it under these. */
  readonly connIDs: Set<string>;
  /** Some proxy let it in. */
  isIn: boolean;
  /** A proxy refused it by an answer of the store. */
  isRefused: boolean;
  startedMs: number;
  /** Nobody has it any more, since then. */
  endedMs: number | undefined;
}

export class CallBook {
  readonly #byId = new Map<string, Booked>();
  readonly #byConnID = new Map<string, Booked>();

  open(ua: UaCall, dialled: string, nowMs: number): void {
    const { callId, from } = ua.invite;
    const id = slotId(callId, from.tag);
    const name = `call ${this.#byId.size + 1} to ${dialled}`;
    this.#byId.set(id, { name, id, dialled, ua, connIDs: new Set(), isIn: false, isRefused: false, startedMs: nowMs, endedMs: undefined });
  }

  get all(): Iterable<Booked> {
    return this.#byId.values();
  }

  /** By the id of its verdict, or a ConnID. */
  find(id: string): Booked | undefined {
    return this.#byId.get(id) ?? this.#byConnID.get(id);
  }

  named(id: string, connID: string): void {
    const call = this.#byId.get(id);
    if (call === undefined) return;
    call.connIDs.add(connID);
    this.#byConnID.set(connID, call);
  }

  /** @param live ConnIDs that session controllers have now */
  look(live: ReadonlySet<string>, nowMs: number): void {
    for (const call of this.#byId.values()) call.endedMs = isLive(call, live) ? undefined : call.endedMs ?? nowMs;
  }
}

/** A call that no session controller has had yet lives for as long as its caller waits for an answer. */
export function isLive({ connIDs, ua }: Booked, live: ReadonlySet<string>): boolean {
  return connIDs.size === 0 ? ua.live : [...connIDs].some((connID) => live.has(connID));
}
