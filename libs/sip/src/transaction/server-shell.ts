/**
 * Runs one server machine: holds the request, the last response and the timers. What has been answered stays for 32 s and may be
 * many times what is under way, so nothing is kept of its request.
 */
import { assert, type Clock, compact } from '#kernel';
import { makeResponse } from '../message/make.js';
import type { SipRequest, SipResponse } from '../message/message.js';
import type { Flow, Target, TransportError } from '../transport/port.js';
import type { ServerEffects } from './effects.js';
import { InviteServer } from './invite-server.js';
import type { SentBy } from './key.js';
import { NonInviteServer } from './non-invite-server.js';
import { Timed } from './timed.js';
import type { SipTimers, TransactionTimer } from './timers.js';
import type { ServerTransaction } from './users.js';

/** What a server transaction needs of the layer it lives in. */
export interface ServerHost {
  readonly clock: Clock;
  readonly timers: SipTimers;
  transmit(bytes: string, to: Target | Flow, failed?: (error: TransportError) => void): void;
  deliverAck(ack: SipRequest, flow: Flow): void;
  forgetServer(transaction: ServerShell): void;
  /** A user answered twice. */
  refusedResponse(transaction: ServerShell, status: number): void;
}

export class ServerShell extends Timed implements ServerTransaction, ServerEffects<string> {
  readonly key: string;
  readonly method: string;
  readonly sender: SentBy;
  next: ServerShell | undefined;
  onTimeout?: () => void;
  onTransportError?: () => void;
  onTerminated?: () => void;
  readonly #host: ServerHost;
  readonly #machine: InviteServer<string> | NonInviteServer<string>;
  #request: SipRequest | undefined;
  #lastResponse = '';
  #ack: SipRequest | undefined;
  #replyTo: Target | Flow;
  #triedSentBy = false;

  constructor(key: string, request: SipRequest, readonly flow: Flow, host: ServerHost, replyTo: Target | Flow = replyTarget(flow)) {
    super(host.clock);
    const { host: sentBy, port } = request.topVia;
    this.key = compact(key);
    this.method = request.method;
    this.sender = { host: sentBy === flow.host ? flow.host : compact(sentBy), port };
    this.#request = request;
    this.#host = host;
    this.#replyTo = replyTo;
    const reliable = flow.transport !== 'udp';
    this.#machine = request.method === 'INVITE'
      ? new InviteServer(host.timers, reliable)
      : new NonInviteServer(host.timers, reliable);
  }

  get request(): SipRequest {
    assert(this.#request !== undefined, 'the request of a transaction that has its final response is gone');
    return this.#request;
  }

  get state(): string {
    return this.#machine.state;
  }

  start(): void {
    this.#machine.start(this);
  }

  respond(response: SipResponse | string, status?: number): void {
    const bytes = typeof response === 'string' ? response : response.serialize();
    const code = typeof response === 'string' ? status ?? statusOf(response) : response.status;
    if (!this.#machine.respond(code, bytes, this)) this.#host.refusedResponse(this, code);
    if (code < 200) return;
    this.#request = undefined;
    // RFC 6026 §7.1: the user repeats its 2xx. Over a connection it may still have to go another way.
    if (this.state === 'Accepted' && this.flow.transport === 'udp') this.#lastResponse = '';
  }

  onRetransmission(flow: Flow): void {
    this.moved(flow);
    this.#machine.onRequest(this);
  }

  /**
   * The sender's request again, or its CANCEL, by another way: it was restarted there, or its NAT changed. §18.2.2 sends responses to the
   * source of the request, and that is its source now.
   */
  moved(flow: Flow): void {
    if (flow.key !== this.flow.key) this.#replyTo = replyTarget(flow);
  }

  onAck(ack: SipRequest): void {
    this.#ack = ack;
    this.#machine.onAck(this);
    this.#ack = undefined;
  }

  sendResponse(bytes: string): void {
    this.#lastResponse = bytes;
    this.resendResponse();
  }

  resendResponse(): void {
    if (this.flow.transport === 'udp') this.#host.transmit(this.#lastResponse, this.#replyTo);
    else this.#host.transmit(this.#lastResponse, this.#replyTo, () => this.#sendFailed());
  }

  sendTrying(): void {
    this.sendResponse(makeResponse(this.request, 100).bytes);
  }

  deliverAck(): void {
    if (this.#ack !== undefined) this.#host.deliverAck(this.#ack, this.flow);
  }

  /** Forgotten without a word. */
  terminate(): void {
    if (this.state === 'Terminated') return;
    this.#machine.state = 'Terminated';
    this.stopTimers();
    this.#host.forgetServer(this);
  }

  timedOut(): void {
    this.onTimeout?.();
  }

  terminated(): void {
    this.stopTimers();
    this.#host.forgetServer(this);
    this.onTerminated?.();
  }

  protected override onTimer(timer: TransactionTimer): void {
    this.#machine.onTimer(timer, this);
  }

  /** §18.2.2: the connection is gone; open one to where the sender says it listens. */
  #sendFailed(): void {
    if (this.#triedSentBy) return this.onTransportError?.();
    this.#triedSentBy = true;
    const { transport, host } = this.flow;
    this.#replyTo = { transport, host, port: this.sender.port ?? (transport === 'tls' ? 5061 : 5060) };
    this.resendResponse();
  }
}

/** §18.2.2 and RFC 3581 §4: back where it came from, unless the sender listens on another port and did not ask for rport. */
export function replyTarget(flow: Flow): Flow | Target {
  if (flow.replyPort === undefined || flow.replyPort === flow.port) return flow;
  return { transport: flow.transport, host: flow.host, port: flow.replyPort, udpOnly: true };
}

function statusOf(response: string): number {
  return Number(response.slice(8, 11));
}
