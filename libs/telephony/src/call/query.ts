/** RequestQueryCall (SC-26). The layout of EventPartyInfo follows the keys of snapshots (tlibrary §4.4.1, §14.4). */
import type { KVList, KVPair, TEvent, TRequest } from '#tlib';
import type { RequestOrigin } from '../messages/index.js';
import { type Party, PartyState } from './call.state.js';
import { timeOf } from './events.js';
import { partyStateBits } from './monitor-events.js';
import { textOf } from './request.js';
import type { Step } from './step.js';

export function onQueryCall(step: Step, request: TRequest, origin: RequestOrigin): void {
  const { call } = step;
  const type = textOf(request, 'CallInfoType') || 'PartiesQuery';
  const extensions = type === 'StatusQuery' ? statusOf(step) : partiesOf(step);
  const event: TEvent = {
    msg: 'EventPartyInfo', ConnID: call.identity.connID, CallUUID: call.identity.callUUID, CallID: call.identity.callID,
    CallType: call.callType, CallInfoType: type, InfoStatus: told(step).length, ANI: call.ani, DNIS: call.dnis,
    ...(call.userData.length > 0 ? { UserData: call.userData } : {}),
    Extensions: extensions, Node: step.env.node, Time: timeOf(step.nowMs),
  };
  step.push({ kind: 'reply', origin, event });
}

function told(step: Step): readonly Party[] {
  return step.call.parties.filter((party) => party.state !== PartyState.New);
}

function partiesOf(step: Step): KVList {
  const list: KVPair[] = [];
  told(step).forEach((party, index) => {
    const n = index + 1;
    list.push([`dn-${n}`, party.dn], [`role-${n}`, party.role], [`ps-${n}`, partyStateBits(party.state)]);
    if (party.trunk !== '') list.push([`trunk-${n}`, party.trunk]);
  });
  return list;
}

function statusOf(step: Step): KVList {
  return [['status', told(step).length === 0 ? 0 : 1], ['started', Math.floor(step.call.identity.startedAtMs / 1000)]];
}
