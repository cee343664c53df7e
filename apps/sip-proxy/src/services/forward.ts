/** One request on its way through the proxy: gives `ResponseContext` its transactions and its messages. RFC 3261 §16.6 to §16.10. */
import type { Clock, Timer } from '#kernel';
import {
  branchId, type BranchFailure, type ClientTransaction, type ClientUser, type FinalAnswer, type ForkEffects, type HeaderLine, makeResponse,
  ResponseContext, type ServerTransaction, type SipResponse, TIMER_C_MS, type TransactionLayer,
} from '#sip';
import type { Hop, HopFailure } from '../machines/hop.js';
import { shapeResponse } from '../machines/shape.js';

export interface ForwardPorts {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  /** Final responses of our own get a To tag from here. */
  newTag(): string;
  /** Counted. */
  passedOn(): void;
  refused(): void;
}

export interface ForwardOptions {
  /** What the caller hears when there was no hop, or nobody answered, or nobody could be reached. */
  readonly nobody: Readonly<{ none: number; silent: number; unreachable: number }>;
  /** Seconds in the Retry-After of a 503 of ours. */
  readonly retryAfterS: number;
  /** RFC 5393 §4.2.1; absent for requests within dialogs, which cannot fork. */
  readonly loopHash: string | undefined;
  /** A success as it goes back; by default without our Via. */
  readonly shapeSuccess?: (response: SipResponse) => string;
  /** The final response has left. */
  readonly ended?: (status: number) => void;
}

export class Forward implements ForkEffects<Hop, SipResponse> {
  readonly #branches: Branch[] = [];
  readonly #timersC: TimerC[] = [];
  #context: ResponseContext<Hop, SipResponse> | undefined;
  #answered = false;
  #cancelled = false;
  #cancelReason: string | undefined;
  #failure: HopFailure = 'busy';
  readonly isInvite: boolean;

  /** @param onAnswered the final response has left; more 2xx to INVITE may follow by themselves */
  constructor(
    readonly transaction: ServerTransaction, readonly ports: ForwardPorts, readonly options: ForwardOptions,
    private readonly onAnswered: (forward: Forward) => void,
  ) {
    this.isInvite = transaction.request.method === 'INVITE';
  }

  /** All targets at once, the hops of each one after the other. To be called once. */
  start(targets: readonly (readonly Hop[])[]): void {
    if (this.#cancelled) return this.#answerSelf(487);
    this.ports.passedOn();
    if (targets.length === 0) return this.#answerSelf(this.options.nobody.none);
    this.#context = new ResponseContext([targets.map((ways) => ({ ways }))], { isInvite: this.isInvite, timerCMs: TIMER_C_MS });
    this.#context.start(this);
  }

  /** Instead of being started: it goes nowhere. */
  refuse(status: number, reason?: string, headers: readonly HeaderLine[] = []): void {
    if (this.#cancelled) return this.#answerSelf(487);
    this.ports.refused();
    this.#respond(status, reason, headers);
  }

  /** RFC 3261 §16.10. A request that is still looking for its way is answered when it is started. */
  onCancel(reasonHeader?: string): void {
    this.#cancelled = true;
    this.#cancelReason = reasonHeader;
    this.#context?.onCancel(this);
  }

  onResponse(branch: number, response: SipResponse): void {
    this.#failure = 'busy';
    if (this.#context !== undefined) this.#context.onResponse(branch, response.status, response, this);
    else if (this.isInvite && response.status >= 200 && response.status < 300) this.relay(response);
  }

  onFailure(branch: number, reason: BranchFailure): void {
    this.#failure = reason;
    this.#context?.onFailure(branch, reason, this);
  }

  forward(branch: number, hop: Hop): void {
    this.#branches[branch] = new Branch(this, branch, hop);
  }

  cancel(branch: number): void {
    this.#branches[branch]?.cancel(this.#cancelReason);
  }

  setTimerC(branch: number, delayMs: number): void {
    const timer = (this.#timersC[branch] ??= new TimerC(this.ports.clock, () => this.#context?.onTimerC(branch, this)));
    timer.arm(delayMs);
  }

  stopTimerC(branch: number): void {
    this.#timersC[branch]?.stop();
  }

  relay(response: SipResponse): void {
    const { status } = response;
    const { shapeSuccess } = this.options;
    const shape = status >= 200 && shapeSuccess !== undefined ? shapeSuccess : shapeResponse;
    this.transaction.respond(shape(response), status);
    if (status >= 200) this.#end(status);
  }

  answer(answer: FinalAnswer<SipResponse>): void {
    if (answer.kind === 'local') return this.#answerSelf(this.#localStatus(answer.status));
    const response = answer.challenges.length === 0 ? answer.response : withChallenges(answer.response, answer.challenges);
    this.transaction.respond(shapeResponse(response), answer.status);
    this.#end(answer.status);
  }

  wayFailed(hop: Hop): void {
    hop.failed?.(this.#failure);
  }

  mayLead(hop: Hop): boolean {
    return hop.mayLead?.() ?? true;
  }

  /** More 2xx may pass for another 32 s: nothing but the way back is kept for them. */
  done(): void {
    this.#context = undefined;
    this.#branches.length = 0;
    this.#timersC.length = 0;
  }

  #localStatus(status: number): number {
    const { nobody } = this.options;
    if (status === 408) return nobody.silent;
    return status === 503 ? nobody.unreachable : status;
  }

  #answerSelf(status: number): void {
    this.#respond(status, undefined, status === 503 ? [['Retry-After', String(this.options.retryAfterS)]] : []);
  }

  #respond(status: number, reason: string | undefined, headers: readonly HeaderLine[]): void {
    if (this.#answered) return;
    this.transaction.respond(makeResponse(this.transaction.request, status, reason, { toTag: this.ports.newTag(), headers }));
    this.#end(status);
  }

  #end(status: number): void {
    if (this.#answered) return;
    this.#answered = true;
    this.options.ended?.(status);
    this.onAnswered(this);
  }
}

/** RFC 3261 §9.1: as long as a cancelled INVITE may take to end. */
const WITHDRAWN_MS = 32_000;

/** The client transaction of one hop. */
class Branch implements ClientUser {
  readonly #client: ClientTransaction;
  #unwatch: (() => void) | undefined;
  #unfollow: (() => void) | undefined;

  constructor(private readonly forward: Forward, private readonly number: number, hop: Hop) {
    const { viaHost, viaPort } = hop.name;
    const { loopHash } = forward.options;
    this.#client = forward.ports.layer.request(hop.bytes(), hop.to, this, {
      viaHost,
      ...(viaPort === undefined ? {} : { viaPort }),
      branchId: branchId(forward.transaction.request, number),
      ...(loopHash === undefined ? {} : { loopHash }),
      ...(hop.timeoutMs === undefined ? {} : { timeoutMs: hop.timeoutMs }),
    });
    this.#unwatch = hop.watch?.(() => this.#lost());
    this.#unfollow = hop.follow?.(() => this.#client.redirect(hop.to));
  }

  cancel(reasonHeader: string | undefined): void {
    this.#client.cancel(reasonHeader);
  }

  onResponse(response: SipResponse): void {
    this.#stopWatching();
    if (response.status >= 200) this.#stopFollowing();
    this.forward.onResponse(this.number, response);
  }

  onFailure(reason: BranchFailure): void {
    this.#stopWatching();
    this.#withdraw();
    this.forward.onFailure(this.number, reason);
  }

  #lost(): void {
    this.#stopWatching();
    this.#client.abandon();
    this.#withdraw();
    this.forward.onFailure(this.number, 'timeout');
  }

  /** It may have arrived all the same: should another process take over from the one it went to, the CANCEL goes there, too. */
  #withdraw(): void {
    if (this.#client.state === 'Abandoned') this.forward.ports.clock.setTimer(WITHDRAWN_MS, () => this.#stopFollowing());
    else this.#stopFollowing();
  }

  #stopWatching(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #stopFollowing(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
  }
}

/** Timer C of one branch. Each 1xx moves the deadline and not the timer, so that a call costs one. */
class TimerC {
  #timer: Timer | undefined;
  #dueMs = 0;

  constructor(private readonly clock: Clock, private readonly fire: () => void) {}

  arm(delayMs: number): void {
    this.#dueMs = this.clock.nowMs() + delayMs;
    this.#timer ??= this.clock.setTimer(delayMs, () => this.#check());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #check(): void {
    this.#timer = undefined;
    const leftMs = this.#dueMs - this.clock.nowMs();
    if (leftMs > 0) this.arm(leftMs);
    else this.fire();
  }
}

/** RFC 3261 §16.7 step 7: the caller may be able to satisfy each of them. */
function withChallenges(response: SipResponse, others: readonly SipResponse[]): SipResponse {
  const edit = response.edit();
  for (const other of others) {
    for (const name of ['WWW-Authenticate', 'Proxy-Authenticate']) {
      for (const value of other.headers(name)) edit.append(name, value);
    }
  }
  return edit.build();
}
