/**
 * The session controllers of the cluster and the order in which they are tried: those that live in this data centre
 * first, the ones in doubt after them, then other data centres (PRX-07, PRX-08), at last whoever may be dead; among equals in
 * turn (PRX-01).
 */
import { rendezvous } from '#cluster';
import type { ServerAddress } from '../settings.js';
import { Lifeline } from './lifeline.js';
import type { ServerCheck } from './server-check.js';

/** What a server's heartbeats say; absent when none was heard. */
export interface ServerHeartbeat {
  readonly role: 'primary' | 'backup';
  readonly draining: boolean;
}

/** One of the two addresses of a pair, or the only one. */
export interface ServerHalf {
  readonly process: string;
  readonly host: string;
  readonly port: number;
  readonly check: ServerCheck;
  readonly lifeline: Lifeline;
}

export interface ServerWatcher {
  /** The other half of the pair is primary now. */
  turned?(): void;
  /** Nobody listens there, and nobody took over yet. */
  lost?(): void;
}

/** Its last answer may be 5 s old when the primary dies, and the half that takes over answers when it has read all that it must. */
const CHANGE_MS = 20_000;
/** For a pair without a primary to find one: a half that has much to take over is late. */
const DIALOG_GRACE_MS = 30_000;

export class Server {
  heartbeat: ServerHeartbeat | undefined;
  /** Requests that were sent here, for operators. */
  picked = 0;
  readonly halves: readonly ServerHalf[];
  #present: ServerHalf;
  #term = 0;
  readonly #watchers = new Set<ServerWatcher>();

  /** @param checkOther of the other half of a pair, which `of.halves` names */
  constructor(private readonly of: ServerAddress, check: ServerCheck, readonly isLocal: boolean, checkOther?: ServerCheck) {
    const first: ServerHalf = { process: of.halves?.[0]?.process ?? of.name, host: of.host, port: of.port, check, lifeline: new Lifeline() };
    const second = of.halves?.[1];
    this.halves = second === undefined || checkOther === undefined ? [first] : [first, { ...second, check: checkOther, lifeline: new Lifeline() }];
    this.#present = first;
  }

  /** Where it is now: of a pair, the address of the half that was heard of last as primary. */
  get address(): ServerAddress {
    const { host, port } = this.#present;
    return { ...this.of, host, port };
  }

  /** As it stands in the configuration. */
  get configured(): ServerAddress {
    return this.of;
  }

  get present(): ServerHalf {
    return this.#present;
  }

  get check(): ServerCheck {
    return this.#present.check;
  }

  get isPair(): boolean {
    return this.halves.length > 1;
  }

  /** Whether new calls and registrations may go there (PRX-11: only to the primary of a pair). */
  get takesNew(): boolean {
    const { check, heartbeat } = this;
    if (heartbeat?.role === 'backup' || heartbeat?.draining === true) return false;
    return check.state === 'in-service' || (check.state === 'unknown' && heartbeat !== undefined);
  }

  /** Whether it lives, as far as is known. */
  get mayLive(): boolean {
    return !this.check.cut && this.check.state !== 'out-of-service';
  }

  /** Whether it is a pair whose other half may be about to take over. */
  isChanging(nowMs: number): boolean {
    return this.isPair && !this.mayLive && this.#answeredWithin(CHANGE_MS, nowMs);
  }

  /** Whether requests within dialogs may go there. To who is told that a dialog is gone it is: that of a pair waits for the half that may yet take over. */
  isReachable(nowMs: number): boolean {
    if (this.halves.some(({ check }) => check.state !== 'out-of-service')) return true;
    return this.isPair && this.#answeredWithin(DIALOG_GRACE_MS, nowMs);
  }

  #answeredWithin(graceMs: number, nowMs: number): boolean {
    return this.halves.some(({ check }) => check.lastAnswerMs !== undefined && nowMs - check.lastAnswerMs < graceMs);
  }

  /** A half says that it is primary. Answers it when it was not known as that; undefined for an earlier term, too. */
  announced(process: string, term: number): ServerHalf | undefined {
    if (term <= this.#term) return undefined;
    this.#term = term;
    return this.#turnTo(this.halves.find((half) => half.process === process));
  }

  /** Without a bus the half that answers is the primary: only primaries listen. */
  answered(half: ServerHalf): void {
    if (this.heartbeat === undefined && this.check.state !== 'in-service') this.#turnTo(half);
  }

  /** The process of that half is gone. */
  lost(half: ServerHalf): void {
    if (half === this.#present) for (const watcher of [...this.#watchers]) watcher.lost?.();
  }

  /** Answers how to stop that. */
  watch(watcher: ServerWatcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #turnTo(half: ServerHalf | undefined): ServerHalf | undefined {
    if (half === undefined || half === this.#present) return undefined;
    this.#present = half;
    for (const watcher of [...this.#watchers]) watcher.turned?.();
    return half;
  }
}

/** More are not tried: the caller would have given up. */
const TRIED_MAX = 4;
/** Local, local in doubt, remote, remote in doubt, local cut off, remote cut off. */
const RANKS = 6;

export class ServerPool {
  readonly #byName = new Map<string, Server>();
  readonly #byServerId = new Map<number, Server>();
  #turn = 0;

  get servers(): readonly Server[] {
    return [...this.#byName.values()];
  }

  add(server: Server): void {
    this.#byName.set(server.address.name, server);
    this.#byServerId.set(server.address.serverId, server);
  }

  remove(name: string): Server | undefined {
    const server = this.#byName.get(name);
    if (server === undefined) return undefined;
    this.#byName.delete(name);
    this.#byServerId.delete(server.address.serverId);
    return server;
  }

  byName(name: string): Server | undefined {
    return this.#byName.get(name);
  }

  byServerId(serverId: number): Server | undefined {
    return this.#byServerId.get(serverId);
  }

  /** Servers for a new call, best first. `preferred` has calls of the same DN. */
  forCall(preferred?: string): Server[] {
    const turn = this.#turn;
    this.#turn = (turn + 1) % 0x4000_0000;
    const order: Server[] = [];
    const kin = preferred === undefined ? undefined : this.#byName.get(preferred);
    if (kin !== undefined && kin.takesNew && !kin.check.doubted) order.push(kin);
    for (const equals of this.#ranked()) {
      for (let step = 0; step < equals.length; step += 1) {
        const server = equals[(turn + step) % equals.length] as Server;
        if (server !== kin || order[0] !== kin) order.push(server);
      }
    }
    return order.slice(0, TRIED_MAX);
  }

  /** Servers for a REGISTER: always the same one first for an AOR while it lives, so that its nonces and bindings meet. */
  forAor(aor: string): Server[] {
    const order: Server[] = [];
    for (const equals of this.#ranked()) {
      const names = equals.map(({ address }) => address.name);
      while (names.length > 0 && order.length < TRIED_MAX) {
        const name = rendezvous(aor, names) as string;
        order.push(this.#byName.get(name) as Server);
        names.splice(names.indexOf(name), 1);
      }
    }
    return order;
  }

  /** Pairs of this data centre that change halves. */
  changing(nowMs: number): Server[] {
    return [...this.#byName.values()].filter((server) => server.isLocal && server.isChanging(nowMs));
  }

  #ranked(): Server[][] {
    const ranked: Server[][] = Array.from({ length: RANKS }, () => []);
    for (const server of this.#byName.values()) if (server.takesNew) (ranked[rankOf(server)] as Server[]).push(server);
    return ranked;
  }
}

function rankOf({ isLocal, check }: Server): number {
  if (check.cut) return isLocal ? 4 : 5;
  return (isLocal ? 0 : 2) + (check.doubted ? 1 : 0);
}
