/** Cancelled legs on their way out, and the end of the call when nothing is left. */
import type { CallInput, LegId, Sdp } from './call.types.js';
import { reportDeleted } from './monitor-events.js';
import { heldAnswer } from './sdp-hold.js';
import type { Step } from './step.js';
import { clearAllTimers, clearTimer } from './timers.js';

export function isClosing(step: Step, leg: LegId): boolean {
  return step.call.closing.some((closing) => closing.leg === leg);
}

/** What still comes from a leg that was cancelled. */
export function onClosingLeg(step: Step, input: Extract<CallInput, { readonly leg: LegId }>): void {
  switch (input.kind) {
    case 'answered': return tooLate(step, input.leg, input.sdp);
    case 'rejected':
    case 'gone':
      return forget(step, input.leg);
    case 'offered':
      return step.push({ kind: 'rejectOffer', leg: input.leg, status: 481, reason: 'Call/Transaction Does Not Exist' });
    default:
  }
}

/** The 2xx crossed our CANCEL (RFC 3261 §9.1): it is acknowledged, and the dialog ended. */
function tooLate(step: Step, leg: LegId, sdp: Sdp | null): void {
  const withOffer = step.call.closing.find((closing) => closing.leg === leg)?.withOffer ?? true;
  step.push({ kind: 'ack', leg, sdp: withOffer || sdp === null ? null : heldAnswer(sdp) });
  step.push({ kind: 'bye', leg });
  forget(step, leg);
}

/** No final answer came: the leg is given up, and whatever answers later is the shell's to refuse. */
export function closingTimedOut(step: Step): void {
  for (const { leg } of step.call.closing) step.push({ kind: 'bye', leg });
  step.call.closing = [];
}

function forget(step: Step, leg: LegId): void {
  step.call.closing = step.call.closing.filter((closing) => closing.leg !== leg);
  if (step.call.closing.length === 0) clearTimer(step, 'closing');
}

/** After every input: a call without parties is over, one without legs has ended. */
export function settle(step: Step): void {
  const { call } = step;
  if (call.phase === 'live' && call.parties.length === 0) {
    call.phase = 'over';
    for (const armed of [...call.timers]) if (armed.timer !== 'closing') clearTimer(step, armed.timer);
    reportDeleted(step);
  }
  if (call.phase === 'over' && call.closing.length === 0) {
    call.phase = 'ended';
    clearAllTimers(step);
    step.push({ kind: 'ended' });
  }
}
