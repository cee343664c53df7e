/** All requests on their way: opens a `Forward` for each, finds it again for a CANCEL, counts what is pending. */
import type { Clock, Counter, Entropy, Meter } from '#kernel';
import { loopHash, type ServerTransaction, type SipRequest, type SipResponse, type TransactionLayer } from '#sip';
import { Forward, type ForwardOptions, type ForwardPorts } from './forward.js';

export interface ForwarderPorts {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly meter: Meter;
}

const TAG_DIGITS = 16;

/** What a caller hears when it came to nothing, by what it was looking for. */
const NOBODY = {
  /** Whoever asked may try another proxy. */
  server: { none: 503, silent: 503, unreachable: 503 },
  /** RFC 3261 §16.8 and §16.9. A name that leads nowhere is no better than an address where nobody is. */
  target: { none: 503, silent: 408, unreachable: 503 },
  /** Of a CANCEL: nobody who could be asked has the call. */
  call: { none: 481, silent: 481, unreachable: 481 },
  /** The phone is known and not there. */
  phone: { none: 480, silent: 408, unreachable: 480 },
} as const;

export class Forwarder implements ForwardPorts {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly #entropy: Entropy;
  readonly #pending = new Map<ServerTransaction, Forward>();
  readonly #forwarded: Counter;
  readonly #refused: Counter;
  #pendingInvites = 0;
  #onIdle: (() => void) | undefined;

  constructor(ports: ForwarderPorts, private readonly retryAfterS: number) {
    this.layer = ports.layer;
    this.clock = ports.clock;
    this.#entropy = ports.entropy;
    this.#forwarded = ports.meter.counter('proxy_forwarded_total', 'Requests passed on');
    this.#refused = ports.meter.counter('proxy_refused_total', 'Requests that the proxy itself refused');
    ports.meter.gauge('proxy_pending_requests', 'Requests without a final response yet', () => this.#pending.size);
  }

  get pendingInvites(): number {
    return this.#pendingInvites;
  }

  newTag(): string {
    return this.#entropy.hex(TAG_DIGITS);
  }

  passedOn(): void {
    this.#forwarded.add();
  }

  refused(): void {
    this.#refused.add();
  }

  /** Opened before the hops are known: they may have to be looked up, and a CANCEL finds the request also meanwhile. */
  open(
    transaction: ServerTransaction, lookingFor: keyof typeof NOBODY, shapeSuccess?: (response: SipResponse) => string,
    ended?: (status: number) => void,
  ): Forward {
    const { request } = transaction;
    const options: ForwardOptions = {
      nobody: NOBODY[lookingFor],
      retryAfterS: this.retryAfterS,
      loopHash: request.to.tag === undefined ? loopHash(request) : undefined,
      ...(shapeSuccess === undefined ? {} : { shapeSuccess }),
      ...(ended === undefined ? {} : { ended }),
    };
    const forward = new Forward(transaction, this, options, this.#answered);
    this.#pending.set(transaction, forward);
    if (request.method === 'INVITE') this.#pendingInvites += 1;
    return forward;
  }

  cancel(request: SipRequest, invite: ServerTransaction): void {
    this.#pending.get(invite)?.onCancel(request.header('Reason'));
  }

  /** Calls back when no INVITE is pending, at once when none is. */
  whenIdle(done: () => void): void {
    this.#onIdle = done;
    this.#checkIdle();
  }

  readonly #answered = ({ transaction, isInvite }: Forward): void => {
    if (!this.#pending.delete(transaction)) return;
    if (!isInvite) return;
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
