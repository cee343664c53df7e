/** Calls that the process before this one had go on here (docs/specs/call.md, "Carried on"). */
import { assert, type Clock, type Counter, type Log, type Meter } from '#kernel';
import { askersOf, Call, type CallEnvironment, type CallTimer, forgetAskers, type RequestOrigin } from '#telephony';
import type { LegLayer } from '../legs/leg-layer.js';
import type { CallDirectory } from '../services/call-directory.js';
import type { CallEffects } from '../services/call-effects.js';
import type { CallRecord } from '../services/call-record.js';
import type { CallReporting } from '../services/call-reporting.js';
import type { RequestOutcomes } from '../services/request-outcomes.js';
import { CALL_ENTRY_VERSION, type CallEntry, callEntries, callKey } from './call-entry.js';

export interface RestoreCallsPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly environment: CallEnvironment;
  readonly directory: CallDirectory;
  readonly legs: LegLayer;
  readonly effects: CallEffects;
  readonly outcomes: RequestOutcomes;
  readonly reporting: CallReporting;
  /** An entry that nobody can use. */
  discard(key: string): void;
}

/** Timers that watch over a destination. One that answered while nobody listened says so again within T2 (RFC 3261 §13.3.1.4). */
const WATCHES: ReadonlySet<CallTimer> = new Set(['invite', 'noAnswer', 'routing']);
const HEARD_AGAIN_MS = 4_500;

export class RestoreCalls {
  readonly #restored: Counter;
  readonly #lost: Counter;

  constructor(private readonly ports: RestoreCallsPorts) {
    this.#restored = ports.meter.counter('sc_calls_restored_total', 'Calls taken over from the other half of the pair');
    this.#lost = ports.meter.counter('sc_calls_not_restored_total', 'Calls of the other half that could not be read');
  }

  /** All calls are there before the first of them does anything. They live on in what `entries` hold, which is nobody else's. */
  run(entries: ReadonlyMap<string, object>): void {
    const calls: CallRecord[] = [];
    // In the order in which they came: a copy that was fetched in pages has another one, and who waits at a Routing Point keeps his place.
    const inOrder = [...callEntries(entries)].sort(([, a], [, b]) => a.call.identity.callID - b.call.identity.callID);
    for (const [connID, entry] of inOrder) {
      const call = this.#adopt(callKey(connID), entry);
      if (call !== undefined) calls.push(call);
    }
    for (const call of calls) this.#goOn(call);
    if (calls.length > 0) this.ports.log.info('calls of the other half go on here', { calls: calls.length });
  }

  #adopt(key: string, entry: CallEntry): CallRecord | undefined {
    let call: CallRecord | undefined;
    try {
      assert(entry.version === CALL_ENTRY_VERSION, `a call in version ${String(entry.version)}: both halves of a pair need programs that know it`);
      forgetAskers(entry.call, (origin) => entry.late.some((late) => isSame(late.origin, origin)));
      call = this.ports.directory.adopt(Call.restore(entry.call, this.ports.environment), entry.lastActiveMs);
      call.slots = entry.slots;
      this.ports.legs.adopt(call, entry.legs);
      this.#expectLate(call, entry);
      this.#armTimers(call, entry);
      this.#restored.add();
      return call;
    } catch (error) {
      this.#lost.add();
      if (call !== undefined) {
        this.ports.directory.tearDown(call, 'taken over', error);
        return undefined;
      }
      this.ports.log.error('a call of the other half cannot be carried on', { key, error });
      this.ports.discard(key);
      return undefined;
    }
  }

  #expectLate(call: CallRecord, { late }: CallEntry): void {
    for (const origin of askersOf(call.machine.state)) {
      const request = late.find((one) => isSame(one.origin, origin));
      if (request !== undefined) this.ports.outcomes.expectLate(call, origin, request.dn);
    }
  }

  #armTimers(call: CallRecord, { call: { timers } }: CallEntry): void {
    const nowMs = this.ports.clock.nowMs();
    for (const { timer, atMs } of timers) {
      const ms = Math.max(WATCHES.has(timer) ? HEARD_AGAIN_MS : 0, atMs - nowMs);
      this.ports.effects.perform(call, { kind: 'setTimer', timer, ms });
    }
  }

  #goOn(call: CallRecord): void {
    const { directory, legs, reporting, clock } = this.ports;
    if (reporting.wanted) for (const event of call.machine.picture()) reporting.report(call.identity.connID, event);
    directory.feed(call, { kind: 'restored', nowMs: clock.nowMs() });
    legs.resume(call);
  }
}

function isSame(a: RequestOrigin, b: RequestOrigin): boolean {
  return a.instance === b.instance && a.session === b.session && a.referenceID === b.referenceID;
}
