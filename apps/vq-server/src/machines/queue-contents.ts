/** Which calls wait in a virtual queue, as routers say by RequestSendEvent (docs/specs/virtual-queue.md, tlibrary §6.13, VQ-11). */
import type { TEvent } from '#tlib';

export interface QueuedCall {
  readonly connID: string;
  readonly callType: string;
  readonly sinceMs: number;
  /** The client that queued it. */
  readonly client: string;
}

export interface QueueBounds {
  /** Calls of one queue; beyond it the oldest is forgotten. */
  readonly max: number;
  /** An entry older than this is no live call any more. */
  readonly ageMs: number;
}

const LEAVES: ReadonlySet<string> = new Set(['EventDiverted', 'EventAbandoned']);

export class QueueContents {
  readonly #calls = new Map<string, QueuedCall>();

  constructor(private readonly bounds: QueueBounds) {}

  on(event: TEvent, client: string, nowMs: number): void {
    const connID = event['ConnID'] as string | undefined;
    if (connID === undefined) return;
    if (event.msg === 'EventQueued') this.#enter(connID, event, client, nowMs);
    else if (LEAVES.has(event.msg)) this.#calls.delete(connID);
  }

  /** In order of arrival. */
  calls(nowMs: number): readonly QueuedCall[] {
    for (const [connID, { sinceMs }] of this.#calls) {
      if (nowMs - sinceMs <= this.bounds.ageMs) break;
      this.#calls.delete(connID);
    }
    return [...this.#calls.values()];
  }

  /** The router is gone for good: what it queued will not be taken out by anybody. Answers those calls. */
  orphaned(client: string, nowMs: number): readonly QueuedCall[] {
    const orphans = this.calls(nowMs).filter((call) => call.client === client);
    for (const { connID } of orphans) this.#calls.delete(connID);
    return orphans;
  }

  /** A call that is queued again belongs to the router that said so last: the backup of a pair takes calls over in this way. */
  #enter(connID: string, event: TEvent, client: string, nowMs: number): void {
    this.#calls.delete(connID);
    this.#calls.set(connID, { connID, callType: (event['CallType'] as string | undefined) ?? 'Unknown', sinceMs: nowMs, client });
    if (this.#calls.size <= this.bounds.max) return;
    const [oldest] = this.#calls.keys();
    this.#calls.delete(oldest as string);
  }
}
