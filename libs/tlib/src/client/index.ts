/** The client SDK: what routing programs, desktops and monitors are written with. */
export type { Attributes } from './requests.js';
export { type RouteHandler, RoutingPoint, type ServeOptions, WaitingCall } from './routing-point.js';
export { type TlibAddress, TlibClient, type TlibClientOptions, TlibRequestError, type TlibResume } from './tlib-client.js';
