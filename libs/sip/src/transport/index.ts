/** SIP over sockets. The machines are in `#sip`. */
export { SocketIdleLines } from './idle-lines.js';
export { type LocalReceiver, LocalSipNetwork } from './local-network.js';
export { SocketTransport, type SocketTransportOptions, type SocketTransportPorts } from './socket-transport.js';
export type { TlsOptions } from './streams.js';
export type { Nameserver } from './dns/dns-exchange.js';
export { NameserverLookup, type NameserverLookupOptions, parseNameserver, systemNameservers } from './dns/nameserver-lookup.js';
