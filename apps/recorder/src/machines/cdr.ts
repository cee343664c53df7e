/** Call detail records: one per attempt to give a call to somebody (HR-15; docs/specs/history.md). */
import { CDR_TYPE, type CdrData, type CdrType } from '#store';
import type { LiveCall, LiveParty } from './live-call.js';

/**
 * T-Library's numbers (tlibrary §5.7) of a destination that could have taken the call and did not: not ready, busy, no answer, refused,
 * not answered within after-routing-timeout. All others are failures of ours or of the network.
 */
const REJECTIONS: ReadonlySet<number> = new Set([57, 185, 231, 232, 233]);

const failureType = (code: number): CdrType => (REJECTIONS.has(code) ? CDR_TYPE.rejected : CDR_TYPE.internalError);

/** Of a destination that left. `code` says that the attempt failed. */
export function attemptCdr(call: LiveCall, party: LiveParty, cause: string, code: number | undefined): CdrData {
  const { queue, dn, waitMs, ms } = party;
  const type = typeOfAttempt(party, cause, code);
  if (type === CDR_TYPE.droppedInQueue && call.visit !== undefined) call.visit.dropped = true;
  const flags = [
    ...(party.cause === 'SingleStepTransfer' ? ['transferred'] : queue === '' ? [] : ['routed']),
    ...(party.cause === 'Redirect' ? ['redirected'] : []), ...(ms.held > 0 ? ['held'] : []),
  ];
  return {
    ...basics(call), type, dn, queue, waitMs, pickupMs: ms.ringing, talkMs: ms.talking + ms.held, rejected: type === CDR_TYPE.rejected, cause, flags,
  };
}

function typeOfAttempt({ phase, ms }: LiveParty, cause: string, code: number | undefined): CdrType {
  if (phase === 'talking' || phase === 'held' || ms.talking > 0) return CDR_TYPE.handled;
  if (code !== undefined) return failureType(code);
  // It rang, and somebody sent the call elsewhere; else the caller gave up.
  return cause === 'Redirect' || cause === 'SingleStepTransfer' ? CDR_TYPE.rejected : CDR_TYPE.droppedInQueue;
}

/** Of a Routing Point that the call left to nowhere; undefined when attempts have said it already. */
export function queueCdr(call: LiveCall, party: LiveParty, cause: string, code: number | undefined): CdrData | undefined {
  const { visit } = call;
  if (cause === 'Route' || visit === undefined) return undefined;
  if (code === undefined ? visit.dropped : visit.attempts > 0) return undefined;
  visit.dropped = true;
  return emptyCdr(call, party.dn, party.dn, party.ms.queued, cause, code);
}

/** Of a call that was given to nobody: the number led nowhere, or the caller was quicker. */
export function callCdr(call: LiveCall): CdrData {
  return emptyCdr(call, call.dnis, '', 0, '', call.lastCode);
}

function emptyCdr(call: LiveCall, dn: string, queue: string, waitMs: number, cause: string, code: number | undefined): CdrData {
  const type = code === undefined ? CDR_TYPE.droppedInQueue : failureType(code);
  return { ...basics(call), type, dn, queue, waitMs, pickupMs: 0, talkMs: 0, rejected: type === CDR_TYPE.rejected, cause, flags: [] };
}

/** Attempts are numbered as they end. */
function basics(call: LiveCall): Pick<CdrData, 'callUUID' | 'attempt' | 'ani' | 'media'> {
  call.cdrs += 1;
  return { callUUID: call.callUUID, attempt: call.cdrs, ani: call.ani, media: 'voice' };
}
