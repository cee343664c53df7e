/** Which calls wait in a virtual queue, as routers say by RequestSendEvent (docs/specs/virtual-queue.md, tlibrary §6.13, VQ-11). */
import type { TEvent } from '#tlib';

export interface QueuedCall {
  readonly connID: string;
  readonly callType: string;
  readonly sinceMs: number;
  /** The client that queued it. */
  readonly client: string;
  /** Number of its arrival, at any queue of the server. */
  readonly place: number;
}

export interface QueueBounds {
  /** Calls of one queue; beyond it the oldest is forgotten. */
  readonly max: number;
  /** An entry older than this is no live call any more. */
  readonly ageMs: number;
}

export interface QueueChanges {
  entered(call: QueuedCall): void;
  left(connID: string): void;
}

const LEAVES: ReadonlySet<string> = new Set(['EventDiverted', 'EventAbandoned']);

export class QueueContents {
  readonly #calls = new Map<string, QueuedCall>();

  constructor(private readonly bounds: QueueBounds, private readonly changes: QueueChanges) {}

  /** `place` is for a call that enters. */
  on(event: TEvent, client: string, place: number, nowMs: number): void {
    const connID = event['ConnID'] as string | undefined;
    if (connID === undefined) return;
    const callType = (event['CallType'] as string | undefined) ?? 'Unknown';
    if (event.msg === 'EventQueued') this.enter({ connID, callType, sinceMs: nowMs, client, place });
    else if (LEAVES.has(event.msg)) this.#leave(connID);
  }

  /** A call that is queued again belongs to the router that said so last: the backup of a pair takes calls over in this way. */
  enter(call: QueuedCall): void {
    this.#calls.delete(call.connID);
    this.#calls.set(call.connID, call);
    this.changes.entered(call);
    if (this.#calls.size <= this.bounds.max) return;
    const [oldest] = this.#calls.keys();
    this.#leave(oldest as string);
  }

  /** In order of arrival. */
  calls(nowMs: number): readonly QueuedCall[] {
    for (const [connID, { sinceMs }] of this.#calls) {
      if (nowMs - sinceMs <= this.bounds.ageMs) break;
      this.#leave(connID);
    }
    return [...this.#calls.values()];
  }

  /** The router is gone for good: what it queued will not be taken out by anybody. Answers those calls. */
  orphaned(client: string, nowMs: number): readonly QueuedCall[] {
    const orphans = this.calls(nowMs).filter((call) => call.client === client);
    for (const { connID } of orphans) this.#leave(connID);
    return orphans;
  }

  /** They keep their places. */
  takenOver(from: string, client: string): void {
    for (const [connID, call] of this.#calls) {
      if (call.client !== from) continue;
      const moved = { ...call, client };
      this.#calls.set(connID, moved);
      this.changes.entered(moved);
    }
  }

  #leave(connID: string): void {
    if (this.#calls.delete(connID)) this.changes.left(connID);
  }
}
