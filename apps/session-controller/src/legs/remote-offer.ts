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

  constructor(
    private readonly dialog: InDialog, private readonly request: SipRequest, private readonly transaction: ServerTransaction,
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
    if (this.request.method === 'UPDATE') return this.transaction.respond(response);
    this.#repeated = this.#repeatedAnswer(response.serialize());
    this.#repeated.start();
  }

  reject(status: number, reason: string): void {
    if (this.#answered) return;
    this.#answered = true;
    this.transaction.respond(makeResponse(this.request, status, reason, {}));
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
