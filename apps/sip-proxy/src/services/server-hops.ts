/** Session controllers as hops: those to try for a request that opens something, or the one of a dialog. */
import type { Target } from '#sip';
import type { AccessName } from '../machines/access-names.js';
import type { Hop, HopFailure } from '../machines/hop.js';
import type { Server, ServerPool } from '../machines/server-pool.js';
import type { ServerMonitor } from './server-monitor.js';

/** A controller is in the same room: two retransmissions without any answer are enough. */
const SILENT_MS = 2_000;

export function serverTarget({ address }: Server): Target {
  return { transport: 'udp', host: address.host, port: address.port };
}

/** Each of them once, a pair twice: it may have changed halves meanwhile. Which one is next is decided when it is tried. */
class Choice {
  readonly #left: Server[];

  constructor(servers: readonly Server[]) {
    this.#left = [...servers, ...servers.filter(({ isPair }) => isPair)];
  }

  get size(): number {
    return this.#left.length;
  }

  get hasLiving(): boolean {
    return this.#left.some((server) => server.mayLive);
  }

  take(): Server {
    const living = this.#left.findIndex((server) => server.mayLive);
    return this.#left.splice(Math.max(living, 0), 1)[0] as Server;
  }
}

export function serverHops(servers: readonly Server[], bytes: string, name: AccessName, monitor: ServerMonitor): Hop[] {
  const choice = new Choice(servers);
  return Array.from({ length: choice.size }, () => new ServerHop(choice, bytes, name, monitor));
}

class ServerHop implements Hop {
  readonly timeoutMs = SILENT_MS;
  #taken: Server | undefined;

  constructor(
    private readonly choice: Choice, private readonly message: string, readonly name: AccessName, private readonly monitor: ServerMonitor,
  ) {}

  get to(): Target {
    return serverTarget(this.#server);
  }

  get #server(): Server {
    return this.#taken ??= this.choice.take();
  }

  bytes(): string {
    this.#server.picked += 1;
    return this.message;
  }

  /** Where nobody else is left, it waits for the other half, or for a server that is not dead after all. */
  watch(moved: () => void): () => void {
    return this.#server.watch({
      turned: moved,
      lost: () => {
        if (this.choice.hasLiving) moved();
      },
    });
  }

  failed(failure: HopFailure): void {
    // Busy is an answer.
    if (failure !== 'busy') this.monitor.doubt(this.#server, `a request to it ended with a ${failure} failure`);
  }
}

/** How often, and for how long each time, a half of a pair is asked within a dialog: whoever takes over answers the same request. */
const DIALOG_TRIES = 5;

/** Of a request within a dialog. While a pair has no primary the request is tried again, at the half that is primary then. */
export function dialogHops(server: Server, bytes: () => string, name: AccessName): Hop[] {
  if (!server.isPair) return [{ to: serverTarget(server), name, timeoutMs: undefined, bytes }];
  return Array.from({ length: DIALOG_TRIES }, () => ({
    get to() { return serverTarget(server); }, name, timeoutMs: SILENT_MS, bytes, watch: (moved: () => void) => server.watch({ turned: moved }),
  }));
}

/**
 * Of a REGISTER. A DN follows its phone to the data centre whose controller registers it, and its agent is logged out on the way: where no controller of this
 * data centre lives, but a pair changes halves, the REGISTER waits for it as a request within a dialog does.
 */
export function registerHops(pool: ServerPool, aor: string, nowMs: number, bytes: string, name: AccessName, monitor: ServerMonitor): Hop[] {
  const servers = pool.forAor(aor);
  if (servers.some((server) => server.isLocal && server.mayLive)) return serverHops(servers, bytes, name, monitor);
  const changing = pool.changing(nowMs);
  const others = servers.filter((server) => !changing.includes(server));
  return [...changing.flatMap((server) => dialogHops(server, () => bytes, name)), ...serverHops(others, bytes, name, monitor)];
}
