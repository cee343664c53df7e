/** The bound of a call's user data (tlibrary §3.9). */
import type { Step } from './step.js';

export function userDataLimit(step: Step): number {
  return Number(step.env.option('user-data-limit'));
}
