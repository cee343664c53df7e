/**
 * One request at a stateful proxy, from its first branch to the final response: RFC 3261 §16.7 to §16.10. Targets in one
 * group are tried at once, groups one after the other; a target may have several ways (RFC 3263 §4.3), tried in turn.
 *
 * The machine knows statuses and branch numbers; messages and transactions are its user's.
 */
import { bestResponse } from './best-response.js';

/** A target, and the ways to reach it, best first; at least one. */
export interface ForkTarget<W> {
  readonly ways: readonly W[];
}

export interface ResponseContextOptions {
  readonly isInvite: boolean;
  /** Timer C: more than 3 minutes (§16.6 step 11). */
  readonly timerCMs: number;
}

export const TIMER_C_MS = 181_000;

export type BranchFailure = 'timeout' | 'transport';

/** What goes upstream when every branch is done. */
export type FinalAnswer<R> =
  /** `challenges`: other 401 and 407 responses; their challenges are added to the best one (§16.7 step 7). */
  | { readonly kind: 'received'; readonly status: number; readonly response: R; readonly challenges: readonly R[] }
  /** 408 nobody answered, 503 nobody could be reached, 480 there was no target. */
  | { readonly kind: 'local'; readonly status: number };

export interface ForkEffects<W, R> {
  /** Start a client transaction; `branch` is a small number that comes back with its inputs. */
  forward(branch: number, way: W): void;
  /** CANCEL that branch; its transaction holds the CANCEL back until it may be sent. */
  cancel(branch: number): void;
  setTimerC(branch: number, delayMs: number): void;
  stopTimerC(branch: number): void;
  /** A 1xx or a 2xx that goes upstream at once (§16.7 step 5). */
  relay(response: R): void;
  answer(answer: FinalAnswer<R>): void;
  /** That way failed in a manner that another request should know about: time-out, transport error or 503. */
  wayFailed(way: W): void;
  /** Whether a way that was not tried yet may still lead anywhere; absent: each of them. */
  mayLead?(way: W): boolean;
  /** Nothing is open any more. The last effect. */
  done(): void;
}

interface Branch<W> {
  readonly ways: readonly W[];
  way: number;
  state: 'trying' | 'proceeding' | 'cancelled' | 'finished';
  timerC: boolean;
}

interface Final<R> {
  readonly status: number;
  readonly response: R | undefined;
}

export class ResponseContext<W, R> {
  readonly #options: ResponseContextOptions;
  readonly #groups: (readonly ForkTarget<W>[])[];
  readonly #branches: Branch<W>[] = [];
  readonly #finals: Final<R>[] = [];
  /** `open`: looking for a winner. `closing`: cancelled, or 6xx: only waits. `answered`: a final response went upstream. */
  #state: 'open' | 'closing' | 'answered' | 'done' = 'open';

  constructor(groups: readonly (readonly ForkTarget<W>[])[], options: ResponseContextOptions) {
    this.#groups = [...groups];
    this.#options = options;
  }

  get state(): string {
    return this.#state;
  }

  start(out: ForkEffects<W, R>): void {
    this.#proceed(out);
  }

  onResponse(branch: number, status: number, response: R, out: ForkEffects<W, R>): void {
    const at = this.#branches[branch];
    if (at === undefined) return;
    if (status < 200) return this.#onProvisional(branch, at, status, response, out);
    if (status < 300) return this.#onSuccess(branch, at, response, out);
    if (at.state === 'finished') return;
    if (status === 503 && this.#tryNextWay(branch, at, out)) return;
    this.#finish(branch, at, { status, response }, out);
    if (status >= 600) this.#close(out);
    this.#proceed(out);
  }

  /** The branch's transaction gave up. */
  onFailure(branch: number, reason: BranchFailure, out: ForkEffects<W, R>): void {
    const at = this.#branches[branch];
    if (at === undefined || at.state === 'finished') return;
    // A branch that answered 1xx is alive: only one that was silent is tried another way.
    if (at.state === 'trying' && this.#tryNextWay(branch, at, out)) return;
    // §16.9: a transport error counts as 503. §16.8: a time-out as 408, or 487 where the caller wants it to end.
    const status = reason === 'transport' ? 503 : this.#state === 'closing' ? 487 : 408;
    this.#finish(branch, at, { status, response: undefined }, out);
    this.#proceed(out);
  }

  /**
   * Timer C (§16.8): nobody rings for ever. A branch that never answered is cancelled too: its transaction holds the CANCEL
   * back and ends by its own Timer B, so that a 200 which comes after all still finds the caller waiting.
   */
  onTimerC(branch: number, out: ForkEffects<W, R>): void {
    const at = this.#branches[branch];
    if (at === undefined || !at.timerC) return;
    at.timerC = false;
    this.#cancel(branch, at, out);
  }

  /** CANCEL from upstream (§16.10): the branches end, and their 487 goes up as any final response. */
  onCancel(out: ForkEffects<W, R>): void {
    if (this.#state !== 'open') return;
    this.#close(out);
    this.#proceed(out);
  }

  #onProvisional(branch: number, at: Branch<W>, status: number, response: R, out: ForkEffects<W, R>): void {
    if (at.state === 'finished') return;
    if (at.state === 'trying') at.state = 'proceeding';
    // §16.7 step 2: a 100 is for this hop only, and does not push Timer C back.
    if (status === 100) return;
    if (this.#options.isInvite && at.timerC) out.setTimerC(branch, this.#options.timerCMs);
    if (this.#state === 'open' || this.#state === 'closing') out.relay(response);
  }

  /** §16.7 step 5: every 2xx to an INVITE goes up, also the second; of other requests the first final one only. */
  #onSuccess(branch: number, at: Branch<W>, response: R, out: ForkEffects<W, R>): void {
    const isFirst = this.#state === 'open' || this.#state === 'closing';
    if (isFirst || this.#options.isInvite) out.relay(response);
    if (isFirst) this.#state = 'answered';
    this.#end(branch, at, out);
    this.#cancelPending(out);
    this.#proceed(out);
  }

  #proceed(out: ForkEffects<W, R>): void {
    while (this.#state === 'open' && !this.#isPending()) {
      const group = this.#groups.shift();
      if (group === undefined) break;
      for (const target of group) this.#fork(target, out);
    }
    if (this.#isPending() || this.#state === 'done') return;
    if (this.#state !== 'answered') out.answer(this.#finalAnswer());
    this.#state = 'done';
    out.done();
  }

  #fork(target: ForkTarget<W>, out: ForkEffects<W, R>): void {
    const branch = this.#branches.push({ ways: target.ways, way: 0, state: 'trying', timerC: false }) - 1;
    this.#forward(branch, this.#branches[branch] as Branch<W>, out);
  }

  #forward(branch: number, at: Branch<W>, out: ForkEffects<W, R>): void {
    if (this.#options.isInvite) {
      at.timerC = true;
      out.setTimerC(branch, this.#options.timerCMs);
    }
    out.forward(branch, at.ways[at.way] as W);
  }

  /** RFC 3263 §4.3: the next way is a new transaction, and a branch number of its own so that late inputs go astray. */
  #tryNextWay(branch: number, at: Branch<W>, out: ForkEffects<W, R>): boolean {
    out.wayFailed(at.ways[at.way] as W);
    if (this.#state !== 'open' || at.state === 'cancelled') return false;
    const way = at.ways.findIndex((each, index) => index > at.way && out.mayLead?.(each) !== false);
    if (way < 0) return false;
    this.#end(branch, at, out);
    const next = this.#branches.push({ ways: at.ways, way, state: 'trying', timerC: false }) - 1;
    this.#forward(next, this.#branches[next] as Branch<W>, out);
    return true;
  }

  #finish(branch: number, at: Branch<W>, final: Final<R>, out: ForkEffects<W, R>): void {
    this.#end(branch, at, out);
    this.#finals.push(final);
  }

  #end(branch: number, at: Branch<W>, out: ForkEffects<W, R>): void {
    if (at.timerC) out.stopTimerC(branch);
    at.timerC = false;
    at.state = 'finished';
  }

  /** No new branches, and an end to those that are open. */
  #close(out: ForkEffects<W, R>): void {
    if (this.#state === 'open') this.#state = 'closing';
    this.#cancelPending(out);
  }

  #cancelPending(out: ForkEffects<W, R>): void {
    // §9.1: only an INVITE is cancelled; others end by themselves.
    if (!this.#options.isInvite) return;
    this.#branches.forEach((at, branch) => {
      if (at.state === 'trying' || at.state === 'proceeding') this.#cancel(branch, at, out);
    });
  }

  #cancel(branch: number, at: Branch<W>, out: ForkEffects<W, R>): void {
    at.state = 'cancelled';
    if (at.timerC) out.stopTimerC(branch);
    at.timerC = false;
    out.cancel(branch);
  }

  #isPending(): boolean {
    return this.#branches.some(({ state }) => state !== 'finished');
  }

  #finalAnswer(): FinalAnswer<R> {
    const best = bestResponse(this.#finals);
    if (best === undefined) return { kind: 'local', status: this.#state === 'closing' ? 487 : 480 };
    const { response, status } = best;
    if (response === undefined) return { kind: 'local', status };
    return { kind: 'received', status, response, challenges: this.#challengesBeside(best) };
  }

  #challengesBeside(best: Final<R>): R[] {
    if (best.status !== 401 && best.status !== 407) return [];
    return this.#finals
      .filter((final) => final !== best && (final.status === 401 || final.status === 407))
      .flatMap(({ response }) => (response === undefined ? [] : [response]));
  }
}
