/** The SIP side of parties: opening, ringing, and ending a leg whatever state it is in (docs/specs/call.md, "Legs"). */
import { LegState, type Party } from './call.state.js';
import type { Destination, LegId, Sdp } from './call.types.js';
import { heldAnswer } from './sdp-hold.js';
import type { Step } from './step.js';
import { CLOSING_MS, isArmed, setTimer } from './timers.js';

export interface SipRefusal {
  readonly status: number;
  readonly reason: string;
}

/** What an unanswered caller hears when we end the call for a reason of our own. */
export const TERMINATED: SipRefusal = { status: 487, reason: 'Request Terminated' };

export function nextLeg(step: Step): LegId {
  step.call.legCount += 1;
  return `${step.call.identity.connID}-${step.call.legCount}`;
}

export interface Invitation {
  readonly destination: Destination;
  readonly fromUser: string;
  readonly fromDisplay: string;
  readonly sdp: Sdp | null;
  readonly autoAnswer: boolean;
}

/** Calls the party by a leg of its own; one it had before is gone already. */
export function inviteParty(step: Step, party: Party, invitation: Invitation, leg = nextLeg(step)): void {
  party.leg = leg;
  party.legState = LegState.Inviting;
  party.invitedWithOffer = invitation.sdp !== null;
  step.push({ kind: 'invite', leg, ...invitation, userData: step.call.userData });
}

/** Ends the leg, in the way its state asks for. An incoming one that was not answered hears `refusal`. */
export function closeLeg(step: Step, party: Party, refusal: SipRefusal = TERMINATED): void {
  const { leg } = party;
  switch (party.legState) {
    case LegState.None: break;
    case LegState.Incoming:
      step.push({ kind: 'reject', leg, ...refusal });
      break;
    case LegState.Inviting:
      cancelLeg(step, party);
      break;
    case LegState.Unacknowledged:
      // RFC 3261 §13.2.2.4: a 2xx is acknowledged whatever follows; its offer wants an answer.
      step.push({ kind: 'ack', leg, sdp: party.sdp === null ? null : heldAnswer(party.sdp) });
      step.push({ kind: 'bye', leg });
      break;
    case LegState.Answering:
    case LegState.Confirmed:
      step.push({ kind: 'bye', leg });
      break;
  }
  forgetLeg(party);
}

export function forgetLeg(party: Party): void {
  party.leg = '';
  party.legState = LegState.None;
  party.offering = false;
}

/** The final answer still comes, and may be a 2xx that crossed the CANCEL. */
function cancelLeg(step: Step, { leg, invitedWithOffer }: Party): void {
  step.call.closing.push({ leg, withOffer: invitedWithOffer });
  step.push({ kind: 'cancel', leg });
  if (!isArmed(step, 'closing')) setTimer(step, 'closing', CLOSING_MS);
}

/** Lets an unanswered caller hear that it rings. Nothing is sent that it knows already. */
export function ringCaller(step: Step, caller: Party, status: 180 | 183, sdp: Sdp | null): void {
  if (caller.legState !== LegState.Incoming || caller.earlyMedia) return;
  if (sdp === null && caller.rung !== 0) return;
  caller.rung = status;
  caller.earlyMedia = sdp !== null;
  step.push({ kind: 'ring', leg: caller.leg, status, sdp });
}
