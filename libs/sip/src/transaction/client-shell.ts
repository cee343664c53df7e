/** Runs one client machine: holds the bytes, the user and the timers. */
import type { Clock } from '#kernel';
import { parseMessage } from '../parser/parse-message.js';
import type { SipRequest, SipResponse } from '../message/message.js';
import type { Flow, Target, TransportError } from '../transport/port.js';
import type { ClientEffects } from './effects.js';
import { makeCancel, makeHopAck } from './hop-requests.js';
import { InviteClient } from './invite-client.js';
import { NonInviteClient } from './non-invite-client.js';
import { Timed } from './timed.js';
import type { SipTimers, TransactionTimer } from './timers.js';
import { type ClientFailure, type ClientTransaction, type ClientUser, NOBODY } from './users.js';

/** What a client transaction needs of the layer it lives in. */
export interface ClientHost {
  readonly clock: Clock;
  readonly timers: SipTimers;
  transmit(bytes: string, to: Target | Flow, failed?: (error: TransportError) => void): void;
  sendCancel(cancel: SipRequest, invite: ClientShell): void;
  forgetClient(transaction: ClientShell): void;
  /** It waits on its connection no longer; `to` is still that connection. */
  leaveConnection(transaction: ClientShell): void;
}

export interface ClientShellInit {
  readonly branch: string;
  readonly method: string;
  /** The request as it leaves, our Via on top. */
  readonly bytes: string;
  readonly to: Target | Flow;
  readonly user: ClientUser;
  readonly timeoutMs: number | undefined;
  /** To send over UDP after all, when TCP refuses: the text with a UDP Via. */
  readonly udpBytes?: string | undefined;
}

export class ClientShell extends Timed implements ClientTransaction, ClientEffects<SipResponse> {
  readonly branch: string;
  readonly method: string;
  next: ClientShell | undefined;
  readonly #host: ClientHost;
  readonly #timeoutMs: number | undefined;
  #machine: InviteClient<SipResponse> | NonInviteClient<SipResponse>;
  #to: Target | Flow;
  #user: ClientUser;
  #bytes: string;
  #udpBytes: string | undefined;
  #ack: string | undefined;
  #cancel: 'none' | 'wanted' | 'sent' = 'none';
  #reasonHeader: string | undefined;

  constructor(init: ClientShellInit, host: ClientHost) {
    super(host.clock);
    this.#host = host;
    this.branch = init.branch;
    this.method = init.method;
    this.#user = init.user;
    this.#bytes = init.bytes;
    this.#udpBytes = init.udpBytes;
    this.#to = init.to;
    this.#timeoutMs = init.timeoutMs;
    this.#machine = this.#newMachine();
  }

  get key(): string {
    return this.branch;
  }

  get state(): string {
    return this.#machine.state;
  }

  /** Where the request went, and where its ACK and CANCEL go. */
  get to(): Target | Flow {
    return this.#to;
  }

  start(): void {
    this.#machine.start(this);
  }

  /** Another process started it, and has heard that it arrived. */
  adopt(): void {
    this.#machine.state = 'Proceeding';
  }

  /** The request as it left, our Via on top; empty after its final response. */
  get bytes(): string {
    return this.#bytes;
  }

  onResponse(response: SipResponse): void {
    this.#machine.onResponse(response.status, response, this);
    if (this.#cancel === 'wanted') this.#cancelWhenProceeding();
    if (response.status >= 200) this.#settle(response.status);
  }

  onTransportError(): void {
    if (this.state !== 'Terminated') this.#machine.onTransportError(this);
  }

  cancel(reasonHeader?: string): void {
    if (this.method !== 'INVITE' || this.#cancel !== 'none') return;
    this.#cancel = 'wanted';
    this.#reasonHeader = reasonHeader;
    this.#cancelWhenProceeding();
  }

  redirect(to: Target | Flow): void {
    const { state } = this.#machine;
    if (state === 'Calling' || state === 'Trying') return this.#leaveAnew(to, this.#udpBytes ?? this.#bytes);
    this.#to = to;
    if (this.#cancel === 'sent' && (state === 'Proceeding' || state === 'Abandoned')) this.#sendCancel();
  }

  repeat(): void {
    const machine = this.#machine;
    if (!(machine instanceof InviteClient) || (machine.state !== 'Calling' && machine.state !== 'Proceeding')) return;
    if (this.#cancel === 'sent') this.#cancel = 'wanted';
    this.#leaveAnew(this.#to, this.#bytes);
  }

  abandon(): void {
    const machine = this.#machine;
    if (!(machine instanceof InviteClient) || machine.state !== 'Calling') return this.terminate();
    this.#user = NOBODY;
    machine.abandon(this);
  }

  /** Ends before it began: the table is full. */
  refuse(): void {
    this.#machine.onTransportError(this);
  }

  terminate(): void {
    if (this.state === 'Terminated') return;
    this.#machine.state = 'Terminated';
    this.terminated();
  }

  sendRequest(): void {
    this.#host.transmit(this.#bytes, this.#to, () => this.#sendFailed());
  }

  sendAck(response: SipResponse): void {
    this.#ack ??= this.#makeAck(response);
    if (this.#ack !== undefined) this.#host.transmit(this.#ack, this.#to);
  }

  deliver(response: SipResponse): void {
    this.#user.onResponse(response, this);
  }

  fail(reason: ClientFailure): void {
    this.#user.onFailure(reason, this);
  }

  withdraw(): void {
    if (this.#cancel !== 'sent') this.#sendCancel();
  }

  terminated(): void {
    this.stopTimers();
    this.#host.forgetClient(this);
  }

  protected override onTimer(timer: TransactionTimer): void {
    this.#machine.onTimer(timer, this);
  }

  #sendFailed(): void {
    if (this.state === 'Terminated') return;
    if (this.#udpBytes !== undefined) this.#downgrade(this.#udpBytes);
    else this.#machine.onTransportError(this);
  }

  /** §18.1.1: TCP was tried only because of the size, and nobody listens there. */
  #downgrade(udpBytes: string): void {
    this.#leaveAnew({ transport: 'udp', host: this.#to.host, port: this.#to.port }, udpBytes);
  }

  #leaveAnew(to: Target | Flow, bytes: string): void {
    this.stopTimers();
    this.#host.leaveConnection(this);
    this.#udpBytes = undefined;
    this.#bytes = bytes;
    this.#to = to;
    this.#machine = this.#newMachine();
    this.start();
  }

  #newMachine(): InviteClient<SipResponse> | NonInviteClient<SipResponse> {
    const { timers } = this.#host;
    const reliable = this.#to.transport !== 'udp';
    return this.method === 'INVITE'
      ? new InviteClient(timers, reliable, this.#timeoutMs)
      : new NonInviteClient(timers, reliable, this.#timeoutMs);
  }

  /** Repeated responses are absorbed for another 5 or 32 s. Only a 2xx to INVITE may have more for the user, and nothing is sent again. */
  #settle(status: number): void {
    this.#bytes = '';
    this.#udpBytes = undefined;
    if (this.method !== 'INVITE' || status >= 300) this.#user = NOBODY;
  }

  #cancelWhenProceeding(): void {
    const machine = this.#machine;
    if (!(machine instanceof InviteClient) || machine.state !== 'Proceeding') return;
    if (this.#sendCancel()) machine.onCancelled(this);
  }

  #sendCancel(): boolean {
    this.#cancel = 'sent';
    const invite = this.#sentRequest();
    if (invite === undefined) return false;
    this.#host.sendCancel(makeCancel(invite, this.#reasonHeader), this);
    return true;
  }

  #makeAck(response: SipResponse): string | undefined {
    const invite = this.#sentRequest();
    return invite === undefined ? undefined : makeHopAck(invite, response).bytes;
  }

  /** The request with our Via. Indexed only when an ACK or a CANCEL is made of it, so most never are. */
  #sentRequest(): SipRequest | undefined {
    const sent = parseMessage(this.#bytes);
    return sent.ok && sent.value.kind === 'request' ? sent.value : undefined;
  }
}
