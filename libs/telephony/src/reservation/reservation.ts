/** Agent reservation: of several routers that want one agent, one is told yes (docs/specs/reservation.md, VQ-03, VQ-06). */
import type { Out } from '#kernel';

/** What a request names; keys are `dn:7001`, `agent:agent7001`, `place:P1`. All are reserved together. */
export type ReservationKeys = readonly string[];

export type ReservationInput =
  | {
    readonly kind: 'request';
    readonly client: string;
    /** Names this request among all requests of all clients. */
    readonly ticket: number;
    readonly keys: ReservationKeys;
    readonly priority: number;
    readonly durationMs: number;
  }
  | { readonly kind: 'cancel'; readonly client: string; readonly ticket: number; readonly keys: ReservationKeys }
  | { readonly kind: 'windowOver'; readonly window: number; readonly random: number }
  | { readonly kind: 'expired'; readonly window: number }
  | { readonly kind: 'clientGone'; readonly client: string }
  /** A grant of the other half of a pair, which ends in `leftMs`. Before anything else. */
  | { readonly kind: 'restore'; readonly window: number; readonly grant: Grant; readonly leftMs: number }
  /** Another session of the same program: its grants are that one's now. */
  | { readonly kind: 'takenOver'; readonly from: string; readonly client: string };

/** What the holder of a reservation has. */
export interface Grant {
  readonly client: string;
  readonly keys: ReservationKeys;
  readonly priority: number;
  readonly durationMs: number;
}

/** Why a request was refused; the shell makes the EventError of it. */
export type RefusalReason = 'reserved' | 'outbid' | 'cancelled' | 'nothingReserved' | 'notHolder' | 'full';

export type ReservationEffect =
  | { readonly kind: 'startWindow'; readonly window: number; readonly ms: number }
  | { readonly kind: 'startExpiry'; readonly window: number; readonly ms: number }
  | { readonly kind: 'stopTimer'; readonly window: number }
  /** The grant has another holder, for the rest of its time. */
  | { readonly kind: 'holder'; readonly window: number }
  | { readonly kind: 'reserved'; readonly client: string; readonly ticket: number; readonly keys: ReservationKeys; readonly durationMs: number }
  | { readonly kind: 'cancelled'; readonly client: string; readonly ticket: number }
  | { readonly kind: 'refused'; readonly client: string; readonly ticket: number; readonly reason: RefusalReason };

export interface ReservationOptions {
  readonly collectionMs: number;
  readonly collectLowerPriority: boolean;
  readonly rejectSubsequent: boolean;
  /** Objects under reservation or collection at once. */
  readonly max: number;
}

interface Candidate {
  readonly client: string;
  readonly ticket: number;
  readonly keys: ReservationKeys;
  readonly priority: number;
  readonly durationMs: number;
}

/** The request of a grant that the other half of a pair gave was answered there. */
const RESTORED = 0;

/** One auction or one grant; it holds every key that its requests name. */
interface Holding {
  readonly id: number;
  keys: Set<string>;
  candidates: Candidate[];
  holder: Candidate | undefined;
}

export class Reservations {
  readonly #byKey = new Map<string, Holding>();
  readonly #byId = new Map<number, Holding>();
  #nextId = 1;

  constructor(private readonly options: ReservationOptions) {}

  /** Auctions and grants in progress. */
  get size(): number {
    return this.#byId.size;
  }

  grant(window: number): Grant | undefined {
    return this.#byId.get(window)?.holder;
  }

  on(input: ReservationInput, out: Out<ReservationEffect>): void {
    switch (input.kind) {
      case 'request': return this.#request(input, out);
      case 'cancel': return this.#cancel(input, out);
      case 'windowOver': return this.#decide(input.window, input.random, out);
      case 'expired': return this.#expire(input.window);
      case 'clientGone': return this.#clientGone(input.client, out);
      case 'restore': return this.#restore(input, out);
      case 'takenOver': return this.#takenOver(input.from, input.client, out);
    }
  }

  #request(candidate: Candidate & { kind: 'request' }, out: Out<ReservationEffect>): void {
    const met = this.#met(candidate.keys);
    const reserved = met.find((holding) => holding.holder !== undefined);
    if (reserved !== undefined) return this.#again(reserved, candidate, out);
    if (met.length === 0) return this.#open(candidate, out);
    this.#join(this.#merge(met, out), candidate, out);
  }

  #met(keys: ReservationKeys): Holding[] {
    const met: Holding[] = [];
    for (const key of keys) {
      const holding = this.#byKey.get(key);
      if (holding !== undefined && !met.includes(holding)) met.push(holding);
    }
    return met;
  }

  #open(candidate: Candidate, out: Out<ReservationEffect>): void {
    if (this.#byId.size >= this.options.max) return refuse(candidate, 'full', out);
    const holding: Holding = { id: this.#nextId, keys: new Set(), candidates: [candidate], holder: undefined };
    this.#nextId += 1;
    this.#byId.set(holding.id, holding);
    this.#claim(holding, candidate.keys);
    out.push({ kind: 'startWindow', window: holding.id, ms: this.options.collectionMs });
  }

  /** One request that names the keys of two open auctions makes them one; the older window decides. */
  #merge(met: readonly Holding[], out: Out<ReservationEffect>): Holding {
    const oldest = met.reduce((a, b) => (a.id < b.id ? a : b));
    for (const other of met) {
      if (other === oldest) continue;
      oldest.candidates.push(...other.candidates);
      this.#byId.delete(other.id);
      out.push({ kind: 'stopTimer', window: other.id });
      this.#claim(oldest, [...other.keys]);
    }
    return oldest;
  }

  #join(holding: Holding, candidate: Candidate, out: Out<ReservationEffect>): void {
    if (!this.options.collectLowerPriority) {
      const best = Math.max(...holding.candidates.map((other) => other.priority));
      if (candidate.priority < best) return refuse(candidate, 'outbid', out);
      if (candidate.priority > best) {
        for (const other of holding.candidates) refuse(other, 'outbid', out);
        holding.candidates = [];
      }
    }
    holding.candidates.push(candidate);
    this.#claim(holding, candidate.keys);
  }

  #again(reserved: Holding, candidate: Candidate, out: Out<ReservationEffect>): void {
    const holder = reserved.holder as Candidate;
    const mayProlong = !this.options.rejectSubsequent && holder.client === candidate.client && sameKeys(holder.keys, candidate.keys);
    if (!mayProlong) return refuse(candidate, 'reserved', out);
    out.push({ kind: 'stopTimer', window: reserved.id });
    this.#grant(reserved, candidate, out);
  }

  #decide(window: number, random: number, out: Out<ReservationEffect>): void {
    const holding = this.#byId.get(window);
    if (holding === undefined || holding.holder !== undefined) return;
    const best = Math.max(...holding.candidates.map((candidate) => candidate.priority));
    const finalists = holding.candidates.filter((candidate) => candidate.priority === best);
    const winner = finalists[random % finalists.length] as Candidate;
    const losers = holding.candidates.filter((candidate) => candidate !== winner);
    this.#release(holding, (key) => !winner.keys.includes(key));
    this.#grant(holding, winner, out);
    for (const loser of losers) refuse(loser, 'reserved', out);
  }

  #grant(holding: Holding, winner: Candidate, out: Out<ReservationEffect>): void {
    holding.candidates = [];
    holding.holder = winner;
    out.push({ kind: 'startExpiry', window: holding.id, ms: winner.durationMs });
    out.push({ kind: 'reserved', client: winner.client, ticket: winner.ticket, keys: winner.keys, durationMs: winner.durationMs });
  }

  #restore({ window, grant, leftMs }: ReservationInput & { kind: 'restore' }, out: Out<ReservationEffect>): void {
    this.#nextId = Math.max(this.#nextId, window + 1);
    if (leftMs <= 0) return;
    const holding: Holding = { id: window, keys: new Set(), candidates: [], holder: { ...grant, ticket: RESTORED } };
    this.#byId.set(window, holding);
    this.#claim(holding, grant.keys);
    out.push({ kind: 'startExpiry', window, ms: leftMs });
  }

  #takenOver(from: string, client: string, out: Out<ReservationEffect>): void {
    for (const holding of this.#byId.values()) {
      if (holding.holder?.client !== from) continue;
      holding.holder = { ...holding.holder, client };
      out.push({ kind: 'holder', window: holding.id });
    }
  }

  #cancel(input: ReservationInput & { kind: 'cancel' }, out: Out<ReservationEffect>): void {
    const holding = this.#met(input.keys)[0];
    if (holding === undefined) return refuse(input, 'nothingReserved', out);
    const own = holding.holder?.client === input.client
      || holding.candidates.some((candidate) => candidate.client === input.client);
    if (!own) return refuse(input, 'notHolder', out);
    if (holding.holder === undefined) this.#withdraw(holding, input.client, out);
    else this.#end(holding, out);
    out.push({ kind: 'cancelled', client: input.client, ticket: input.ticket });
  }

  #withdraw(holding: Holding, client: string, out: Out<ReservationEffect>): void {
    for (const candidate of holding.candidates) {
      if (candidate.client === client) refuse(candidate, 'cancelled', out);
    }
    holding.candidates = holding.candidates.filter((candidate) => candidate.client !== client);
    if (holding.candidates.length === 0) this.#end(holding, out);
  }

  /** The grant of a client that is gone stays until its deadline: the call it was made for may be ringing already. */
  #clientGone(client: string, out: Out<ReservationEffect>): void {
    for (const holding of [...this.#byId.values()]) {
      holding.candidates = holding.candidates.filter((candidate) => candidate.client !== client);
      if (holding.holder === undefined && holding.candidates.length === 0) this.#end(holding, out);
    }
  }

  #end(holding: Holding, out: Out<ReservationEffect>): void {
    out.push({ kind: 'stopTimer', window: holding.id });
    this.#expire(holding.id);
  }

  #expire(window: number): void {
    const holding = this.#byId.get(window);
    if (holding === undefined) return;
    this.#byId.delete(window);
    this.#release(holding, () => true);
  }

  #claim(holding: Holding, keys: Iterable<string>): void {
    for (const key of keys) {
      holding.keys.add(key);
      this.#byKey.set(key, holding);
    }
  }

  #release(holding: Holding, which: (key: string) => boolean): void {
    for (const key of holding.keys) {
      if (!which(key)) continue;
      holding.keys.delete(key);
      if (this.#byKey.get(key) === holding) this.#byKey.delete(key);
    }
  }
}

function refuse(request: { readonly client: string; readonly ticket: number }, reason: RefusalReason, out: Out<ReservationEffect>): void {
  out.push({ kind: 'refused', client: request.client, ticket: request.ticket, reason });
}

function sameKeys(a: ReservationKeys, b: ReservationKeys): boolean {
  return a.length === b.length && a.every((key) => b.includes(key));
}
