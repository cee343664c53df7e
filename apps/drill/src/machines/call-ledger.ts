/** What became of each call of the load, by the number that calls. */
import type { TEvent } from '#tlib';

export type CallGroup = 'held' | 'queued' | 'new';

export interface LostCall {
  readonly group: CallGroup;
  readonly from: string;
  /** Data centre of the caller, and of the agent when they differ. */
  readonly where: string;
  readonly connID: string | undefined;
  readonly reason: string;
  readonly atMs: number;
}

interface Entry {
  readonly group: CallGroup;
  readonly where: string;
  connID: string | undefined;
  /** The load itself ends it. */
  isEnding: boolean;
  stood: boolean;
  loss: { readonly reason: string; readonly atMs: number } | undefined;
  over: boolean;
}

export interface LedgerCounts {
  readonly started: number;
  /** Calls that stood. */
  readonly established: number;
  /** New calls that ended before anybody answered, by SIP status. */
  readonly refused: ReadonlyMap<number, number>;
  readonly lost: readonly LostCall[];
}

export class CallLedger {
  readonly #calls = new Map<string, Entry>();
  readonly #refused: Record<CallGroup, Map<number, number>> = { held: new Map(), queued: new Map(), new: new Map() };

  dialled(from: string, group: CallGroup, where: string): void {
    this.#calls.set(from, { group, where, connID: undefined, isEnding: false, stood: false, loss: undefined, over: false });
  }

  /** From any monitor. */
  heard(event: TEvent): void {
    const connID = event['ConnID'];
    if (typeof connID !== 'string') return;
    const call = this.#calls.get(String(event['ANI'] ?? ''));
    if (call !== undefined) call.connID ??= connID;
  }

  connID(from: string): string | undefined {
    return this.#calls.get(from)?.connID;
  }

  /** Of all calls that a monitor heard of. */
  connIDs(): string[] {
    return [...this.#calls.values()].flatMap(({ connID }) => (connID === undefined ? [] : [connID]));
  }

  established(from: string): void {
    const call = this.#calls.get(from);
    if (call !== undefined) call.stood = true;
  }

  /** From now on it may end. */
  ending(from: string): void {
    const call = this.#calls.get(from);
    if (call !== undefined) call.isEnding = true;
  }

  /** The caller's phone says that it is over. */
  ended(from: string, status: number, nowMs: number): void {
    const call = this.#calls.get(from);
    if (call === undefined || call.over) return;
    call.over = true;
    if (call.isEnding) return;
    if (call.stood) return this.lose(from, 'ended though nobody hung up', nowMs);
    if (call.group !== 'new') return this.lose(from, `ended with ${status} before it was answered`, nowMs);
    const refused = this.#refused[call.group];
    refused.set(status, (refused.get(status) ?? 0) + 1);
  }

  /** What the BYE of whoever hung up was answered. */
  farewell(from: string, status: number, nowMs: number): void {
    if (status >= 300) this.lose(from, `BYE was answered ${status}`, nowMs);
  }

  /** The first reason stays. */
  lose(from: string, reason: string, nowMs: number): void {
    const call = this.#calls.get(from);
    if (call !== undefined) call.loss ??= { reason, atMs: nowMs };
  }

  isLost(from: string): boolean {
    return this.#calls.get(from)?.loss !== undefined;
  }

  counts(group: CallGroup): LedgerCounts {
    const calls = [...this.#calls].filter(([, call]) => call.group === group);
    return {
      started: calls.length,
      established: calls.filter(([, call]) => call.stood).length,
      refused: this.#refused[group],
      lost: calls.flatMap(([from, { where, connID, loss }]) => (loss === undefined ? [] : [{ group, from, where, connID, ...loss }])),
    };
  }
}
