/** How a message looks when it leaves: the splices that RFC 3261 §16.6 and §16.7 ask of a proxy, in one pass over its lines. */
import type { SipRequest, SipResponse } from '#sip';
import { privateHeaders } from './private-headers.js';

export interface RequestShape {
  /** New Request-URI. */
  readonly uri?: string;
  /** Routes to take from the top. */
  readonly routesToRemove?: number;
  /** Routes to put on top, the first one is next. */
  readonly routes?: readonly string[];
  readonly recordRoute?: string;
  /** The Via below ours is of the inside: where it came from is nobody's business outside (PRX-13). */
  readonly hideSource?: boolean;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** RFC 3261 §16.6 step 3: when the sender gave none. */
const MAX_FORWARDS = 70;

/** What the transport wrote into the top Via (RFC 3581 §4). */
const STAMP = /;rport=\d+;received=[^;,\s]+/;

export function shapeRequest(request: SipRequest, shape: RequestShape): string {
  const edit = request.edit();
  if (shape.uri !== undefined) edit.uri(shape.uri);
  edit.replace('Max-Forwards', String((request.maxForwards ?? MAX_FORWARDS + 1) - 1));
  for (const name of privateHeaders(request)) edit.remove(name);
  for (let left = shape.routesToRemove ?? 0; left > 0; left -= 1) edit.removeFirst('Route');
  const routes = shape.routes ?? [];
  for (let at = routes.length - 1; at >= 0; at -= 1) edit.prepend('Route', routes[at] as string);
  if (shape.recordRoute !== undefined) edit.prepend('Record-Route', shape.recordRoute);
  if (shape.hideSource === true) edit.replaceFirst('Via', withoutSource(request.values('Via')[0] ?? ''));
  for (const [name, value] of shape.headers ?? []) edit.append(name, value);
  return edit.serialize();
}

/** RFC 3261 §16.7 step 3: without our Via. */
export function shapeResponse(response: SipResponse): string {
  const edit = response.edit().removeFirst('Via');
  for (const name of privateHeaders(response)) edit.remove(name);
  return edit.serialize();
}

function withoutSource(via: string): string {
  return via.replace(STAMP, ';rport');
}
