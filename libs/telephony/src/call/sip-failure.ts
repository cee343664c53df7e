/** Why a destination could not be had, in SIP's words and in T-Library's (tlibrary §5.7, §6.12, §12.1). */
import type { CallStateName } from './call.state.js';
import type { Destination } from './call.types.js';
import type { Cause } from './monitor-events.js';

export interface Failure {
  /** For a caller that waits for the answer to its INVITE. */
  readonly status: number;
  readonly reason: string;
  /** T-Library's number and sentence, for who asked for the attempt. */
  readonly code: number;
  readonly message: string;
  /** For the originator's EventDestinationBusy and EventReleased. */
  readonly callState: CallStateName;
  readonly cause: Cause;
}

const BUSY = 231;
export const NO_ANSWER = 232;
export const REJECTED = 233;
const UNREACHABLE = 234;
export const DISCONNECTED = 237;

/** A final answer of 300 or more. `wasRinging`: the same 480 means a refusal then, and a missing phone before. */
export function sipFailure(target: string, status: number, reason: string, wasRinging: boolean): Failure {
  const passedOn = { status: passableStatus(status), reason: status < 400 ? 'Temporarily Unavailable' : reason };
  const said = `${target} answered ${status} ${reason}`;
  if (status === 486 || status === 600) {
    return { ...passedOn, code: BUSY, message: `${said}: it is busy`, callState: 'Busy', cause: 'Busy' };
  }
  if (status === 408) {
    return { ...passedOn, code: 236, message: `${target} did not answer in time`, callState: 'NoAnswer', cause: 'NoAnswer' };
  }
  if (status === 404 || status === 410 || status === 484 || status === 604) {
    return { ...passedOn, code: 71, message: `${said}: check the number`, callState: 'SitInvalidnum', cause: 'Reject' };
  }
  if (status === 480 && !wasRinging) {
    return { ...passedOn, code: 58, message: `${said}: it is out of service`, callState: 'NoAnswer', cause: 'NoAnswer' };
  }
  if (status >= 500 && status < 600) {
    return { ...passedOn, code: UNREACHABLE, message: `${said}: it cannot be reached`, callState: 'GeneralError', cause: 'Reject' };
  }
  return { ...passedOn, code: REJECTED, message: `${said}: it refused the call`, callState: 'GeneralError', cause: 'Reject' };
}

/** Redirections are not followed, and a challenge that was meant for us is nothing a caller could answer. */
function passableStatus(status: number): number {
  if (status < 400 || status === 487) return 480;
  return status === 401 || status === 407 ? 500 : status;
}

export function nowhereFailure(destination: Extract<Destination, { readonly kind: 'nowhere' }>): Failure {
  const { status, reason, code, message } = destination;
  return { status, reason, code, message, callState: code === 452 ? 'AllTrunksBusy' : 'SitInvalidnum', cause: 'Reject' };
}

/** The owner of the DN refused the offer. */
export function offerFailure(code: number, message: string): Failure {
  const busy = code === BUSY || code === 185;
  return {
    status: busy ? 486 : 480, reason: busy ? 'Busy Here' : 'Temporarily Unavailable', code, message,
    callState: busy ? 'Busy' : 'NoAnswer', cause: busy ? 'Busy' : 'NoAnswer',
  };
}

export function silenceFailure(code: number, message: string): Failure {
  return { status: 480, reason: 'Temporarily Unavailable', code, message, callState: 'NoAnswer', cause: 'NoAnswer' };
}

/** The far end left while it was being connected. */
export function lostFailure(target: string): Failure {
  return {
    status: 480, reason: 'Temporarily Unavailable', code: UNREACHABLE, message: `${target} left while it was being connected`,
    callState: 'GeneralError', cause: 'Reject',
  };
}

/** RequestReleaseCall for a ringing destination. */
export function declineFailure(target: string): Failure {
  return { status: 603, reason: 'Decline', code: REJECTED, message: `${target} refused the call`, callState: 'GeneralError', cause: 'Reject' };
}

/** `sip-error-conversion`: pairs such as `408=486` (SC-12). */
export function convertStatus(conversion: string, status: number): number {
  for (const pair of conversion.split(',')) {
    const [from, to] = pair.split('=');
    if (Number(from) === status && Number(to) >= 300 && Number(to) <= 699) return Number(to);
  }
  return status;
}

const PHRASES: Readonly<Record<number, string>> = {
  403: 'Forbidden', 404: 'Not Found', 408: 'Request Timeout', 480: 'Temporarily Unavailable', 486: 'Busy Here',
  487: 'Request Terminated', 500: 'Server Internal Error', 503: 'Service Unavailable', 600: 'Busy Everywhere', 603: 'Decline',
};

/** For a status that nobody sent with a phrase of its own. */
export function reasonPhrase(status: number): string {
  return PHRASES[status] ?? 'Call Failed';
}

/** Answers after which another trunk may do better: it could not be reached, or could not take the call (SC-34). */
export function isTrunkFailure(status: number): boolean {
  return status === 408 || (status >= 500 && status < 600);
}
