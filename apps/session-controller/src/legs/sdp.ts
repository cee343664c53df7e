/** Session descriptions as legs pass them: the body byte for byte, or none. */
import type { SipMessage } from '#sip';
import type { Sdp } from '#telephony';

export function bodySdp(message: SipMessage): Sdp | null {
  return message.body === '' ? null : message.body;
}

/** A body that is no session description cannot be an offer (RFC 3261 §13.3.1: 415). */
export function hasForeignBody(message: SipMessage): boolean {
  if (message.body === '') return false;
  const type = (message.contentType ?? '').split(';')[0]?.trim().toLowerCase();
  return type !== 'application/sdp';
}
