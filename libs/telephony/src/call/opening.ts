/** The beginning of a call: who calls, and where the dialled number leads. */
import { beginAttempt } from './attempt.js';
import { LegState, type Party, PartyKind, PartyState } from './call.state.js';
import type { CallInput, CallOrigin, Destination } from './call.types.js';
import { giveUp } from './give-up.js';
import { reportCreated } from './monitor-events.js';
import { addParty, advance } from './parties.js';
import { enterQueue } from './routing.js';
import { type Failure, nowhereFailure, sipFailure } from './sip-failure.js';
import type { Step } from './step.js';

export function onInvited(step: Step, input: Extract<CallInput, { readonly kind: 'invited' }>): void {
  const { call } = step;
  const destination = step.env.resolve(input.dialled, input.from);
  openCall(step, { from: input.from, ani: input.ani, dnis: input.dialled, displayName: input.displayName, destination });
  const caller = addParty(step, { ...callerOf(input.from), role: 'Origination', leg: input.leg, legState: LegState.Incoming });
  caller.sdp = input.sdp;
  call.waiting = caller.id;
  reportCreated(step);
  advance(step, caller, PartyState.Dialing, 'EventDialing');
  proceedTo(step, caller, destination);
}

function callerOf(from: CallOrigin): Pick<Party, 'kind' | 'dn' | 'trunk'> {
  return from.kind === 'internal'
    ? { kind: PartyKind.Device, dn: from.dn, trunk: '' }
    : { kind: PartyKind.Outside, dn: from.number, trunk: from.trunk };
}

export interface Opening {
  readonly from: CallOrigin;
  readonly ani: string;
  readonly dnis: string;
  readonly displayName: string;
  readonly destination: Destination;
}

/** SC-29: inbound by the trunk it came from, outbound by the trunk it leaves by, else internal. */
export function openCall(step: Step, { from, ani, dnis, displayName, destination }: Opening): void {
  const { call } = step;
  call.phase = 'live';
  call.from = from;
  call.ani = ani;
  call.dnis = dnis;
  call.displayName = displayName;
  if (from.kind === 'trunk') call.callType = 'Inbound';
  else call.callType = destination.kind === 'trunk' ? 'Outbound' : 'Internal';
}

/** Takes the caller, who has dialled, to the destination. */
export function proceedTo(step: Step, caller: Party, destination: Destination): void {
  switch (destination.kind) {
    case 'nowhere': return giveUp(step, nowhereFailure(destination));
    case 'routingPoint': return enterQueue(step, destination.dn);
    case 'device':
    case 'trunk':
      if (destination.kind === 'device' && destination.dn === caller.dn) return giveUp(step, callsItself(caller));
      return beginAttempt(step, { purpose: 'direct', destination, business: false });
  }
}

function callsItself(caller: Party): Failure {
  return sipFailure(caller.dn, 486, 'Busy Here', false);
}
