/** The `contact` option of a DN: `sip:host:port;params`, or only `host:port`, with or without a user part. */

export interface ContactParts {
  readonly scheme: 'sip' | 'sips';
  readonly user: string;
  readonly host: string;
  /** Undefined when the contact names none: then RFC 3263 decides. */
  readonly port: number | undefined;
  /** `;transport=tcp` and the like, or ''. */
  readonly params: string;
}

const CONTACT = /^(?:<)?(?:(sips?):)?(?:([^@]*)@)?(\[[^\]]+\]|[^:;>?]+)(?::(\d+))?((?:;[^>?]*)?)/i;

export function parseContact(contact: string): ContactParts | undefined {
  const match = CONTACT.exec(contact.trim());
  if (match === null) return undefined;
  const [, scheme, user, host, port, params] = match;
  return {
    scheme: scheme?.toLowerCase() === 'sips' ? 'sips' : 'sip',
    user: user ?? '', host: (host ?? '').toLowerCase(),
    port: port === undefined ? undefined : Number(port), params: params ?? '',
  };
}

/** A URI without brackets and display name, as a Request-URI wants it. */
export function bareContact(contact: string): string {
  const parts = parseContact(contact);
  return parts === undefined ? contact : uriText(parts, parts.user);
}

/** The contact's address with `user` in front of it: what is dialled through a trunk. */
export function contactWithUser(contact: string, user: string): string {
  const parts = parseContact(contact);
  return parts === undefined ? contact : uriText(parts, escapeUser(user));
}

function uriText(parts: ContactParts, user: string): string {
  const at = user === '' ? '' : `${user}@`;
  const port = parts.port === undefined ? '' : `:${parts.port}`;
  return `${parts.scheme}:${at}${parts.host}${port}${parts.params}`;
}

/** RFC 3261 §25.1 `user`: unreserved and a few marks stand for themselves, everything else is escaped. */
export function escapeUser(user: string): string {
  return user.replace(/[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/g, (char) =>
    [...Buffer.from(char, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''));
}
