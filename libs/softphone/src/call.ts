/** A call as its user sees it, and the shell that makes SIP of what its machine decides. */
import { type Clock, type Entropy, unreachable, type Timer } from '#kernel';
import {
  confirm, type Dialog, dialogFromInvite, dialogNextHop, ForkedDialogs, type HeaderLine, makeAck, makeInDialogRequest, makeRequest, makeResponse,
  onDialogRequest, onDialogResponse, type ServerTransaction, type SipRequest, type SipResponse,
} from '#sip';
import { makeAnswer, makeOffer, type MediaAddress } from './machines/description.js';
import type { DigestClient } from './machines/digest-client.js';
import { type CallEffect, type CallEnd, type CallInput, type CallPlan, type CallState, type CallTimer, PhoneCall } from './machines/phone-call.js';
import { RepeatedAnswer } from './repeated-answer.js';
import { send, sendAck, type SenderPorts, type Sent } from './sender.js';

export interface CallPorts extends SenderPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** What a call needs of the phone it is at. */
export interface CallHost {
  /** In angle brackets. */
  readonly contact: string;
  readonly media: MediaAddress;
  readonly digest: DigestClient;
  moved(call: Call): void;
  /** It takes no more requests. */
  over(call: Call): void;
}

export interface Dialling {
  /** Request-URI and To. */
  readonly uri: string;
  /** From, without a tag. */
  readonly from: string;
  /** The first hop; the Request-URI when it is the same. */
  readonly hop: string;
}

const SDP = 'application/sdp';
export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, UPDATE, INFO';

export class Call {
  readonly callId: string;
  readonly localTag: string;
  /** The request that called us or that we called with, as first sent. */
  invite: SipRequest | undefined;
  /** What their final response to our INVITE says when it is no 2xx. */
  refusal: SipResponse | undefined;
  /** The final status of their response to our BYE; 408: none came. */
  readonly farewell: Promise<number>;
  /** Somebody answered our INVITE, and be it with 100. */
  wasHeard = false;
  readonly #machine: PhoneCall;
  readonly #effects: CallEffect[] = [];
  readonly #timers = new Map<CallTimer, Timer>();
  readonly #waiting = new Set<() => void>();
  #farewellCame: (status: number) => void = () => {};
  #transaction: ServerTransaction | undefined;
  #accepted: SipResponse | undefined;
  #sent: Sent | undefined;
  #forks: ForkedDialogs | undefined;
  #dialog: Dialog | undefined;
  #seq = 0;
  #sdpVersion = 0;
  /** Our answer to their re-INVITE, until its ACK. */
  #theirOffer: RepeatedAnswer | undefined;

  constructor(role: 'called' | 'calling', callId: string | undefined, private readonly host: CallHost, private readonly ports: CallPorts) {
    this.#machine = new PhoneCall(role);
    this.localTag = ports.entropy.hex(16);
    this.callId = callId ?? ports.entropy.hex(24);
    this.farewell = new Promise((resolve) => { this.#farewellCame = resolve; });
  }

  get role(): 'called' | 'calling' {
    return this.#machine.role;
  }

  get state(): CallState {
    return this.#machine.state;
  }

  get end(): CallEnd | undefined {
    return this.#machine.end;
  }

  get onHold(): boolean {
    return this.#machine.onHold;
  }

  /** A hold or retrieve of ours waits for its answer. */
  get offering(): boolean {
    return this.#machine.offering;
  }

  // ---- its user

  answer(): void {
    this.#feed({ kind: 'answer' });
  }

  reject(status = 486): void {
    this.#feed({ kind: 'reject', status });
  }

  /** Whatever that takes now: CANCEL, BYE, a refusal. */
  hangUp(): void {
    this.#feed({ kind: 'hangUp' });
  }

  hold(): void {
    this.#feed({ kind: 'hold' });
  }

  retrieve(): void {
    this.#feed({ kind: 'retrieve' });
  }

  /** Resolves when the call is in that state, and rejects when it ends before. */
  async until(state: CallState): Promise<void> {
    while (this.state !== state) {
      if (this.state === 'Ended') throw new Error(`the call ended with ${this.end?.status} before it was ${state}`);
      await new Promise<void>((resolve) => { this.#waiting.add(resolve); });
    }
  }

  // ---- its phone

  ring(invite: SipRequest, transaction: ServerTransaction, plan: CallPlan): void {
    this.invite = invite;
    this.#transaction = transaction;
    this.#dialog = dialogFromInvite(invite, this.localTag);
    this.#start(plan);
  }

  dial(dialling: Dialling): void {
    this.#start({});
    this.#sent = send({
      method: 'INVITE', uri: dialling.uri, hop: dialling.hop,
      build: (authorization) => this.#makeInvite(dialling, authorization),
      onResponse: (response) => this.#onResponse(response),
      onFailure: (reason) => this.#feed({ kind: 'failure', status: reason === 'timeout' ? 408 : 503 }),
    }, this.host.digest, this.ports);
  }

  onCancel(): void {
    this.#feed({ kind: 'cancelled' });
  }

  onAck(ack: SipRequest): void {
    if (ack.cseq.seq === this.#theirOffer?.seq) this.#theirOffer.stop();
    else if (ack.cseq.seq === this.invite?.cseq.seq) this.#feed({ kind: 'acked' });
  }

  onRequest(request: SipRequest, transaction: ServerTransaction): void {
    if (this.#dialog === undefined) return this.#respond(request, transaction, 481);
    const verdict = onDialogRequest(this.#dialog, request);
    if (verdict.kind === 'refuse') return this.#respond(request, transaction, verdict.status);
    switch (request.method) {
      case 'BYE':
        this.#respond(request, transaction, 200);
        return this.#feed({ kind: 'bye' });
      case 'INVITE':
      case 'UPDATE': return this.#onOffer(request, transaction);
      case 'NOTIFY': return this.#onNotify(request, transaction);
      case 'OPTIONS':
      case 'INFO': return this.#respond(request, transaction, 200);
      default: return this.#respond(request, transaction, 405, { headers: [['Allow', ALLOW]] });
    }
  }

  // ---- the far end

  #onResponse(response: SipResponse): void {
    this.wasHeard = true;
    if (response.status === 100) return;
    const { dialog } = this.#forks?.onResponse(response) ?? {};
    if (response.status >= 300) {
      this.refusal = response;
      return this.#feed({ kind: 'failure', status: response.status });
    }
    if (response.status < 200) return this.#feed({ kind: 'progress' });
    if (dialog === undefined) return;
    if (this.#dialog !== undefined && this.#dialog !== dialog) return this.#endFork(dialog);
    this.#dialog = dialog;
    this.#feed({ kind: 'success' });
  }

  /** §13.2.2.4: each fork that answers has its ACK; who comes second is hung up on. */
  #endFork(dialog: Dialog): void {
    sendAck(makeAck(dialog, this.#seq), dialogNextHop(dialog), this.ports);
    if (dialog.state !== 'Terminated') this.#sendBye(dialog);
  }

  #onOffer(request: SipRequest, transaction: ServerTransaction): void {
    const offer = request.contentType === undefined ? null : request.body;
    if (this.#machine.offering) return this.#respond(request, transaction, 491);
    if (this.#theirOffer?.waits === true || this.state !== 'Established') {
      return this.#respond(request, transaction, 500, { headers: [['Retry-After', '1']] });
    }
    if (request.method === 'UPDATE') return this.#respond(request, transaction, 200, offer === null ? {} : { sdp: this.#describe(offer) });
    this.#theirOffer = new RepeatedAnswer(this.ports.clock, transaction, this.#makeResponse(request, 200, { sdp: this.#describe(offer) }));
  }

  #onNotify(request: SipRequest, transaction: ServerTransaction): void {
    const event = request.header('Event')?.split(';')[0]?.trim();
    if (event !== 'talk' && event !== 'hold') return this.#respond(request, transaction, 489, { headers: [['Allow-Events', 'talk, hold']] });
    this.#respond(request, transaction, 200);
    this.#feed({ kind: 'notify', event });
  }

  #respond(request: SipRequest, transaction: ServerTransaction, status: number, parts: { headers?: HeaderLine[]; sdp?: string } = {}): void {
    transaction.respond(this.#makeResponse(request, status, parts));
  }

  #makeResponse(request: SipRequest, status: number, { headers = [], sdp }: { headers?: HeaderLine[]; sdp?: string } = {}): SipResponse {
    const own: HeaderLine[] = status < 300 && (request.method === 'INVITE' || request.method === 'UPDATE')
      ? [['Contact', this.host.contact], ['Allow', ALLOW]] : [];
    return makeResponse(request, status, undefined, {
      toTag: this.localTag, headers: [...own, ...headers], ...(sdp === undefined ? {} : { contentType: SDP, body: sdp }),
    });
  }

  // ---- the machine

  #start(plan: CallPlan): void {
    this.#machine.start(plan, this.#effects);
    this.#drain();
  }

  #feed(input: CallInput): void {
    this.#machine.on(input, this.#effects);
    this.#drain();
  }

  #drain(): void {
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) this.#perform(effect);
  }

  #perform(effect: CallEffect): void {
    switch (effect.kind) {
      case 'respond': return this.#answerInvite(effect.status);
      case 'cancel': return this.#sent?.cancel();
      case 'ack': return this.#dialog === undefined ? undefined : sendAck(makeAck(this.#dialog, this.#seq), dialogNextHop(this.#dialog), this.ports);
      case 'bye': return this.#dialog === undefined ? undefined : this.#sendBye(this.#dialog);
      case 'reinvite': return this.#reinvite(effect.hold);
      case 'setTimer': return this.#setTimer(effect.timer, effect.afterMs);
      case 'stopTimer': return this.#timers.get(effect.timer)?.cancel();
      case 'moved': return this.#moved(effect.state);
      default: return unreachable(effect);
    }
  }

  #answerInvite(status: number): void {
    const { invite } = this;
    if (invite === undefined || this.#dialog === undefined) return;
    if (status < 200 || status >= 300) return this.#transaction?.respond(this.#makeResponse(invite, status));
    // Repeated as it was: the version of a description counts changes.
    this.#accepted ??= this.#makeResponse(invite, status, { sdp: this.#describe(invite.contentType === undefined ? null : invite.body) });
    confirm(this.#dialog);
    this.#transaction?.respond(this.#accepted);
  }

  #sendBye(dialog: Dialog): void {
    dialog.state = 'Terminated';
    this.#sendInDialog(dialog, 'BYE', undefined, (status) => this.#farewellCame(status));
  }

  #reinvite(hold: boolean): void {
    const dialog = this.#dialog;
    if (dialog === undefined) return;
    this.#sdpVersion += 1;
    const sdp = makeOffer(this.host.media, this.#sdpVersion, hold ? 'sendonly' : 'sendrecv');
    let answered = false;
    this.#sendInDialog(dialog, 'INVITE', sdp, (status, seq, retryAfterS) => {
      if (status < 300) sendAck(makeAck(dialog, seq), dialogNextHop(dialog), this.ports);
      // A 2xx that comes again wants its ACK again, and says nothing about an offer that left meanwhile.
      if (!answered) this.#feed({ kind: 'offerAnswered', status, retryAfterS });
      answered = true;
    });
  }

  #sendInDialog(dialog: Dialog, method: string, sdp: string | undefined, done: (status: number, seq: number, retryAfterS?: number) => void): void {
    send({
      method, uri: dialog.remoteTarget, hop: dialogNextHop(dialog),
      build: (authorization) => makeInDialogRequest(dialog, method, {
        ...(method === 'INVITE' ? { contact: this.host.contact } : {}),
        headers: authorization === undefined ? [] : [authorization],
        ...(sdp === undefined ? {} : { contentType: SDP, body: sdp }),
      }),
      onResponse: (response) => {
        if (response.status < 200) return;
        if (method === 'INVITE') onDialogResponse(dialog, response);
        done(response.status, response.cseq.seq, retryAfter(response));
      },
      onFailure: () => done(408, 0),
    }, this.host.digest, this.ports);
  }

  #makeInvite({ uri, from }: Dialling, authorization: HeaderLine | undefined): SipRequest {
    this.#seq += 1;
    const headers: HeaderLine[] = [
      ['Max-Forwards', '70'], ['From', `${from};tag=${this.localTag}`], ['To', `<${uri}>`], ['Call-ID', this.callId], ['CSeq', `${this.#seq} INVITE`],
      ['Contact', this.host.contact], ['Allow', ALLOW],
    ];
    if (authorization !== undefined) headers.push(authorization);
    this.#sdpVersion = 1;
    const invite = makeRequest({ method: 'INVITE', uri, headers, contentType: SDP, body: makeOffer(this.host.media, 1, 'sendrecv') });
    this.invite = invite;
    this.#forks = new ForkedDialogs(invite);
    return invite;
  }

  #describe(offer: string | null): string {
    this.#sdpVersion += 1;
    if (offer !== null) return makeAnswer(offer, this.host.media, this.#sdpVersion);
    return makeOffer(this.host.media, this.#sdpVersion, this.onHold ? 'sendonly' : 'sendrecv');
  }

  #setTimer(timer: CallTimer, afterMs: number): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.set(timer, this.ports.clock.setTimer(afterMs, () => this.#feed({ kind: 'timer', timer })));
  }

  #moved(state: CallState): void {
    this.host.moved(this);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    if (state !== 'Ended') return;
    this.#theirOffer?.stop();
    this.host.over(this);
  }
}

/** Seconds, before what may follow in parentheses or parameters (RFC 3261 §20.33). */
function retryAfter(response: SipResponse): number | undefined {
  const seconds = /^\d{1,10}/.exec(response.header('Retry-After') ?? '')?.[0];
  return seconds === undefined ? undefined : Number(seconds);
}
