/** Session controllers as hops: those to try for a request that opens something, or the one of a dialog. */
import type { Target } from '#sip';
import type { AccessName } from '../machines/access-names.js';
import type { Hop } from '../machines/hop.js';
import type { Server } from '../machines/server-pool.js';
import type { ServerMonitor } from './server-monitor.js';

/** A controller is in the same room: two retransmissions without any answer are enough. */
const SILENT_MS = 2_000;

export function serverTarget({ address }: Server): Target {
  return { transport: 'udp', host: address.host, port: address.port };
}

export function serverHops(servers: readonly Server[], bytes: string, name: AccessName, monitor: ServerMonitor): Hop[] {
  return servers.map((server): Hop => ({
    to: serverTarget(server),
    name,
    timeoutMs: SILENT_MS,
    bytes: () => {
      server.picked += 1;
      return bytes;
    },
    failed: (failure) => {
      // Busy is an answer.
      if (failure !== 'busy') monitor.doubt(server, `a request to it ended with a ${failure} failure`);
    },
  }));
}
