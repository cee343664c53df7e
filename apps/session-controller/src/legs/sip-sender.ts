/**
 * Sends requests to an outbound proxy of the data centre, and to the next one when that fails
 * (docs/specs/sip-routing.md, "Inside, a next hop is never resolved").
 */
import {
  type ClientFailure, type ClientTransaction, type ClientUser, type Flow, NO_LIMITS, parseMessage, type ServerTransaction, type SipRequest,
  type SipResponse, type Target, type TransactionLayer,
} from '#sip';
import { assert, type Clock } from '#kernel';
import type { OutboundProxies } from '../services/outbound-proxies.js';

export interface SipSenderPorts {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly proxies: OutboundProxies;
  readonly accessPoint: string;
}

/** A request as it left, our Via on top, and the proxy that got it. */
export interface SentText {
  readonly bytes: string;
  readonly to: Target | Flow;
}

/** What the sender of a request hears. */
export interface RequestUser {
  /** It left, for the first time or to another proxy. */
  onSent?(to: Target): void;
  onResponse(response: SipResponse): void;
  /** No final response will come. */
  onFailure(reason: ClientFailure): void;
}

export interface SentRequest {
  /** RFC 3261 §9.1; of use for INVITE only. */
  cancel(): void;
  /** The proxy that it went to has forgotten it: it goes there again, in the same transaction. */
  repeat(): void;
  /** While no final answer came. */
  readonly text: SentText | undefined;
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

  /** An INVITE that another process sent: it can be cancelled, and its final answer is heard. */
  adoptInvite({ bytes, to }: SentText, user: RequestUser): SentRequest {
    return textOf(this.ports.layer.adoptInvite(bytes, to, user));
  }

  /** A request that another process sent leaves again, in the same transaction. */
  repeat({ bytes, to }: SentText, user: RequestUser): SentRequest {
    return textOf(this.ports.layer.repeat(bytes, to, user));
  }

  /** A request that another process got and has not answered finally. Over a connection, that one is gone: the answer opens another. */
  adopt({ text, flow }: { readonly text: string; readonly flow: Flow }): ServerTransaction {
    const read = parseMessage(text, NO_LIMITS);
    assert(read.ok && read.value.kind === 'request', 'a request that was read once can be read again');
    return this.ports.layer.adoptServer(read.value, flow, flow.transport === 'udp' ? undefined : this.ports.proxies.listening(flow));
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

function textOf(transaction: ClientTransaction): SentRequest {
  return {
    cancel: () => transaction.cancel(),
    repeat: () => transaction.repeat(),
    get text() {
      return transaction.bytes === '' ? undefined : { bytes: transaction.bytes, to: transaction.to };
    },
  };
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
    this.user.onSent?.(target);
  }

  get text(): SentText | undefined {
    return this.#transaction === undefined ? undefined : textOf(this.#transaction).text;
  }

  repeat(): void {
    this.#transaction?.repeat();
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
