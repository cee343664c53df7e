/**
 * Puts what the node knows into its replica: once per turn, only what the turn changed. Values are handed over as they are and serialised by the
 * flush that follows at once, so nothing is copied.
 */
import type { Replica } from '#cluster';
import type { Log } from '#kernel';
import { askersOf } from '#telephony';
import type { Debt } from '../legs/owed.js';
import type { LegLayer } from '../legs/leg-layer.js';
import type { CallRecord } from '../services/call-record.js';
import type { RequestOutcomes } from '../services/request-outcomes.js';
import { CALL_ENTRY_VERSION, type CallEntry, callKey, type LateRequest, NODE_KEY, type NodeEntry, owedKey } from './call-entry.js';
import { Turns } from './turns.js';

export interface NodeReplicaPorts {
  readonly log: Log;
  legs(): LegLayer;
  outcomes(): RequestOutcomes;
}

export class NodeReplica {
  readonly turns: Turns;
  readonly #changed = new Set<CallRecord>();

  constructor(private readonly replica: Replica, private readonly ports: NodeReplicaPorts) {
    this.turns = new Turns(() => this.#settle(), ports.log);
  }

  /** What the process before this one had put. */
  get restored(): ReadonlyMap<string, object> {
    return this.replica.restored;
  }

  /** Later than the start of the process before, by the second that names of calls show. */
  bootMs(nowMs: number): number {
    const before = this.replica.restored.get(NODE_KEY) as NodeEntry | undefined;
    return before === undefined ? nowMs : Math.max(nowMs, before.bootMs + 1_000);
  }

  started(entry: NodeEntry): void {
    this.replica.put(NODE_KEY, entry);
  }

  changed(call: CallRecord): void {
    this.#changed.add(call);
  }

  /** What an ended leg owes; undefined: nothing any more. */
  owed(id: string, debt: Debt | undefined): void {
    if (debt === undefined) this.replica.remove(owedKey(id));
    else this.replica.put(owedKey(id), debt);
  }

  /** A small entry that only is there or not. */
  keep(key: string, kept: boolean): void {
    if (kept) this.replica.put(key, {});
    else this.replica.remove(key);
  }

  #settle(): void {
    for (const call of this.#changed) this.#put(call);
    this.#changed.clear();
    this.replica.flush();
  }

  #put(call: CallRecord): void {
    const key = callKey(call.identity.connID);
    if (call.ended) return this.replica.remove(key);
    this.replica.put(key, this.#entryOf(call));
  }

  #entryOf(call: CallRecord): CallEntry {
    return {
      version: CALL_ENTRY_VERSION, call: call.machine.state, lastActiveMs: call.lastActiveMs, legs: this.ports.legs().snapshots(call),
      late: this.#lateOf(call),
    };
  }

  #lateOf(call: CallRecord): LateRequest[] {
    const late: LateRequest[] = [];
    for (const origin of askersOf(call.machine.state)) {
      const dn = this.ports.outcomes().lateFor(origin);
      if (dn !== undefined) late.push({ origin, dn });
    }
    return late;
  }
}
