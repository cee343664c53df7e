/** The `contact` option of a DN: a URI, or only `host:port`; and the URIs that are made of it. */
import { escapeUser, parseUri, type SipUri } from '#sip';

/** Undefined when it is no SIP URI. */
export function parseContact(contact: string): SipUri | undefined {
  const parsed = parseUri(/^sips?:/i.test(contact) ? contact : `sip:${contact}`);
  return parsed.ok && parsed.value.isSip ? parsed.value : undefined;
}

/** As a Request-URI wants it. */
export function bareContact(contact: string): string {
  const uri = parseContact(contact);
  return uri === undefined ? contact : `${uri.scheme}:${uri.user === undefined ? '' : `${uri.user}@`}${uri.hostPort}${uri.params.text}`;
}

/** The contact's address with `user` in front of it: what is dialled through a trunk. */
export function contactWithUser(contact: string, user: string): string {
  const uri = parseContact(contact);
  return uri === undefined ? contact : `${uri.scheme}:${escapeUser(user)}@${uri.hostPort}${uri.params.text}`;
}
