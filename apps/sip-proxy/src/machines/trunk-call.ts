/** A call that call limits ask for: an INVITE without To tag that comes from a trunk (docs/specs/limits.md, "The verdict"). */
import { hash } from 'node:crypto';
import type { NumberPlan } from '#limits';
import type { SipRequest } from '#sip';
import type { CallerRecognition } from '#telephony';

export interface TrunkCall {
  /** Of its slots: the same for the same INVITE by another way, or again. */
  readonly id: string;
  readonly trunk: string;
  /** As the trunk writes them. */
  readonly dnis: string;
  readonly ani: string;
  readonly plan: NumberPlan;
  readonly callId: string;
}

export interface TrunkCallRules {
  readonly callers: CallerRecognition;
  /** DNIS is the Request-URI's user; false: the To header's. */
  readonly dnisByUri: boolean;
  planOf(trunk: string): NumberPlan;
}

/** @param flow what a session controller will be told of the flow that the request came over */
export function trunkCallOf(request: SipRequest, flow: string | undefined, { callers, dnisByUri, planOf }: TrunkCallRules): TrunkCall | undefined {
  if (request.method !== 'INVITE' || request.to.tag !== undefined) return undefined;
  const { callId, from, topVia: { host, port, received, rport } } = request;
  const caller = callers.recognise({ fromUser: from.uri.userName, fromHost: from.uri.host, flow, source: { host, port, received, rport } });
  if (caller.kind !== 'trunk') return undefined;
  const { trunk } = caller;
  const dialled = dnisByUri ? request.requestUri : request.to.uri;
  return { id: slotId(callId, from.tag), trunk, dnis: dialled?.userName ?? '', ani: from.uri.userName, plan: planOf(trunk), callId };
}

/** No tag has a slash, so what stands before the first one is the tag. */
const PLAIN_TAG = /^[\w.+-]{0,40}$/;
const PLAIN_CALL_ID = /^[\w.@+/:-]{1,87}$/;

/** What a carrier writes may be of any length and have any character; a slot's id may not (`formatSlots`), so what is unusual goes by its hash. */
export function slotId(callId: string, callerTag = ''): string {
  if (PLAIN_TAG.test(callerTag) && PLAIN_CALL_ID.test(callId)) return `${callerTag}/${callId}`;
  return hash('sha256', `${callId}\n${callerTag}`, 'base64url');
}

/** The slots of a call that a BYE ends: the caller's own, or one of the inside to the caller. */
export function endedSlots({ callId, from, to }: SipRequest): readonly string[] {
  return [slotId(callId, from.tag), slotId(callId, to.tag)];
}
