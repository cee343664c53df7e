/**
 * One request on its way through the proxy: its branches, and the one final response that comes of them (RFC 3261 §16.6 to
 * §16.10). A branch goes from hop to hop until somebody answers.
 */
import type { Clock, Timer } from '#kernel';
import {
  type ClientFailure, type ClientTransaction, type ClientUser, makeResponse, type SipResponse, type ServerTransaction,
  type TransactionLayer,
} from '#sip';
import { bestResponse } from '../machines/best-response.js';
import type { Hop, HopFailure, HopSource } from '../machines/hop.js';
import { shapeResponse } from '../machines/shape.js';

export interface ForwardPorts {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  /** Final responses of our own get a To tag from here. */
  newTag(): string;
}

export interface ForwardOptions {
  /** What a branch counts as when nobody answered it. */
  readonly exhausted: Readonly<Record<HopFailure, number>>;
  /** Seconds in the Retry-After of a 503 of ours. */
  readonly retryAfterS: number;
  /** The final response as it goes back; by default without our Via. */
  readonly shapeFinal?: (response: SipResponse) => SipResponse | string;
}

/** RFC 3261 §16.6 step 11: more than three minutes. */
const TIMER_C_MS = 185_000;

export class Forward {
  readonly #isInvite: boolean;
  readonly #branches: Branch[] = [];
  #open = 0;
  #answered = false;
  #cancelled = false;
  #cancelReason: string | undefined;
  #timerC: Timer | undefined;
  #timerCDueMs = 0;

  /** @param onAnswered the final response has left; more 2xx to INVITE may follow by themselves */
  constructor(
    readonly transaction: ServerTransaction, readonly ports: ForwardPorts, readonly options: ForwardOptions,
    private readonly onAnswered: (forward: Forward) => void,
  ) {
    this.#isInvite = transaction.request.method === 'INVITE';
  }

  /** All sources at once: one branch each. To be called once. */
  start(sources: readonly HopSource[]): void {
    if (this.#cancelled || sources.length === 0) return this.#answerSelf(this.#cancelled ? 487 : this.options.exhausted.unreachable);
    this.#open = sources.length;
    for (const source of sources) this.#branches.push(new Branch(this, source));
    if (this.#isInvite) this.#armTimerC(TIMER_C_MS);
    for (const branch of this.#branches) branch.tryNext();
  }

  /** RFC 3261 §16.10. A request that is still looking for its way is answered when it is started. */
  cancel(reasonHeader?: string): void {
    this.#cancelled = true;
    this.#cancelReason = reasonHeader;
    this.#cancelOpen();
  }

  /** Nothing else may be tried any more. */
  get isEnding(): boolean {
    return this.#cancelled || this.#answered;
  }

  provisional(response: SipResponse): void {
    // §16.7 step 2: each one but 100 shows that somebody still works on it.
    this.#timerCDueMs = this.ports.clock.nowMs() + TIMER_C_MS;
    if (!this.#answered) this.transaction.respond(shapeResponse(response), response.status);
  }

  success(response: SipResponse): void {
    if (this.#answered && !this.#isInvite) return;
    this.#respond(response);
    if (!this.#answered) this.#end();
    this.#cancelOpen();
  }

  /** One branch is over without success. */
  closed(branch: Branch): void {
    this.#open -= 1;
    if (this.#answered) return;
    if (branch.status >= 600) this.#cancelOpen();
    if (this.#open === 0) this.#answerBest();
  }

  #answerBest(): void {
    const best = this.#branches[bestResponse(this.#branches.map(({ status }) => status))] as Branch;
    const { response } = best;
    if (response === undefined) return this.#answerSelf(this.#cancelled ? 487 : best.status);
    this.#respond(isChallenge(response) ? this.#withAllChallenges(response) : response);
    this.#end();
  }

  #respond(response: SipResponse): void {
    const { shapeFinal } = this.options;
    if (shapeFinal === undefined) this.transaction.respond(shapeResponse(response), response.status);
    else this.transaction.respond(shapeFinal(response));
  }

  #answerSelf(status: number): void {
    const headers = status === 503 ? [['Retry-After', String(this.options.retryAfterS)] as const] : [];
    this.transaction.respond(makeResponse(this.transaction.request, status, undefined, { toTag: this.ports.newTag(), headers }));
    this.#end();
  }

  #end(): void {
    this.#answered = true;
    this.#timerC?.cancel();
    this.onAnswered(this);
  }

  /** §16.7 step 7: the caller may be able to satisfy each of them. */
  #withAllChallenges(response: SipResponse): SipResponse {
    const edit = response.edit();
    for (const { response: other } of this.#branches) {
      if (other === undefined || other === response || !isChallenge(other)) continue;
      for (const name of ['WWW-Authenticate', 'Proxy-Authenticate']) {
        for (const value of other.headers(name)) edit.append(name, value);
      }
    }
    return edit.build();
  }

  #cancelOpen(): void {
    for (const branch of this.#branches) branch.cancel(this.#cancelReason);
  }

  /** Answers move the deadline and not the timer, so that it costs one timer a call. */
  #armTimerC(ms: number): void {
    this.#timerCDueMs = this.ports.clock.nowMs() + ms;
    this.#timerC = this.ports.clock.setTimer(ms, () => {
      const leftMs = this.#timerCDueMs - this.ports.clock.nowMs();
      if (leftMs > 0) this.#armTimerC(leftMs);
      else this.#cancelOpen();
    });
  }
}

class Branch implements ClientUser {
  /** The final response, or what stands for it. */
  response: SipResponse | undefined;
  status = 0;
  #hop: Hop | undefined;
  #client: ClientTransaction | undefined;
  /** Somebody rings: the request is in good hands, and no other hop may be tried. */
  #heard = false;
  #closed = false;

  constructor(private readonly forward: Forward, private readonly source: HopSource) {}

  tryNext(): void {
    const hop = this.forward.isEnding ? undefined : this.source.next();
    if (hop === undefined) return this.#close();
    const { viaHost, viaPort } = hop.name;
    this.#hop = hop;
    this.#client = this.forward.ports.layer.request(hop.bytes, hop.to, this, {
      viaHost,
      ...(viaPort === undefined ? {} : { viaPort }),
      ...(hop.timeoutMs === undefined ? {} : { timeoutMs: hop.timeoutMs }),
    });
  }

  cancel(reasonHeader: string | undefined): void {
    if (!this.#closed) this.#client?.cancel(reasonHeader);
  }

  onResponse(response: SipResponse): void {
    const { status } = response;
    if (status === 100) return;
    if (status < 200) {
      this.#heard = true;
      this.forward.provisional(response);
    } else if (status < 300) {
      this.#closed = true;
      this.forward.success(response);
    } else if (status === 503 && !this.#heard) {
      this.#failed('busy', status, response);
    } else {
      this.#conclude(status, response);
    }
  }

  onFailure(reason: ClientFailure): void {
    const failure = reason === 'timeout' ? 'silent' : 'unreachable';
    this.#failed(failure, this.forward.options.exhausted[failure], undefined);
  }

  #failed(failure: HopFailure, status: number, response: SipResponse | undefined): void {
    this.source.failed(this.#hop as Hop, failure);
    this.status = status;
    this.response = response;
    if (this.#heard) this.#close();
    else this.tryNext();
  }

  #conclude(status: number, response: SipResponse): void {
    this.status = status;
    this.response = response;
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Not one hop: everybody who could take it was tried before.
    if (this.status === 0) this.status = this.forward.options.exhausted.unreachable;
    this.forward.closed(this);
  }
}

function isChallenge({ status }: SipResponse): boolean {
  return status === 401 || status === 407;
}
