/** Who waits for the outcome of a request, in the plain state of a call. */
import type { RequestOrigin } from '../messages/index.js';
import type { CallState } from './call.state.js';

export function* askersOf({ making, attempt, parties }: CallState): Iterable<RequestOrigin> {
  if (making !== undefined) yield making.origin;
  if (attempt?.origin !== undefined) yield attempt.origin;
  for (const { pending } of parties) if (pending !== undefined) yield pending.origin;
}

/**
 * A call that is carried on elsewhere must not answer requests a second time: their clients have heard an error, because the way back
 * was lost. Those of `isKept` are still waited for; the others keep their place in the call and lose their ReferenceID.
 */
export function forgetAskers(state: CallState, isKept: (origin: RequestOrigin) => boolean): void {
  const left = (origin: RequestOrigin): RequestOrigin => (isKept(origin) ? origin : { ...origin, referenceID: undefined });
  if (state.making !== undefined) state.making = { ...state.making, origin: left(state.making.origin) };
  if (state.attempt?.origin !== undefined) state.attempt.origin = left(state.attempt.origin);
  for (const party of state.parties) {
    if (party.pending !== undefined) party.pending = { ...party.pending, origin: left(party.pending.origin) };
  }
}
