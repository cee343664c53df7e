/** What a server asks of a request that it would serve itself: RFC 3261 §8.2.1 and §8.2.2. */
import type { SipRequest } from '../message/message.js';
import { type Refusal, refuseUnsupported } from './refusal.js';

export interface ServerRules {
  /** Methods served, in the order of the Allow header; undefined: the caller picks by method itself. */
  readonly methods?: readonly string[];
  /** Extensions that Require may name, in lower case. */
  readonly extensions: ReadonlySet<string>;
  /** URI schemes other than sip and sips that are served. */
  readonly schemes?: ReadonlySet<string>;
}

/**
 * Undefined when the request may be served: 405 for its method, 416 for the scheme of its Request-URI, 420 for what Require
 * asks. CANCEL and ACK are never refused for an extension (§8.2.2.3).
 */
export function inspectRequest(request: SipRequest, rules: ServerRules): Refusal | undefined {
  const { methods } = rules;
  if (methods !== undefined && !methods.includes(request.method)) return { status: 405, headers: [['Allow', methods.join(', ')]] };
  const scheme = request.requestUri?.scheme ?? '';
  if (scheme !== 'sip' && scheme !== 'sips' && rules.schemes?.has(scheme) !== true) return { status: 416, headers: [] };
  if (request.method === 'CANCEL' || request.method === 'ACK') return undefined;
  return refuseUnsupported(request, 'Require', rules.extensions);
}
