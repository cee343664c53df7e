/** Session controllers as hops: those to try for a request that opens something, or the one of a dialog. */
import type { Clock } from '#kernel';
import type { Target } from '#sip';
import type { AccessName } from '../machines/access-names.js';
import type { Hop, HopFailure } from '../machines/hop.js';
import type { Server, ServerHalf, ServerPool } from '../machines/server-pool.js';
import type { ServerMonitor } from './server-monitor.js';

/** A controller is in the same room: two retransmissions without any answer are enough. */
const SILENT_MS = 2_000;

export function serverTarget({ address }: Server): Target {
  return { transport: 'udp', host: address.host, port: address.port };
}

/** Who asked gives up after 64*T1, and hears before what became of it. */
const DIALOG_PATIENCE_MS = 28_000;

/** A controller of this data centre that does not answer a REGISTER is busy rather than gone. */
const REGISTER_PATIENCE_MS = 8_000;

interface Way {
  readonly server: Server;
  readonly timeoutMs: number;
}

/** The ways of one request. Which one is next is decided when it is tried. */
class Choice {
  readonly #left: Way[];
  /** Who said 503 says it again; but the other half of a pair may take what the first one, which drains, did not. */
  readonly #busy = new Set<ServerHalf>();

  /** @param awaited whether a server that seems dead is about to answer all the same */
  constructor(ways: readonly Way[], private readonly awaited: (server: Server) => boolean = () => false) {
    this.#left = [...ways];
  }

  get size(): number {
    return this.#left.length;
  }

  /** Whether there is somebody better to turn to than one who was lost. */
  hasBetterThan(lost: Server): boolean {
    const next = this.#next();
    return next !== undefined && next.server !== lost && this.#mayAnswer(next.server);
  }

  /** Whether there is anybody who did not say that he is busy. */
  get isOpen(): boolean {
    return this.#next() !== undefined;
  }

  busy(half: ServerHalf): void {
    this.#busy.add(half);
  }

  take(): Way {
    const next = this.#next() ?? this.#left[0] as Way;
    this.#left.splice(this.#left.indexOf(next), 1);
    return next;
  }

  #next(): Way | undefined {
    const free = this.#left.filter(({ server }) => !this.#busy.has(server.present));
    return free.find(({ server }) => this.#mayAnswer(server)) ?? free[0];
  }

  #mayAnswer(server: Server): boolean {
    return server.mayLive || this.awaited(server);
  }
}

export function serverHops(servers: readonly Server[], bytes: string, name: AccessName, monitor: ServerMonitor): Hop[] {
  return hopsOf(new Choice(briefly(pairsTwice(servers))), bytes, name, monitor);
}

/**
 * Of a REGISTER. A DN follows its phone to the data centre whose controller registers it, and its agent is logged out on the way: so those of this data centre
 * are asked in turn, the last of them for long, and a pair that changes halves is waited for, before another data centre is.
 */
export function registerHops(pool: ServerPool, aor: string, clock: Clock, bytes: string, name: AccessName, monitor: ServerMonitor): Hop[] {
  const servers = pool.forAor(aor);
  const changing = pool.changing(clock.nowMs());
  const local = [...servers.filter(({ isLocal }) => isLocal), ...changing.filter((server) => !servers.includes(server))];
  const far = servers.filter(({ isLocal }) => !isLocal);
  const ways = [
    ...briefly(local.slice(0, -1)),
    ...[...local.slice(-1), ...local.filter(({ isPair }) => isPair)].map((server) => ({ server, timeoutMs: REGISTER_PATIENCE_MS })),
    ...briefly(pairsTwice(far)),
  ];
  const awaited = (server: Server): boolean => server.isLocal && server.isChanging(clock.nowMs());
  return hopsOf(new Choice(ways, awaited), bytes, name, monitor);
}

/** Each of them once, a pair twice: it may have changed halves meanwhile. */
function pairsTwice(servers: readonly Server[]): readonly Server[] {
  return [...servers, ...servers.filter(({ isPair }) => isPair)];
}

function briefly(servers: readonly Server[]): Way[] {
  return servers.map((server) => ({ server, timeoutMs: SILENT_MS }));
}

function hopsOf(choice: Choice, bytes: string, name: AccessName, monitor: ServerMonitor): Hop[] {
  return Array.from({ length: choice.size }, () => new ServerHop(choice, bytes, name, monitor));
}

class ServerHop implements Hop {
  #taken: Way | undefined;
  #asked: ServerHalf | undefined;

  constructor(
    private readonly choice: Choice, private readonly message: string, readonly name: AccessName, private readonly monitor: ServerMonitor,
  ) {}

  get to(): Target {
    return serverTarget(this.#way.server);
  }

  get timeoutMs(): number {
    return this.#way.timeoutMs;
  }

  get #way(): Way {
    return this.#taken ??= this.choice.take();
  }

  bytes(): string {
    this.#way.server.picked += 1;
    this.#asked = this.#way.server.present;
    return this.message;
  }

  /** Where nobody better is left, it waits for the other half, or for a server that is not dead after all. */
  watch(lost: () => void): () => void {
    const { server } = this.#way;
    return server.watch({
      lost: () => {
        if (this.choice.hasBetterThan(server)) lost();
      },
    });
  }

  follow(turned: () => void): () => void {
    const { server } = this.#way;
    return server.watch({
      turned: () => {
        this.#asked = server.present;
        turned();
      },
    });
  }

  failed(failure: HopFailure): void {
    if (failure !== 'busy') return this.monitor.doubt(this.#way.server, `a request to it ended with a ${failure} failure`);
    // Busy is an answer: it lives.
    if (this.#asked !== undefined) this.choice.busy(this.#asked);
  }

  mayLead(): boolean {
    return this.choice.isOpen;
  }
}

/** Of a request within a dialog. While a pair has no primary it is kept, in one transaction, and goes to the half that is primary then. */
export function dialogHops(server: Server, bytes: () => string, name: AccessName): Hop[] {
  if (!server.isPair) return [{ to: serverTarget(server), name, timeoutMs: undefined, bytes }];
  return [{
    get to() { return serverTarget(server); }, name, timeoutMs: DIALOG_PATIENCE_MS, bytes, follow: (turned: () => void) => server.watch({ turned }),
  }];
}
