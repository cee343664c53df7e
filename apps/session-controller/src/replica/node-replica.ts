/**
 * Puts what the node knows into its replica: once per turn, only what the turn changed. Values are handed over as they are and serialised by the
 * flush that follows at once, so nothing is copied.
 */
import type { Replica } from '#cluster';
import type { Clock, Log } from '#kernel';
import { askersOf } from '#telephony';
import type { Debt } from '../legs/owed.js';
import type { LegLayer } from '../legs/leg-layer.js';
import type { CallRecord } from '../services/call-record.js';
import type { RequestOutcomes } from '../services/request-outcomes.js';
import { CALL_ENTRY_VERSION, type CallEntry, callKey, type LateRequest, NODE_KEY, type NodeEntry, owedKey } from './call-entry.js';
import { Turns } from './turns.js';

export interface NodeReplicaPorts {
  readonly clock: Clock;
  readonly log: Log;
  legs(): LegLayer;
  outcomes(): RequestOutcomes;
}

/** What is over costs the other half a needless message when it does not know: that may wait for the next thing to say. */
const LAZY_MS = 1_000;

export class NodeReplica {
  readonly turns: Turns;
  readonly #changed = new Set<CallRecord>();
  #urgent = false;
  #flushedMs = 0;

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
    this.#urgent = true;
    this.replica.put(NODE_KEY, entry);
  }

  changed(call: CallRecord): void {
    this.#changed.add(call);
  }

  /** What an ended leg owes; undefined: nothing any more. */
  owed(id: string, debt: Debt | undefined): void {
    if (debt === undefined) return this.replica.remove(owedKey(id));
    this.#urgent = true;
    this.replica.put(owedKey(id), debt);
  }

  /** A small entry that only is there or not. `lazily`: its end need not be known at once. */
  keep(key: string, kept: boolean, lazily = false): void {
    if (kept) this.replica.put(key, {});
    else this.replica.remove(key);
    if (kept || !lazily) this.#urgent = true;
  }

  #settle(): void {
    const nowMs = this.ports.clock.nowMs();
    if (this.#changed.size === 0 && !this.#urgent && nowMs - this.#flushedMs < LAZY_MS) return;
    for (const call of this.#changed) this.#put(call);
    this.#changed.clear();
    this.#urgent = false;
    this.#flushedMs = nowMs;
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
      late: this.#lateOf(call), ...(call.slots?.slot === undefined ? {} : { slots: call.slots }),
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
