/** All requests on their way: opens a `Forward` for each, finds it again for a CANCEL, counts what is pending. */
import type { Clock, Counter, Entropy, Meter } from '#kernel';
import type { ServerTransaction, SipRequest, SipResponse, TransactionLayer } from '#sip';
import type { HopFailure, HopSource } from '../machines/hop.js';
import { Forward, type ForwardPorts } from './forward.js';

export interface ForwarderPorts {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly meter: Meter;
}

export interface AnswerShaping {
  readonly shapeFinal?: (response: SipResponse) => SipResponse | string;
}

const TAG_DIGITS = 16;

type Exhausted = Readonly<Record<HopFailure, number>>;

/** No session controller takes it: whoever asked may try another proxy. */
const NO_SERVER: Exhausted = { silent: 503, unreachable: 503, busy: 503 };
/** RFC 3261 §16.7 step 6 and §16.9. */
const NO_TARGET: Exhausted = { silent: 408, unreachable: 503, busy: 503 };
/** The phone is known and not there. */
const NO_PHONE: Exhausted = { silent: 408, unreachable: 480, busy: 503 };

export class Forwarder implements ForwardPorts {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly #entropy: Entropy;
  readonly #pending = new Map<ServerTransaction, Forward>();
  readonly #forwarded: Counter;
  #pendingInvites = 0;
  #onIdle: (() => void) | undefined;

  constructor(ports: ForwarderPorts, private readonly retryAfterS: number) {
    this.layer = ports.layer;
    this.clock = ports.clock;
    this.#entropy = ports.entropy;
    this.#forwarded = ports.meter.counter('proxy_forwarded_total', 'Requests passed on');
    ports.meter.gauge('proxy_pending_requests', 'Requests without a final response yet', () => this.#pending.size);
  }

  get pendingInvites(): number {
    return this.#pendingInvites;
  }

  newTag(): string {
    return this.#entropy.hex(TAG_DIGITS);
  }

  toServers(transaction: ServerTransaction, sources: readonly HopSource[], shaping: AnswerShaping = {}): void {
    this.#open(transaction, NO_SERVER, shaping).start(sources);
  }

  /** The hops may have to be looked up first; a CANCEL finds the request also meanwhile. */
  toTargets(transaction: ServerTransaction): Forward {
    return this.#open(transaction, NO_TARGET);
  }

  toPhones(transaction: ServerTransaction): Forward {
    return this.#open(transaction, NO_PHONE);
  }

  cancel(request: SipRequest, invite: ServerTransaction): void {
    this.#pending.get(invite)?.cancel(request.header('Reason'));
  }

  /** Calls back when no INVITE is pending, at once when none is. */
  whenIdle(done: () => void): void {
    this.#onIdle = done;
    this.#checkIdle();
  }

  #open(transaction: ServerTransaction, exhausted: Exhausted, shaping: AnswerShaping = {}): Forward {
    const forward = new Forward(transaction, this, { exhausted, retryAfterS: this.retryAfterS, ...shaping }, this.#answered);
    this.#pending.set(transaction, forward);
    if (transaction.request.method === 'INVITE') this.#pendingInvites += 1;
    this.#forwarded.add();
    return forward;
  }

  readonly #answered = ({ transaction }: Forward): void => {
    if (!this.#pending.delete(transaction)) return;
    if (transaction.request.method !== 'INVITE') return;
    this.#pendingInvites -= 1;
    this.#checkIdle();
  };

  #checkIdle(): void {
    if (this.#pendingInvites > 0 || this.#onIdle === undefined) return;
    const done = this.#onIdle;
    this.#onIdle = undefined;
    done();
  }
}
