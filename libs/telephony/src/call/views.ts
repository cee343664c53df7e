/** The call as others see it: a DN's owner, operators. */
import type { CallSummary, CallView } from '../messages/index.js';
import { type CallState, type Party, PartyKind, PartyState } from './call.state.js';
import { partyStateBits } from './monitor-events.js';
import type { Step } from './step.js';

const STATE_NAMES = ['New', 'Dialing', 'Queued', 'Ringing', 'Established', 'Held'] as const;

/** Undefined when the DN was not told of the call, or has no part in it any more. */
export function viewOf(step: Step, dn: string): CallView | undefined {
  const party = step.partyOfDn(dn);
  if (party === undefined || party.state === PartyState.New) return undefined;
  const { call } = step;
  const other = party.other?.dn ?? (party.state === PartyState.Dialing ? call.dnis : '');
  return {
    connID: call.identity.connID, callUUID: call.identity.callUUID, callID: call.identity.callID, callType: call.callType,
    node: step.env.node, partyState: partyStateBits(party.state), business: party.business,
    ...(other === '' ? {} : { otherDN: other }),
    ...(call.userData.length === 0 ? {} : { userData: call.userData }),
  };
}

export function toldDns(step: Step): string[] {
  return step.call.parties.filter(isToldDn).map((party) => party.dn);
}

function isToldDn(party: Party): boolean {
  return party.state !== PartyState.New && party.trunk === '';
}

export function summaryOf(step: Step): CallSummary {
  const { call } = step;
  return {
    connID: call.identity.connID, callUUID: call.identity.callUUID, callType: call.callType, node: step.env.node,
    ani: call.ani, dnis: call.dnis, startedAtMs: call.identity.startedAtMs,
    parties: call.parties.map(({ dn, role, state }) => ({ dn, role, state: STATE_NAMES[state] })),
  };
}

/** Where a call stands at Routing Points, for who counts calls (docs/specs/limits.md). */
export interface CallPlace {
  /** The Routing Point where it waits, and rings at nobody. */
  readonly waitsAt: string | undefined;
  /** The last Routing Point from which it went to a device. */
  readonly talksFor: string | undefined;
  /** A device, or the outside, has it: it rings there, or did. */
  readonly isReached: boolean;
}

export function placeOf(call: Readonly<CallState>): CallPlace {
  const { parties, queue, attempt, lastQueue } = call;
  const party = (wanted: number | undefined): Party | undefined => parties.find(({ id }) => id === wanted);
  // With divert-on-ringing off it stays at the Routing Point until somebody answers.
  const rings = (party(attempt?.party)?.state ?? PartyState.New) >= PartyState.Ringing;
  const point = party(queue?.party);
  const waits = point !== undefined && !rings;
  return {
    waitsAt: waits ? point.dn : undefined,
    talksFor: !waits && lastQueue !== '' && parties.length > 0 ? lastQueue : undefined,
    isReached: parties.some(({ role, kind, state }) => role === 'Destination' && kind !== PartyKind.RoutingPoint && state >= PartyState.Ringing),
  };
}
