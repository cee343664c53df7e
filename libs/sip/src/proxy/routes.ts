/** Route headers at a proxy: RFC 3261 §16.4 before, §16.6 step 6 after. */
import { nextHop, routeRequest } from '../dialog/route-set.js';
import type { NameAddr } from '../headers/name-addr.js';
import type { SipRequest } from '../message/message.js';
import { parseUri, SipUri } from '../uri/uri.js';

export interface Preprocessed {
  readonly uri: string;
  /** Route values that stay. */
  readonly routes: readonly string[];
  /** Routes of ours that were on top, the first one first: what we wrote into Record-Route comes back here. */
  readonly own: readonly NameAddr[];
  /** False when Request-URI and Route headers stay as they came. */
  readonly changed: boolean;
}

/**
 * Takes our own routes off the top, all of them, since a proxy with two sides writes two. Puts the request right when
 * a strict router before us used our Record-Route as Request-URI.
 *
 * @param isOurs true for URIs that we write into Record-Route
 */
export function preprocessRoutes(request: SipRequest, isOurs: (uri: SipUri) => boolean): Preprocessed {
  const routes = [...request.routes];
  let { uri } = request;
  const own: NameAddr[] = [];
  const last = routes.at(-1);
  if (last !== undefined && request.requestUri?.params.has('lr') === true && isOurs(request.requestUri)) {
    uri = last.uriText;
    routes.pop();
  }
  for (let first = routes[0]; first !== undefined && isOurs(first.uri); first = routes[0]) {
    own.push(first);
    routes.shift();
  }
  const changed = own.length > 0 || uri !== request.uri;
  return { uri, routes: routes.map(String), own, changed };
}

export interface NextHop {
  /** Request-URI and Route headers as they must leave. */
  readonly uri: string;
  readonly routes: readonly string[];
  /** Where to send it; undefined when it cannot be read. */
  readonly destination: SipUri | undefined;
}

/** §16.6 steps 6 and 7: where a request with these routes goes; a strict router next is served as it expects. */
export function nextHopOf(uri: string, routes: readonly string[]): NextHop {
  const destination = parseUri(nextHop(uri, routes));
  return { ...routeRequest(uri, routes), destination: destination.ok ? destination.value : undefined };
}
