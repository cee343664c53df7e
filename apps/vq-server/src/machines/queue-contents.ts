/** Which calls wait in a virtual queue, as routers say by RequestSendEvent (tlibrary §6.13, VQ-11). */
import type { TEvent } from '#tlib';

export interface QueuedCall {
  readonly connID: string;
  readonly callType: string;
  readonly sinceMs: number;
}

export interface QueueBounds {
  /** Calls of one queue; beyond it the oldest is forgotten. */
  readonly max: number;
  /** Nobody tells a virtual queue that its router died: an entry older than this is no live call any more. */
  readonly ageMs: number;
}

const LEAVES: ReadonlySet<string> = new Set(['EventDiverted', 'EventAbandoned']);

export class QueueContents {
  readonly #calls = new Map<string, QueuedCall>();

  constructor(private readonly bounds: QueueBounds) {}

  on(event: TEvent, nowMs: number): void {
    const connID = event['ConnID'] as string | undefined;
    if (connID === undefined) return;
    if (event.msg === 'EventQueued') this.#enter(connID, event, nowMs);
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

  #enter(connID: string, event: TEvent, nowMs: number): void {
    this.#calls.delete(connID);
    this.#calls.set(connID, { connID, callType: (event['CallType'] as string | undefined) ?? 'Unknown', sinceMs: nowMs });
    if (this.#calls.size <= this.bounds.max) return;
    const [oldest] = this.#calls.keys();
    this.#calls.delete(oldest as string);
  }
}
