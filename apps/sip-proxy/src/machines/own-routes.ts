/** The Routes on top of a request that are ours (RFC 3261 §16.4), and what the last of them says about the way out. */
import type { NameAddr, SipRequest } from '#sip';
import type { AccessNames } from './access-names.js';

export interface OwnRoutes {
  /** How many on top are ours: our own, and those of other proxies of the cluster that the request need not visit. */
  readonly count: number;
  /** The last of them: the one next to the outside end. */
  readonly last: NameAddr | undefined;
  /** What follows them. */
  readonly next: NameAddr | undefined;
}

const NONE: OwnRoutes = { count: 0, last: undefined, next: undefined };

export function ownRoutes(request: SipRequest, names: AccessNames): OwnRoutes {
  const { routes } = request;
  if (routes.length === 0) return NONE;
  let count = 0;
  while (count < routes.length && isOurs(routes[count] as NameAddr, names)) count += 1;
  return { count, last: routes[count - 1], next: routes[count] };
}

function isOurs({ uri }: NameAddr, names: AccessNames): boolean {
  return uri.isSip && names.isOurs(uri.host, uri.port);
}
