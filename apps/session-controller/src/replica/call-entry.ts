/** What the other half of a pair knows of a node's calls: one entry per call, and a few small ones (docs/specs/pairs.md). */
import { entriesUnder } from '#cluster';
import type { CallSnapshot, RequestOrigin } from '#telephony';
import type { Debt } from '../legs/owed.js';
import type { LegEntry } from '../legs/snapshots.js';
import type { CallSlots } from '../machines/call-slots.js';

export const CALL_ENTRY_VERSION = 1;

/** A request that was accepted and has no outcome: who asked still waits for an event or an error. */
export interface LateRequest {
  readonly origin: RequestOrigin;
  readonly dn: string;
}

export interface CallEntry {
  readonly version: typeof CALL_ENTRY_VERSION;
  readonly call: CallSnapshot;
  readonly lastActiveMs: number;
  readonly legs: readonly LegEntry[];
  readonly late: readonly LateRequest[];
  /** At the limiter store; absent for a call that came without a slot. */
  readonly slots?: CallSlots;
}

/** Of the process as such. */
export interface NodeEntry {
  /** Stands in the names of its calls, so it must not be used again. */
  readonly bootMs: number;
}

export const NODE_KEY = 'node';
const CALL = 'call/';
const DN = 'dn/';
const POINT = 'point/';
const OWED = 'owed/';

export const callKey = (connID: string): string => CALL + connID;
/** A DN whose owner may know of calls here. */
export const dnKey = (dn: string): string => DN + dn;
/** A Routing Point with routers. */
export const pointKey = (dn: string): string => POINT + dn;

export const owedKey = (id: string): string => OWED + id;

export const debtsOf = (entries: ReadonlyMap<string, object>): Iterable<readonly [string, Debt]> => entriesUnder(entries, OWED);
/** By ConnID. */
export const callEntries = (entries: ReadonlyMap<string, object>): Iterable<readonly [string, CallEntry]> => entriesUnder(entries, CALL);

/** The highest number of a call among them; 0 when there is none. */
export function lastCallID(entries: ReadonlyMap<string, object> = new Map()): number {
  let last = 0;
  for (const [, { call }] of callEntries(entries)) last = Math.max(last, call.identity.callID);
  return last;
}

export const dnsOf = (entries: ReadonlyMap<string, object>): string[] => namesOf(entries, DN);
export const pointsOf = (entries: ReadonlyMap<string, object>): string[] => namesOf(entries, POINT);

function namesOf(entries: ReadonlyMap<string, object>, kind: string): string[] {
  return Array.from(entriesUnder(entries, kind), ([name]) => name);
}
