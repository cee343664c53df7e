/**
 * The session controllers of the cluster and the choice among them: those that live in this data centre first, the ones
 * in doubt after them, other data centres last (PRX-07, PRX-08); among equals in turn (PRX-01).
 */
import { rendezvous } from '#cluster';
import type { ServerAddress } from '../settings.js';
import type { ServerCheck } from './server-check.js';

/** What a server's heartbeats say; absent when none was heard. */
export interface ServerHeartbeat {
  readonly role: 'primary' | 'backup';
  readonly draining: boolean;
}

export class Server {
  heartbeat: ServerHeartbeat | undefined;
  /** Requests that were sent here, for operators. */
  picked = 0;

  constructor(readonly address: ServerAddress, readonly check: ServerCheck, readonly isLocal: boolean) {}

  /** Whether new calls and registrations may go there (PRX-11: only to the primary of a pair). */
  get takesNew(): boolean {
    const { check, heartbeat } = this;
    if (heartbeat?.role === 'backup' || heartbeat?.draining === true) return false;
    return check.state === 'in-service' || (check.state === 'unknown' && heartbeat !== undefined);
  }

  /** Whether requests within dialogs may go there. */
  get isReachable(): boolean {
    return this.check.state !== 'out-of-service';
  }
}

/** Classes of preference, best first. */
const LOCAL = 0;
const LOCAL_DOUBTED = 1;
const REMOTE = 2;
const REMOTE_DOUBTED = 3;

export class ServerPool {
  readonly #byName = new Map<string, Server>();
  readonly #byServerId = new Map<number, Server>();
  #inOrder: Server[] = [];
  #turn = 0;

  get servers(): readonly Server[] {
    return this.#inOrder;
  }

  add(server: Server): void {
    this.#byName.set(server.address.name, server);
    this.#byServerId.set(server.address.serverId, server);
    this.#inOrder = [...this.#byName.values()];
  }

  remove(name: string): Server | undefined {
    const server = this.#byName.get(name);
    if (server === undefined) return undefined;
    this.#byName.delete(name);
    this.#byServerId.delete(server.address.serverId);
    this.#inOrder = [...this.#byName.values()];
    return server;
  }

  byName(name: string): Server | undefined {
    return this.#byName.get(name);
  }

  byServerId(serverId: number): Server | undefined {
    return this.#byServerId.get(serverId);
  }

  /** The server for a new call that none of `tried` could take. `preferred` has calls of the same DN. */
  pickForCall(tried: readonly Server[], preferred?: string): Server | undefined {
    const kin = preferred === undefined ? undefined : this.#byName.get(preferred);
    if (kin !== undefined && kin.takesNew && !kin.check.doubted && !tried.includes(kin)) return kin;
    return this.#nextInTurn(tried);
  }

  /** The server for a REGISTER: always the same one for an AOR while it lives, so that its nonces and bindings meet. */
  pickForAor(aor: string, tried: readonly Server[]): Server | undefined {
    let best = REMOTE_DOUBTED + 1;
    let names: string[] = [];
    for (const server of this.#inOrder) {
      const rank = rankOf(server);
      if (!server.takesNew || rank > best || tried.includes(server)) continue;
      if (rank < best) names = [];
      best = rank;
      names.push(server.address.name);
    }
    const name = rendezvous(aor, names);
    return name === undefined ? undefined : this.#byName.get(name);
  }

  #nextInTurn(tried: readonly Server[]): Server | undefined {
    const count = this.#inOrder.length;
    let best: Server | undefined;
    let bestRank = REMOTE_DOUBTED + 1;
    let bestAt = 0;
    for (let step = 0; step < count && bestRank > LOCAL; step += 1) {
      const at = (this.#turn + step) % count;
      const server = this.#inOrder[at] as Server;
      const rank = rankOf(server);
      if (rank >= bestRank || !server.takesNew || tried.includes(server)) continue;
      best = server;
      bestRank = rank;
      bestAt = at;
    }
    if (best !== undefined) this.#turn = (bestAt + 1) % count;
    return best;
  }
}

function rankOf({ isLocal, check }: Server): number {
  if (isLocal) return check.doubted ? LOCAL_DOUBTED : LOCAL;
  return check.doubted ? REMOTE_DOUBTED : REMOTE;
}
