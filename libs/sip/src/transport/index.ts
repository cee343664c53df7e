/** SIP over sockets. The machines are in `#sip`. */
export { type LocalReceiver, LocalSipNetwork } from './local-network.js';
export { SocketTransport, type SocketTransportOptions, type SocketTransportPorts } from './socket-transport.js';
export type { TlsOptions } from './streams.js';
