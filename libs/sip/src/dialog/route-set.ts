/** Loose and strict routes: RFC 3261 §12.2.1.1 and §16.6 steps 4 and 6. */
import { parseNameAddr } from '../headers/name-addr.js';

export interface RoutedRequest {
  readonly uri: string;
  readonly routes: readonly string[];
}

/** Request-URI and Route headers of a request for `target` by way of `routes`. */
export function routeRequest(target: string, routes: readonly string[]): RoutedRequest {
  const [first] = routes;
  if (first === undefined || isLoose(first)) return { uri: target, routes };
  // A strict router takes the Request-URI for its own address; the target goes to the end of the list.
  return { uri: uriOf(first), routes: [...routes.slice(1), `<${target}>`] };
}

/** The URI that the request is sent to. */
export function nextHop(target: string, routes: readonly string[]): string {
  const [first] = routes;
  return first === undefined ? target : uriOf(first);
}

export function isLoose(route: string): boolean {
  const parsed = parseNameAddr(route);
  return parsed.ok && parsed.value.uri.params.has('lr');
}

function uriOf(route: string): string {
  const parsed = parseNameAddr(route);
  return parsed.ok ? parsed.value.uriText : route;
}
