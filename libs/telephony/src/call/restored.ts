/**
 * The call goes on in another process, which has its state and its dialogs (docs/specs/call.md, "Carried on"). Legs repeat what they had
 * under way, so INVITEs and exchanges of descriptions go on; what waited for an answer over the bus, or for a router, is asked for again.
 */
import { askOwner } from './attempt.js';
import { askForRoute, awaitInstruction, queuePoint } from './routing.js';
import type { Step } from './step.js';

export function onRestored(step: Step): void {
  const { attempt, queue } = step.call;
  if (attempt?.stage === 'offering') {
    // Its answer may have been yes, and then the agent is busy with an offer that nobody took.
    const party = step.known(attempt.party);
    step.push({ kind: 'withdrawFrom', dn: party.dn });
    return askOwner(step, attempt, party);
  }
  if (attempt === undefined && queue !== undefined) awaitInstruction(step);
}

/** The routers of the Routing Point are connected again: they have not heard of this call in this life of the node. */
export function onRoutersBack(step: Step, routingPoint: string): void {
  const { queue, attempt } = step.call;
  if (queue === undefined || attempt !== undefined || queuePoint(step).dn !== routingPoint) return;
  askForRoute(step);
  awaitInstruction(step);
}
