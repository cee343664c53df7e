/** A call that is being told, and its parties; plain data. */
import type { KVList, TEvent } from '#tlib';
import { text, timeOf } from './heard.js';

export interface LiveParty {
  readonly uuid: string;
  readonly dn: string;
  readonly partyType: string;
  readonly role: string;
  readonly trunk: string;
  readonly broughtBy: string;
  readonly cause: string;
  readonly addedAtMs: number;
  /** An attempt to give the call to somebody. */
  readonly attempt: boolean;
  readonly waitMs: number;
  readonly queue: string;
  phase: Phase;
  sinceMs: number;
  readonly ms: Record<Phase, number>;
}

export type Phase = 'queued' | 'ringing' | 'talking' | 'held' | 'other';

/** Where the call waits, or waited last. */
export interface QueueVisit {
  readonly dn: string;
  readonly enteredAtMs: number;
  attempts: number;
  /** A CDR says already that the caller gave up here. */
  dropped: boolean;
}

export interface LiveCall {
  readonly callUUID: string;
  readonly connID: string;
  readonly callID: number;
  readonly callType: string;
  readonly ani: string;
  readonly dnis: string;
  readonly node: string;
  readonly atMs: number;
  source: string;
  /** Session that tells it. */
  session: string;
  /** Of the queue's lines. */
  readonly seqs: number[];
  readonly parties: Map<string, LiveParty>;
  /** Parties that were told, also those that left. */
  readonly seen: Set<string>;
  readonly dns: Set<string>;
  events: number;
  partyCount: number;
  cdrs: number;
  attempts: number;
  visit: QueueVisit | undefined;
  userData: KVList;
  lastAtMs: number;
  /** T-Library's number of the last failure. */
  lastCode: number | undefined;
}

export function beginCall(event: TEvent, source: string, session: string, seqs: number[]): LiveCall {
  const dnis = text(event, 'DNIS');
  return {
    callUUID: text(event, 'CallUUID'), connID: text(event, 'ConnID'), callID: event['CallID'] as number, callType: text(event, 'CallType'),
    ani: text(event, 'ANI'), dnis, node: text(event, 'Node'), atMs: timeOf(event), source, session, seqs,
    parties: new Map(), seen: new Set(), dns: new Set(dnis === '' ? [] : [dnis]), events: 0, partyCount: 0, cdrs: 0, attempts: 0, visit: undefined,
    userData: (event['UserData'] as KVList | undefined) ?? [], lastAtMs: timeOf(event), lastCode: undefined,
  };
}

/** Low bits of PartyState (tlibrary §5.5). */
const PHASES: Readonly<Record<number, Phase>> = { 9: 'queued', 0xa: 'ringing', 0xc: 'talking', 0xe: 'held' };
const phaseOf = (state: unknown): Phase => PHASES[(state as number) & 0xf] ?? 'other';

export function addParty(call: LiveCall, event: TEvent): LiveParty {
  const [dn, partyType, role, atMs] = [text(event, 'DN'), text(event, 'PartyType'), text(event, 'DNRole'), timeOf(event)];
  const isQueue = partyType === 'RoutingPoint';
  const attempt = role === 'Destination' && !isQueue;
  call.partyCount += 1;
  if (dn !== '') call.dns.add(dn);
  if (isQueue) call.visit = { dn, enteredAtMs: atMs, attempts: 0, dropped: false };
  const routed = attempt && call.visit !== undefined && text(event, 'Cause') !== 'SingleStepTransfer';
  if (attempt) {
    call.attempts += 1;
    if (call.visit !== undefined) call.visit.attempts += 1;
  }
  const { dn: queue, enteredAtMs } = routed ? call.visit as QueueVisit : { dn: '', enteredAtMs: atMs };
  const party: LiveParty = {
    uuid: text(event, 'PartyUUID'), dn, partyType, role, trunk: text(event, 'Trunk'), broughtBy: text(event, 'CtrlParty'), cause: text(event, 'Cause'),
    addedAtMs: atMs, attempt, waitMs: Math.max(0, atMs - enteredAtMs), queue,
    phase: phaseOf(event['PartyState']), sinceMs: atMs, ms: { queued: 0, ringing: 0, talking: 0, held: 0, other: 0 },
  };
  call.parties.set(party.uuid, party);
  call.seen.add(party.uuid);
  return party;
}

/** Moves on. A phase that is told again lasts. */
export function enterPhase(party: LiveParty, atMs: number, state: unknown): void {
  const phase = phaseOf(state);
  if (phase === party.phase || atMs < party.sinceMs) return;
  endPhase(party, atMs);
  party.phase = phase;
}

/** The time until then counts for the phase that ends. */
export function endPhase(party: LiveParty, atMs: number): void {
  party.ms[party.phase] += Math.max(0, atMs - party.sinceMs);
  party.sinceMs = Math.max(party.sinceMs, atMs);
}
