/** The call as others see it: a DN's owner, operators. */
import type { CallSummary, CallView } from '../messages/index.js';
import { type Party, PartyState } from './call.state.js';
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
