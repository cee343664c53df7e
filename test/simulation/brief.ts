/** Messages between tiers and to clients in one short line each: `npm run sim -- --seed N --verbose`. */
import type { BusMessage } from '#cluster';
import type { TEvent } from '#tlib';

type Loose = Readonly<Record<string, unknown>>;

export function briefEvent(event: TEvent): string {
  const { msg, ThisDN, ConnID, AgentID, CallState, DNSequence, ThisQueue, ReferenceID, ErrorMessage } = event as Loose;
  const parts = [msg, ThisDN, ConnID, AgentID, CallState, ErrorMessage].filter((part) => part !== undefined).map(String);
  return `${parts.join(' ')}${DNSequence === undefined ? '' : ` #${String(DNSequence)}`}${ThisQueue === undefined ? '' : ' business'}`
    + `${ReferenceID === undefined ? '' : ` ref ${String(ReferenceID)}`}`;
}

export function briefMessage(message: BusMessage): string {
  const { kind, seq, items, event, calls, stream, owner, epoch, connID, request } = message as Loose;
  const from = `${String(kind)} ${String(stream)} from ${String(seq)}:`;
  if (kind === 'frame') return `${from} ${(items as { event: TEvent }[]).map((item) => briefEvent(item.event)).join(' | ')}`;
  if (kind === 'resync') return `${from} ${(calls as Loose[]).map((call) => `${String(call['connID'])} ${String(call['partyState'])}`).join(' | ')}`;
  if (kind === undefined && event !== undefined) return `${String(owner)} epoch ${String(epoch)}: ${briefEvent(event as TEvent)}`;
  if (kind === 'request') return `request ${briefEvent(request as TEvent)}`;
  if (kind === 'offer' || kind === 'withdraw') return `${kind} ${String(connID)}`;
  return JSON.stringify(message).slice(0, 300);
}
