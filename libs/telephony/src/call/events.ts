/** T-Library events of a call, each told from the viewpoint of one DN (tlibrary §4.1, §4.2). */
import type { KVList, TAttribute, TEvent } from '#tlib';
import type { RequestOrigin } from '../messages/index.js';
import { type Party, PartyKind, PartyState } from './call.state.js';
import type { Step } from './step.js';

export type Attributes = { readonly [attribute: string]: TAttribute };

/** The two that tlibrary §5.4 leaves without ANI. */
const WITHOUT_ANI = new Set(['EventDialing', 'EventDiverted']);

/**
 * Tells everybody registered on the party's DN. Does nothing for outside parties: they never appear as ThisDN (§4.1).
 * `more` overrides what is said by default.
 */
export function tell(step: Step, msg: string, party: Party, more: Attributes = {}, origin?: RequestOrigin): void {
  if (party.kind === PartyKind.Outside) return;
  const reasons = origin === undefined || step.reasons.length === 0 ? more : { Reasons: step.reasons, ...more };
  const event = partyEvent(step, msg, party, reasons);
  const { business, dn } = party;
  step.push(origin === undefined ? { kind: 'event', dn, event, business } : { kind: 'event', dn, event, business, origin });
}

function partyEvent(step: Step, msg: string, party: Party, more: Attributes): TEvent {
  const { call } = step;
  const event: Record<string, TAttribute> = {
    msg,
    ThisDN: party.dn,
    ThisDNRole: party.role,
    ConnID: call.identity.connID,
    CallUUID: call.identity.callUUID,
    CallID: call.identity.callID,
    CallType: call.callType,
    PropagatedCallType: call.callType,
    CallState: 'Ok',
  };
  addOther(step, event, party);
  if (party.thisQueue !== '') event['ThisQueue'] = party.thisQueue;
  // `ani-distribution` stands at its default, inbound-calls-only: inside, OtherDN says who calls.
  if (call.callType === 'Inbound' && call.ani !== '' && !WITHOUT_ANI.has(msg)) event['ANI'] = call.ani;
  if (call.dnis !== '') event['DNIS'] = call.dnis;
  if (call.userData.length > 0) event['UserData'] = call.userData;
  Object.assign(event, more);
  event['Node'] = step.env.node;
  event['Time'] = timeOf(step.nowMs);
  return event as TEvent;
}

/** The other party; of a call being dialled, what was dialled (§4.1 "*DIAL"). */
function addOther(step: Step, event: Record<string, TAttribute>, party: Party): void {
  const { other } = party;
  if (other !== undefined) {
    event['OtherDN'] = other.dn;
    event['OtherDNRole'] = other.role;
  } else if (party.state === PartyState.Dialing && step.call.dnis !== '') {
    event['OtherDN'] = step.call.dnis;
    event['OtherDNRole'] = 'Destination';
  }
}

export function timeOf(nowMs: number): { readonly sec: number; readonly usec: number } {
  const sec = Math.floor(nowMs / 1000);
  return { sec, usec: Math.round((nowMs - sec * 1000) * 1000) };
}

/** Leaves attributes out that say nothing. */
export function withLists(more: Attributes, reasons: KVList, extensions: KVList): Attributes {
  const result: Record<string, TAttribute> = { ...more };
  if (reasons.length > 0) result['Reasons'] = reasons;
  if (extensions.length > 0) result['Extensions'] = extensions;
  return result;
}
