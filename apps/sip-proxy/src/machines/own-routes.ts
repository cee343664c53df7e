/** The Routes on top of a request that are ours (RFC 3261 §16.4), and what the last of them says about the way out. */
import { type NameAddr, preprocessRoutes, type SipRequest, type SipUri } from '#sip';
import type { AccessNames } from './access-names.js';

export interface OwnRoutes {
  /** The request as it is to be routed: the one that came, unless a strict router before us changed it. */
  readonly request: SipRequest;
  /** How many Routes on top are ours: our own, and those of other proxies of the cluster that it need not visit. */
  readonly count: number;
  /** The last of them: the one next to the outside end. */
  readonly last: NameAddr | undefined;
  /** What follows them, as text. */
  readonly next: string | undefined;
}

export function ownRoutes(request: SipRequest, names: AccessNames): OwnRoutes {
  const isOurs = (uri: SipUri): boolean => uri.isSip && names.isOurs(uri.host, uri.port);
  const { uri, own, routes } = preprocessRoutes(request, isOurs);
  const count = own.length;
  return { request: uri === request.uri ? request : repaired(request, uri), count, last: own[count - 1], next: routes[0] };
}

/** A strict router put our Record-Route into the Request-URI and the Request-URI at the end of the Routes. */
function repaired(request: SipRequest, uri: string): SipRequest {
  const routes = request.values('Route').slice(0, -1);
  const edit = request.edit().uri(uri).remove('Route');
  for (const route of routes) edit.append('Route', route);
  return edit.build();
}
