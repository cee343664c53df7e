/**
 * The shell round the transaction machines: finds the transaction of a message, makes new ones, sends what they send.
 * RFC 3261 §17, §18.2; one per SIP transport.
 */
import { assert, type Clock, type Entropy, type Log, type Meter } from '#kernel';
import { checkMessage, repairCSeq } from '../message/check-message.js';
import { makeResponse } from '../message/make.js';
import type { SipMessage, SipRequest, SipResponse } from '../message/message.js';
import type { SipParseError } from '../parser/error.js';
import { parseMessage } from '../parser/parse-message.js';
import {
  type Flow, isFlow, type SipTransport, type Target, type TransportError, type TransportName,
} from '../transport/port.js';
import { hostPort } from '../uri/uri.js';
import { type ClientHost, ClientShell } from './client-shell.js';
import { ConnectionIndex } from './connection-index.js';
import { isSameSender, transactionKey } from './key.js';
import { TransactionMetrics } from './metrics.js';
import { replyTarget, type ServerHost, ServerShell } from './server-shell.js';
import { TransactionTable } from './table.js';
import { DEFAULT_TIMERS, type SipTimers } from './timers.js';
import { type ClientTransaction, type ClientUser, NOBODY, type RequestOptions, type ServerTransaction } from './users.js';

export interface TransactionPorts {
  readonly transport: SipTransport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
}

export interface TransactionLayerOptions {
  readonly timers?: SipTimers;
  /** Both sides together. Beyond it, requests that open something get 503; a quarter more is kept for what is in dialogs. */
  readonly maxTransactions?: number;
  /** Seconds in the Retry-After of that 503. */
  readonly retryAfterS?: number;
}

/** A proxied call leaves three behind for 32 s: enough for 2,000 calls a second. */
const MAX_TRANSACTIONS = 250_000;
const RETRY_AFTER_S = 5;
/** §18.1.1: 200 bytes less than the usual path MTU. */
const UDP_REQUEST_BYTES_MAX = 1300;
/** Room for the Via that `request` adds. */
const VIA_BYTES = 100;
const BRANCH_DIGITS = 16;

export class TransactionLayer implements ClientHost, ServerHost {
  /** New requests; not retransmissions, ACKs, or a CANCEL whose INVITE is known. */
  onRequest: (request: SipRequest, transaction: ServerTransaction, flow: Flow) => void = () => {};
  /** ACK to a 2xx, or to nothing we know. */
  onAck: (request: SipRequest, flow: Flow) => void = () => {};
  /** The INVITE has no final response yet; the CANCEL has its 200 already. */
  onCancel: (cancel: SipRequest, invite: ServerTransaction) => void = () => {};
  onStrayResponse: (response: SipResponse, flow: Flow) => void = () => {};
  onFlowLost: (flow: Flow) => void = () => {};

  readonly clock: Clock;
  readonly timers: SipTimers;
  readonly #transport: SipTransport;
  readonly #entropy: Entropy;
  readonly #log: Log;
  readonly #metrics: TransactionMetrics;
  readonly #clients = new TransactionTable<ClientShell>();
  readonly #servers = new TransactionTable<ServerShell>();
  readonly #onConnections = new ConnectionIndex();
  readonly #maxTransactions: number;
  readonly #retryAfterS: number;
  #closed = false;

  constructor(ports: TransactionPorts, options: TransactionLayerOptions = {}) {
    this.clock = ports.clock;
    this.timers = options.timers ?? DEFAULT_TIMERS;
    this.#transport = ports.transport;
    this.#entropy = ports.entropy;
    this.#log = ports.log;
    this.#metrics = new TransactionMetrics(ports.meter);
    this.#maxTransactions = options.maxTransactions ?? MAX_TRANSACTIONS;
    this.#retryAfterS = options.retryAfterS ?? RETRY_AFTER_S;
    ports.meter.gauge('sip_client_transactions', 'Live client transactions', () => this.#clients.size);
    ports.meter.gauge('sip_server_transactions', 'Live server transactions', () => this.#servers.size);
    ports.transport.onMessage = (message, flow) => this.#onMessage(message, flow);
    ports.transport.onMalformed = (error, flow) => this.#onMalformed(error, flow);
    ports.transport.onFlowLost = (flow) => this.#onFlowLost(flow);
  }

  /** Live transactions of both sides. */
  get size(): number {
    return this.#clients.size + this.#servers.size;
  }

  /**
   * Adds the top Via (branch, rport), sends, and reports to `user`, never synchronously. Over UDP a request too large
   * for a datagram goes by TCP, unless the target is a flow or `udpOnly` (§18.1.1).
   *
   * @param request without a Via of ours yet; serialized text saves building a message of it
   */
  request(
    request: SipRequest | string, to: Target | Flow, user: ClientUser, options: RequestOptions = {},
  ): ClientTransaction {
    const bytes = typeof request === 'string' ? request : request.serialize();
    const method = bytes.slice(0, bytes.indexOf(' '));
    const branch = this.#newBranch(options);
    const way = this.#wayFor(bytes, to);
    const transaction = new ClientShell({
      branch, method, user, to: way,
      bytes: this.#withVia(bytes, way.transport, branch, options),
      timeoutMs: options.timeoutMs,
      udpBytes: way === to ? undefined : this.#withVia(bytes, 'udp', branch, options),
    }, this);
    if (this.#isFull(true)) {
      this.#metrics.overload.add();
      this.clock.setTimer(0, () => transaction.refuse());
      return transaction;
    }
    this.#start(transaction);
    return transaction;
  }

  /**
   * A request that another process got and has not answered finally: what is repeated of it, its CANCEL and its ACK find this
   * transaction, and responses go to `replyTo`. `onRequest` does not hear of it.
   *
   * @param flow the way it came to that process
   */
  adoptServer(request: SipRequest, flow: Flow, replyTo?: Target | Flow): ServerTransaction {
    const transaction = new ServerShell(transactionKey(request), request, flow, this, replyTo);
    this.#servers.add(transaction);
    transaction.start();
    return transaction;
  }

  /**
   * An INVITE that another process sent, as it left, our Via on top. It counts as one that got a provisional response, so that it can be
   * cancelled at once.
   */
  adoptInvite(bytes: string, to: Target | Flow, user: ClientUser): ClientTransaction {
    const transaction = this.#adopt(bytes, to, user);
    transaction.adopt();
    return transaction;
  }

  /** A request that another process sent leaves again, in the same transaction: who has answered it answers again, and this way. */
  repeat(bytes: string, to: Target | Flow, user: ClientUser): ClientTransaction {
    const transaction = this.#adopt(bytes, to, user);
    transaction.start();
    return transaction;
  }

  /** As it is, without a transaction: ACK to a 2xx (with a Via by `viaFor`), forwarded stray responses. */
  send(message: SipMessage | string, to: Target | Flow): void {
    this.transmit(typeof message === 'string' ? message : message.serialize(), to);
  }

  /** Answers without a transaction, the way the request came. */
  answer(request: SipRequest, flow: Flow, response: SipResponse | string): void {
    if (request.method !== 'ACK') this.send(response, replyTarget(flow));
  }

  /** A Via value of ours with a new branch, for requests that are sent without a transaction: ACK to a 2xx. */
  viaFor(to: Target | Flow, options: RequestOptions = {}): string {
    return this.#via(to.transport, this.#newBranch(options), options);
  }

  /** Forgets every transaction and stops every timer; users hear nothing more. The transport is its owner's. */
  close(): void {
    this.#closed = true;
    for (const transaction of [...this.#clients]) transaction.terminate();
    for (const transaction of [...this.#servers]) transaction.terminate();
  }

  transmit(bytes: string, to: Target | Flow, failed?: (error: TransportError) => void): void {
    this.#transport.send(bytes, to, failed);
  }

  sendCancel(cancel: SipRequest, invite: ClientShell): void {
    const transaction = new ClientShell({
      branch: invite.branch, method: 'CANCEL', bytes: cancel.bytes, to: invite.to, user: NOBODY, timeoutMs: undefined,
    }, this);
    this.#start(transaction);
  }

  /** Nobody may answer a malformed ACK, and nobody should pass it on. */
  deliverAck(ack: SipRequest, flow: Flow): void {
    const problem = checkMessage(ack);
    if (problem === undefined) this.onAck(ack, flow);
    else this.#metrics.malformed(problem.code).add();
  }

  forgetClient(transaction: ClientShell): void {
    this.#clients.delete(transaction);
    this.#onConnections.delete(transaction);
  }

  leaveConnection(transaction: ClientShell): void {
    this.#onConnections.delete(transaction);
  }

  forgetServer(transaction: ServerShell): void {
    this.#servers.delete(transaction);
  }

  refusedResponse(transaction: ServerShell, status: number): void {
    this.#metrics.refusedResponses.add();
    this.#log.debug('response after the final one', { method: transaction.method, status, state: transaction.state });
  }

  #adopt(bytes: string, to: Target | Flow, user: ClientUser): ClientShell {
    const read = parseMessage(bytes);
    assert(read.ok && read.value.kind === 'request', 'a request that was sent can be read');
    const branch = read.value.topVia.branch ?? '';
    const transaction = new ClientShell({ branch, method: read.value.method, bytes, to, user, timeoutMs: undefined }, this);
    this.#clients.add(transaction);
    this.#onConnections.add(transaction);
    return transaction;
  }

  #start(transaction: ClientShell): void {
    this.#clients.add(transaction);
    this.#onConnections.add(transaction);
    transaction.start();
  }

  #onMessage(message: SipMessage, flow: Flow): void {
    if (this.#closed) return;
    try {
      if (message.kind === 'request') this.#onRequest(message, flow);
      else this.#onResponse(message, flow);
    } catch (error) {
      // A broken handler ends what it was handling, never the process.
      this.#metrics.failures.add();
      this.#log.error('handling a SIP message failed', { error, callId: message.callId, cseq: message.cseq });
    }
  }

  #onResponse(response: SipResponse, flow: Flow): void {
    const { branch } = response.topVia;
    const transaction = branch === undefined ? undefined : this.#clients.find(branch, response.cseq.method);
    const isLate = transaction?.state === 'Abandoned' && response.status >= 200 && response.status < 300;
    if (transaction !== undefined && !isLate) return transaction.onResponse(response);
    this.#metrics.strayResponses.add();
    this.onStrayResponse(response, flow);
  }

  #onRequest(request: SipRequest, flow: Flow): void {
    const { method } = request;
    this.#metrics.request(method).add();
    const key = transactionKey(request);
    const first = this.#servers.first(key);
    const known = first === undefined ? undefined : findServer(first, request, method === 'ACK' ? 'INVITE' : method);
    if (method === 'ACK') {
      if (known !== undefined) known.onAck(request);
      else this.deliverAck(request, flow);
    } else if (known !== undefined) {
      this.#metrics.retransmissions.add();
      known.onRetransmission(flow);
    } else {
      this.#onNewRequest(key, request, flow, first);
    }
  }

  #onNewRequest(key: string, request: SipRequest, flow: Flow, sameKey: ServerShell | undefined): void {
    const problem = checkMessage(request);
    if (problem !== undefined) this.#onMalformed({ ...problem, partial: request }, flow);
    else if (this.#isFull(request.to.tag !== undefined)) this.#refuse(request, flow);
    else this.#open(key, this.#repaired(request), flow, sameKey);
  }

  #repaired(request: SipRequest): SipRequest {
    const repaired = repairCSeq(request);
    if (repaired !== request) this.#metrics.repaired.add();
    return repaired;
  }

  #open(key: string, request: SipRequest, flow: Flow, sameKey: ServerShell | undefined): void {
    const transaction = new ServerShell(key, request, flow, this);
    this.#servers.add(transaction);
    transaction.start();
    const invite = request.method === 'CANCEL' && sameKey !== undefined
      ? findServer(sameKey, request, 'INVITE')
      : undefined;
    if (invite === undefined) return this.onRequest(request, transaction, flow);
    invite.moved(flow);
    this.#cancel(request, transaction, invite);
  }

  /** §9.2: the CANCEL is answered whatever becomes of the INVITE, which matters only while it has no final response. */
  #cancel(request: SipRequest, transaction: ServerShell, invite: ServerShell): void {
    transaction.respond(makeResponse(request, 200, undefined, { toTag: this.#entropy.hex(BRANCH_DIGITS) }));
    if (invite.state === 'Proceeding') this.onCancel(request, invite);
  }

  #onMalformed(error: SipParseError, flow: Flow): void {
    this.#metrics.malformed(error.code).add();
    this.#log.debug('malformed SIP message', { code: error.code, offset: error.offset, from: flow.key });
    const { partial } = error;
    if (this.#closed || partial === undefined) return;
    this.answer(partial, flow, makeResponse(partial, error.statusHint, undefined, {
      toTag: this.#entropy.hex(BRANCH_DIGITS),
      headers: [['Warning', `399 cordboard "${error.message.replace(/["\\\r\n]/g, ' ')}"`]],
    }));
  }

  #onFlowLost(flow: Flow): void {
    if (this.#closed) return;
    for (const transaction of this.#onConnections.take(flow)) transaction.onTransportError();
    this.onFlowLost(flow);
  }

  #refuse(request: SipRequest, flow: Flow): void {
    this.#metrics.overload.add();
    this.answer(request, flow, makeResponse(request, 503, undefined, {
      toTag: this.#entropy.hex(BRANCH_DIGITS),
      headers: [['Retry-After', String(this.#retryAfterS)]],
    }));
  }

  /** Established calls are never sacrificed for new ones: what is in a dialog has a reserve of a quarter. */
  #isFull(hasReserve: boolean): boolean {
    return this.size >= (hasReserve ? this.#maxTransactions * 1.25 : this.#maxTransactions);
  }

  /** §18.1.1. The TCP attempt falls back to UDP when nobody listens there. */
  #wayFor(bytes: string, to: Target | Flow): Target | Flow {
    if (to.transport !== 'udp' || bytes.length <= UDP_REQUEST_BYTES_MAX - VIA_BYTES) return to;
    if (isFlow(to) || to.udpOnly === true || this.#listening('tcp') === undefined) return to;
    return { transport: 'tcp', host: to.host, port: to.port };
  }

  #newBranch({ branchId, loopHash }: RequestOptions): string {
    const unique = branchId ?? this.#entropy.hex(BRANCH_DIGITS);
    return loopHash === undefined ? `z9hG4bK${unique}` : `z9hG4bK${unique}.${loopHash}`;
  }

  /** A new Via is above all others when it follows the start line. */
  #withVia(bytes: string, transport: TransportName, branch: string, options: RequestOptions): string {
    const at = bytes.indexOf('\n') + 1;
    return `${bytes.slice(0, at)}Via: ${this.#via(transport, branch, options)}\r\n${bytes.slice(at)}`;
  }

  #via(transport: TransportName, branch: string, options: RequestOptions): string {
    return `SIP/2.0/${transport.toUpperCase()} ${this.#sentBy(transport, options)};rport;branch=${branch}`;
  }

  #sentBy(transport: TransportName, options: RequestOptions): string {
    if (options.viaHost !== undefined) return hostPort(options.viaHost, options.viaPort);
    const listening = this.#listening(transport) ?? this.#transport.listening[0];
    return listening === undefined ? 'invalid.invalid' : hostPort(listening.host, listening.port);
  }

  #listening(transport: TransportName) {
    for (const address of this.#transport.listening) if (address.transport === transport) return address;
    return undefined;
  }
}

/** The transaction of this method in a chain of equal keys, when it is of the same sender. */
function findServer(first: ServerShell, request: SipRequest, method: string): ServerShell | undefined {
  for (let at: ServerShell | undefined = first; at !== undefined; at = at.next) {
    if (at.method === method && isSameSender(at.sender, request.topVia)) return at;
  }
  return undefined;
}

