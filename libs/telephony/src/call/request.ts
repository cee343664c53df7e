/** Reading requests. The codec has checked types already; what is missing reads as empty. */
import type { TRequest } from '#tlib';
import type { RequestOrigin } from '../messages/index.js';
import { type Party, PartyState } from './call.state.js';
import type { Step } from './step.js';

export function textOf(request: TRequest, attribute: string): string {
  const value = request[attribute];
  return typeof value === 'string' ? value : '';
}

/** One request on behalf of a DN that has a part in the call. */
export interface PartyRequest {
  readonly request: TRequest;
  readonly origin: RequestOrigin;
  readonly party: Party;
}

export function refuseRequest(step: Step, { origin, party }: PartyRequest, code: number, message: string): void {
  step.refuse(origin, code, message, party.dn);
}

export function isTalking(party: Party): boolean {
  return party.state === PartyState.Established || party.state === PartyState.Held;
}
