/** Call-monitoring events to records of calls, parties and attempts (docs/specs/history.md, "Calls"). */
import type { Machine, Out } from '#kernel';
import type { CdrData } from '#store';
import type { KVList, TEvent } from '#tlib';
import { attemptCdr, callCdr, queueCdr } from './cdr.js';
import { type HistoryEffect, versionOf } from './effects.js';
import { type Heard, text, timeOf } from './heard.js';
import { addParty, beginCall, endPhase, enterPhase, type LiveCall, type LiveParty } from './live-call.js';
import { chosenUserData, type UserDataSpec } from './user-data-spec.js';

export type CallsInput =
  | { readonly kind: 'heard'; readonly seq: number; readonly heard: Heard }
  | { readonly kind: 'tick'; readonly nowMs: number };

/** A server that opened another session tells its live calls again within this. */
const TOLD_AGAIN_MS = 30_000;
/** A call without any event for so long is over. */
const SILENT_MS = 24 * 3_600_000;

export class Calls implements Machine<CallsInput, HistoryEffect> {
  readonly #calls = new Map<string, LiveCall>();
  /** Session of each source, and when it replaced another one. */
  readonly #sessions = new Map<string, { readonly session: string; sinceMs: number | undefined }>();

  constructor(private readonly spec: UserDataSpec) {}

  get live(): number {
    return this.#calls.size;
  }

  on(input: CallsInput, out: Out<HistoryEffect>): void {
    if (input.kind === 'tick') return this.#tick(input.nowMs, out);
    const { seq, heard } = input;
    const { source, session, event } = heard;
    if (this.#sessions.get(source)?.session !== session) this.#sessions.set(source, { session, sinceMs: undefined });
    if (event.msg === 'EventCallCreated') return this.#created(seq, heard);
    const call = this.#calls.get(text(event, 'CallUUID'));
    // Its beginning was never told here, or is told already.
    if (call === undefined || call.session !== session) return void out.push({ kind: 'release', seqs: [seq] });
    call.seqs.push(seq);
    call.events += 1;
    call.lastAtMs = Math.max(call.lastAtMs, timeOf(event));
    this.#apply(call, event, out);
  }

  /** Told again by another session: from its beginning, or as it is now, without those who left (docs/specs/pairs.md). What is known stays known. */
  #created(seq: number, { event, source, session }: Heard): void {
    const known = this.#calls.get(text(event, 'CallUUID'));
    if (known === undefined) {
      const call = beginCall(event, source, session, [seq]);
      this.#calls.set(call.callUUID, call);
      return;
    }
    known.seqs.push(seq);
    Object.assign(known, { source, session, events: 0, userData: (event['UserData'] as KVList | undefined) ?? [] });
  }

  #apply(call: LiveCall, event: TEvent, out: Out<HistoryEffect>): void {
    switch (event.msg) {
      case 'EventCallDataChanged': call.userData = event['UserData'] as KVList; return;
      case 'EventCallPartyAdded':
        if (!call.seen.has(text(event, 'PartyUUID'))) addParty(call, event);
        return;
      case 'EventCallPartyState': {
        const party = call.parties.get(text(event, 'PartyUUID'));
        if (party !== undefined) enterPhase(party, timeOf(event), event['PartyState']);
        return;
      }
      case 'EventCallPartyDeleted': {
        const party = call.parties.get(text(event, 'PartyUUID'));
        const code = event['ErrorCode'] as number | undefined;
        if (party !== undefined) this.#partyLeft(call, party, { atMs: timeOf(event), cause: text(event, 'Cause'), code }, out);
        return;
      }
      case 'EventCallDeleted': return this.#ended(call, true, out);
    }
  }

  #partyLeft(call: LiveCall, party: LiveParty, { atMs, cause, code, complete = true }: Departure, out: Out<HistoryEffect>): void {
    endPhase(party, atMs);
    call.parties.delete(party.uuid);
    if (code !== undefined) call.lastCode = code;
    const { uuid, dn, partyType, role, trunk, broughtBy, addedAtMs, ms } = party;
    out.push({
      kind: 'write',
      record: {
        kind: 'party', key: uuid, atMs: addedAtMs, version: versionOf(call.events, complete), connID: call.connID, dns: [dn], agents: [],
        data: {
          callUUID: call.callUUID, dn, partyType, role, trunk, broughtBy, cause: party.cause, endCause: cause, endedAtMs: atMs,
          queuedMs: ms.queued, ringMs: ms.ringing, talkMs: ms.talking, heldMs: ms.held,
        },
      },
    });
    const cdr = party.attempt ? attemptCdr(call, party, cause, code) : partyType === 'RoutingPoint' ? queueCdr(call, party, cause, code) : undefined;
    if (cdr !== undefined) this.#cdr(call, uuid, addedAtMs, cdr, complete, out);
  }

  #cdr(call: LiveCall, key: string, atMs: number, data: CdrData, complete: boolean, out: Out<HistoryEffect>): void {
    const dns = [...new Set([data.dn, data.queue])].filter((dn) => dn !== '');
    out.push({ kind: 'write', record: { kind: 'cdr', key, atMs, version: versionOf(call.events, complete), connID: call.connID, dns, agents: [], data } });
  }

  #ended(call: LiveCall, complete: boolean, out: Out<HistoryEffect>): void {
    const { callUUID, connID, callID, callType, ani, dnis, node, atMs, lastAtMs } = call;
    for (const party of [...call.parties.values()]) this.#partyLeft(call, party, { atMs: lastAtMs, cause: 'Empty', code: LOST, complete }, out);
    if (call.cdrs === 0) this.#cdr(call, `${callUUID}-0`, atMs, callCdr(call), complete, out);
    this.#calls.delete(callUUID);
    out.push({
      kind: 'write',
      record: {
        kind: 'call', key: callUUID, atMs, version: versionOf(call.events, complete), connID, dns: [...call.dns].sort(), agents: [],
        data: {
          callUUID, callID, callType, ani, dnis, node, endedAtMs: lastAtMs, complete, parties: call.partyCount,
          userData: chosenUserData(this.spec, call.userData),
        },
      },
    });
    out.push({ kind: 'release', seqs: call.seqs });
  }

  /** What was not told again when its server opened another session was lost with that server, or is told to another recorder. */
  #tick(nowMs: number, out: Out<HistoryEffect>): void {
    for (const state of this.#sessions.values()) state.sinceMs ??= nowMs;
    for (const call of [...this.#calls.values()]) {
      const current = this.#sessions.get(call.source);
      const forgotten = current !== undefined && current.session !== call.session && nowMs - (current.sinceMs ?? nowMs) > TOLD_AGAIN_MS;
      if (forgotten || nowMs - call.lastAtMs > SILENT_MS) this.#ended(call, false, out);
    }
  }
}

interface Departure {
  readonly atMs: number;
  readonly cause: string;
  readonly code: number | undefined;
  readonly complete?: boolean;
}

/** What a party that nobody saw leave is counted as: it could not be reached. */
const LOST = 234;
