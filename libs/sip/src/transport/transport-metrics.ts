/** What the sockets count. */
import type { Counter, Meter } from '#kernel';
import type { TransportName } from './port.js';

const NAMES: readonly TransportName[] = ['udp', 'tcp', 'tls'];

export class TransportMetrics {
  readonly received: Readonly<Record<TransportName, Counter>>;
  readonly sent: Readonly<Record<TransportName, Counter>>;
  readonly keepAlives: Counter;
  readonly oversized: Counter;
  readonly refusedConnections: Counter;
  readonly unread: Counter;
  readonly slowPeers: Counter;

  constructor(meter: Meter) {
    this.received = perTransport(meter, 'sip_messages_received_total', 'Messages read from sockets');
    this.sent = perTransport(meter, 'sip_messages_sent_total', 'Messages handed to sockets');
    this.keepAlives = meter.counter('sip_keep_alives_total', 'Empty datagrams and CRLF pings');
    this.oversized = meter.counter('sip_oversized_total', 'Messages dropped unread or unsent: larger than the limit');
    this.refusedConnections = meter.counter('sip_connections_refused_total', 'Connections refused: the table is full');
    this.unread = meter.counter('sip_unread_total', 'Messages and connections dropped unread: their host is not listened to');
    this.slowPeers = meter.counter('sip_slow_peers_total', 'Connections closed: the peer does not read');
  }
}

function perTransport(meter: Meter, name: string, help: string): Readonly<Record<TransportName, Counter>> {
  const counters = {} as Record<TransportName, Counter>;
  for (const transport of NAMES) counters[transport] = meter.counter(name, help, { transport });
  return counters;
}
