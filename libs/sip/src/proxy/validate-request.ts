/** What a proxy checks before it forwards: RFC 3261 §16.3, loops by RFC 5393. */
import type { SipRequest } from '../message/message.js';
import { hasLooped } from './loop-detection.js';
import { type Refusal, refuseUnsupported } from './refusal.js';

export interface ProxyRules {
  /** Extensions that a Proxy-Require may ask for, in lower case. */
  readonly extensions: ReadonlySet<string>;
  /** URI schemes other than sip and sips that can be routed. */
  readonly schemes?: ReadonlySet<string>;
  /** True for a sent-by of ours: what we wrote into our Via headers. */
  isOurSentBy(host: string, port: number | undefined): boolean;
}

/**
 * Undefined when the request may go on.
 *
 * Max-Forwards 0 is refused with 483; an OPTIONS or a REGISTER meant for the proxy itself is answered before this is asked (§16.3 step 3).
 */
export function validateRequest(request: SipRequest, rules: ProxyRules): Refusal | undefined {
  const scheme = request.requestUri?.scheme;
  if (scheme === undefined) return refuse(400);
  if (scheme !== 'sip' && scheme !== 'sips' && rules.schemes?.has(scheme) !== true) return refuse(416);
  if (request.maxForwards === 0) return refuse(483);
  if (hasLooped(request, rules.isOurSentBy)) return refuse(482);
  return refuseUnsupported(request, 'Proxy-Require', rules.extensions);
}

/** Max-Forwards of the forwarded request (§16.6 step 3). */
export function nextMaxForwards(request: SipRequest): number {
  return request.maxForwards === undefined ? 70 : request.maxForwards - 1;
}

function refuse(status: number): Refusal {
  return { status, headers: [] };
}
