/** What a call at a Routing Point has running there, and how it ends. */
import { tell } from './events.js';
import type { Step } from './step.js';
import { clearTimer } from './timers.js';

/** Whatever ends a treatment: a new one, a route, the caller (tlibrary §4.8). */
export function endTreatment(step: Step): void {
  const { queue } = step.call;
  if (queue === undefined || queue.treatment === '') return;
  const { treatment } = queue;
  queue.treatment = '';
  clearTimer(step, 'treatment');
  tell(step, 'EventTreatmentEnd', step.known(queue.party), { TreatmentType: treatment });
}

/** Nothing runs at the Routing Point any more. */
export function stopWaiting(step: Step): void {
  endTreatment(step);
  for (const timer of ['router', 'routing'] as const) clearTimer(step, timer);
}
