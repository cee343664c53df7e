/**
 * Sends requests to an outbound proxy of the data centre, and to the next one when that fails
 * (docs/specs/sip-routing.md, "Inside, a next hop is never resolved").
 */
import type { ClientFailure, ClientTransaction, ClientUser, SipRequest, SipResponse, Target, TransactionLayer } from '#sip';
import type { Clock } from '#kernel';
import type { OutboundProxies } from '../services/outbound-proxies.js';

export interface SipSenderPorts {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly proxies: OutboundProxies;
  readonly accessPoint: string;
}

/** What the sender of a request hears. */
export interface RequestUser {
  onResponse(response: SipResponse): void;
  /** No final response will come. */
  onFailure(reason: ClientFailure): void;
}

export interface SentRequest {
  /** RFC 3261 §9.1; of use for INVITE only. */
  cancel(): void;
}

/** A proxy answers an INVITE with 100 at once; one that is silent for so long is taken for dead. */
const SILENT_PROXY_MS = 4_000;
const ATTEMPTS_MAX = 3;

export class SipSender {
  constructor(private readonly ports: SipSenderPorts) {}

  request(request: SipRequest, user: RequestUser): SentRequest {
    const attempt = new Attempt(request, user, this.ports);
    attempt.start();
    return attempt;
  }

  /** ACK to a 2xx belongs to no transaction (§13.2.2.4). Answers its bytes, for the next retransmission of the 2xx. */
  ack(ack: SipRequest): string | undefined {
    const target = this.ports.proxies.for(ack.callId);
    if (target === undefined) return undefined;
    const via = this.ports.layer.viaFor(target, { viaHost: this.ports.accessPoint });
    const bytes = ack.edit().prepend('Via', via).serialize();
    this.resend(ack.callId, bytes);
    return bytes;
  }

  resend(callId: string, bytes: string): void {
    const target = this.ports.proxies.for(callId);
    if (target !== undefined) this.ports.layer.send(bytes, target);
  }
}

/** One request, through as many proxies as it takes. */
class Attempt implements ClientUser, SentRequest {
  #transaction: ClientTransaction | undefined;
  #target: Target | undefined;
  #tries = 0;
  #heard = false;
  #cancelled = false;

  constructor(
    private readonly request: SipRequest, private readonly user: RequestUser, private readonly ports: SipSenderPorts,
  ) {}

  start(): void {
    const target = this.ports.proxies.for(this.request.callId);
    if (target === undefined) this.ports.clock.setTimer(0, () => this.user.onFailure('transport'));
    else this.#sendTo(target);
  }

  #sendTo(target: Target): void {
    this.#target = target;
    this.#tries += 1;
    const hurry = this.request.method === 'INVITE' && this.#tries < ATTEMPTS_MAX && this.ports.proxies.several;
    this.#transaction = this.ports.layer.request(this.request, target, this, {
      viaHost: this.ports.accessPoint,
      ...(hurry ? { timeoutMs: SILENT_PROXY_MS } : {}),
    });
  }

  cancel(): void {
    this.#cancelled = true;
    this.#transaction?.cancel();
  }

  onResponse(response: SipResponse): void {
    this.#heard = true;
    this.user.onResponse(response);
  }

  onFailure(reason: ClientFailure): void {
    const other = this.#heard ? undefined : this.#otherProxy();
    const worthwhile = reason === 'transport' || this.request.method === 'INVITE';
    if (other !== undefined && worthwhile && !this.#cancelled && this.#tries < ATTEMPTS_MAX) this.#sendTo(other);
    else this.user.onFailure(reason);
  }

  #otherProxy(): Target | undefined {
    if (this.#target !== undefined) this.ports.proxies.failed(this.#target);
    const next = this.ports.proxies.for(this.request.callId);
    return next === this.#target ? undefined : next;
  }
}
