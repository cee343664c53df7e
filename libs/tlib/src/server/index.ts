/** T-Library servers: the plain one, and the NestJS transport over it. */
export { TlibSession, type SessionIdentity } from './session.js';
export { type TlibClientContext, type TlibListen, TlibStrategy, TRequest } from './strategy.js';
export { TlibError } from './tlib-error.js';
export {
  TlibServer, type TlibServerEvents, type TlibServerIdentity, type TlibServerOptions, type TlibServerPorts,
} from './tlib-server.js';
