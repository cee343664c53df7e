/** The snapshot that EventRegistered and EventAddressInfo report (tlibrary §4.4.1). */
import type { KVPair, TEvent } from '#tlib';
import type { DnSnapshot } from '../messages/index.js';

const DN_STATUS = { idle: 0, busy: 1, outOfService: 2 } as const;

/** Attributes of EventRegistered or EventAddressInfo for that DN. */
export function snapshotAttributes(snapshot: DnSnapshot, routingPoint: boolean): Omit<TEvent, 'msg'> {
  const { dn, agent, calls } = snapshot;
  return {
    ThisDN: dn, AddressType: routingPoint ? 'RoutingPoint' : 'DN', InfoStatus: calls.length,
    ...(agent === undefined ? {} : { AgentID: agent.agentID, AgentSessionID: agent.agentSessionID, AgentWorkMode: agent.workMode, Reasons: agent.reasons }),
    ...(snapshot.epoch === 0 ? {} : { Server: snapshot.owner, DNSequence: snapshot.seq, OwnerEpoch: snapshot.epoch }),
    Extensions: extensions(snapshot, routingPoint),
  };
}

function extensions(snapshot: DnSnapshot, routingPoint: boolean): KVPair[] {
  const { agent, calls } = snapshot;
  const pairs = calls.flatMap((call, i): KVPair[] => [
    [`conn-${i + 1}`, call.connID], [`ct-${i + 1}`, call.callType], ...(routingPoint ? [] : [[`ps-${i + 1}`, call.partyState] as const]),
  ]);
  if (routingPoint) return pairs;
  const status = !snapshot.inService ? DN_STATUS.outOfService : calls.length === 0 ? DN_STATUS.idle : DN_STATUS.busy;
  pairs.push(['status', status], ['AgentStatus', agent?.agentStatus ?? 0], ['dnd', snapshot.dnd ? 1 : 0], ['mwl', snapshot.messageWaiting === true ? 1 : 0]);
  if (agent !== undefined) pairs.push(['agent-mode', agent.workMode]);
  return pairs;
}
