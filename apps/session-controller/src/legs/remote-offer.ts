/** A re-INVITE or UPDATE of the far end, from its arrival to the ACK of our answer (RFC 3261 §14.2, RFC 3311 §5.2). */
import { type HeaderLine, makeResponse, type ServerTransaction, type SipRequest, type SipResponse } from '#sip';
import type { Sdp } from '#telephony';
import { ALLOW, SDP_TYPE } from './leg.js';
import type { InDialog } from './in-dialog.js';
import { RepeatedAnswer } from './repeated-answer.js';
import { bodySdp } from './sdp.js';
import type { RemoteOfferSnapshot } from './snapshots.js';

export class RemoteOffer {
  readonly sdp: Sdp | null;
  #repeated: RepeatedAnswer | undefined;
  #answered = false;
  /** Of the same request by other ways. */
  readonly #others: ServerTransaction[] = [];

  constructor(
    private readonly dialog: InDialog, private request: SipRequest, private transaction: ServerTransaction,
    /** 64*T1 without an ACK. */
    private readonly unconfirmed: () => void,
  ) {
    this.sdp = bodySdp(request);
  }

  /** One that another process got. An answer of ours is repeated anew once `resume` is called. */
  static restore(dialog: InDialog, from: RemoteOfferSnapshot, unconfirmed: () => void): RemoteOffer {
    const transaction = dialog.ports.sender.adopt(from);
    const offer = new RemoteOffer(dialog, transaction.request, transaction, unconfirmed);
    if (from.answer !== undefined) {
      offer.#answered = true;
      offer.#repeated = offer.#repeatedAnswer(from.answer);
    }
    return offer;
  }

  resume(): void {
    this.#repeated?.start();
  }

  snapshot(): RemoteOfferSnapshot {
    return { text: this.request.bytes, flow: this.transaction.flow, answer: this.#repeated?.bytes };
  }

  /**
   * The same request in another transaction: a proxy sent it again to the other half of a pair, and could not know that this half knew of it
   * (docs/specs/pairs.md). It is answered there, too. False for any other request.
   */
  repeatedBy(request: SipRequest, transaction: ServerTransaction): boolean {
    if (request.cseq.seq !== this.request.cseq.seq || request.method !== this.request.method) return false;
    this.#others.push(this.transaction);
    this.request = request;
    this.transaction = transaction;
    if (this.#repeated === undefined) return true;
    this.#repeated.stop();
    this.#repeated = this.#repeatedAnswer(withViasOf(request, this.#repeated.bytes));
    this.#repeated.start();
    return true;
  }

  /** Whether our 2xx carried the offer, so that the ACK brings the answer. */
  get offerless(): boolean {
    return this.sdp === null;
  }

  get answered(): boolean {
    return this.#answered;
  }

  accept(sdp: Sdp | null, sessionHeaders: readonly HeaderLine[]): void {
    this.#answered = true;
    const response = this.#response(200, sdp, sessionHeaders);
    this.#answerOthers(response.serialize());
    if (this.request.method === 'UPDATE') return this.transaction.respond(response);
    this.#repeated = this.#repeatedAnswer(response.serialize());
    this.#repeated.start();
  }

  reject(status: number, reason: string): void {
    if (this.#answered) return;
    this.#answered = true;
    const response = makeResponse(this.request, status, reason, {});
    this.#answerOthers(response.serialize());
    this.transaction.respond(response);
  }

  /** Whether the ACK is this one's. */
  acknowledged(ack: SipRequest): boolean {
    if (this.#repeated === undefined || ack.cseq.seq !== this.request.cseq.seq) return false;
    this.#repeated.stop();
    return true;
  }

  stop(): void {
    this.#repeated?.stop();
    // RFC 3261 §15.1.2: what is pending when the dialog ends is answered 487.
    this.reject(487, 'Request Terminated');
  }

  get needsAck(): boolean {
    return this.request.method === 'INVITE';
  }

  #answerOthers(response: string): void {
    for (const transaction of this.#others.splice(0)) transaction.respond(withViasOf(transaction.request, response));
  }

  #repeatedAnswer(bytes: string): RepeatedAnswer {
    return new RepeatedAnswer(this.dialog.ports.clock, this.transaction, bytes, this.unconfirmed);
  }

  #response(status: number, sdp: Sdp | null, session: readonly HeaderLine[]): SipResponse {
    const body = sdp === null ? {} : { contentType: SDP_TYPE, body: sdp };
    return makeResponse(this.request, status, undefined, {
      headers: [['Contact', this.dialog.ports.contact], ['Allow', ALLOW], ...session], ...body,
    });
  }
}

/** The response, for the way that this request came. */
function withViasOf(request: SipRequest, response: string): string {
  const end = response.indexOf('\r\n') + 2;
  const headers = response.slice(end).split('\r\n');
  const body = headers.indexOf('');
  const kept = headers.filter((line, at) => at >= body || !/^(via|v)\s*:/i.test(line));
  return response.slice(0, end) + request.headers('Via').map((via) => `Via: ${via}\r\n`).join('') + kept.join('\r\n');
}
