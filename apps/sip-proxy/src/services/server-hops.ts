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
  // A pair may have changed halves meanwhile: it is asked once more when no other would take the request.
  const tried = [...servers, ...servers.filter(({ isPair }) => isPair)];
  return tried.map((server): Hop => ({
    get to() { return serverTarget(server); },
    name,
    timeoutMs: SILENT_MS,
    ...(server.isPair ? { watch: (moved: () => void) => server.watch(moved) } : {}),
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

/** How often, and for how long each time, a half of a pair is asked within a dialog: whoever takes over answers the same request. */
const DIALOG_TRIES = 5;

/** Of a request within a dialog. While a pair has no primary the request is tried again, at the half that is primary then. */
export function dialogHops(server: Server, bytes: () => string, name: AccessName): Hop[] {
  if (!server.isPair) return [{ to: serverTarget(server), name, timeoutMs: undefined, bytes }];
  return Array.from({ length: DIALOG_TRIES }, () => ({
    get to() { return serverTarget(server); }, name, timeoutMs: SILENT_MS, bytes, watch: (moved: () => void) => server.watch(moved),
  }));
}
