/** A re-INVITE of ours, from sending it to its ACK and what is repeated after that (RFC 3261 §14.1). */
import type { ClientFailure, HeaderLine, SipResponse } from '#sip';
import type { Sdp } from '#telephony';
import { Acknowledgement } from './acknowledgement.js';
import type { InDialog } from './in-dialog.js';
import { bodySdp } from './sdp.js';
import type { RequestUser, SentRequest } from './sip-sender.js';
import type { LocalOfferSnapshot } from './snapshots.js';

export interface LocalOfferHost {
  /** 2xx. After an offerless one the machine owes an answer: {@link LocalOffer.acknowledge}. */
  answered(offer: LocalOffer, response: SipResponse, sdp: Sdp | null): void;
  rejected(offer: LocalOffer, status: number): void;
  /** 408 and 481 end the dialog, RFC 3261 §12.2.1.2; `bye` says whether the far end must be told. */
  lost(bye: boolean): void;
}

const REQUEST_PENDING = 491;

export class LocalOffer {
  readonly #ack: Acknowledgement;
  #sent: SentRequest | undefined;
  #answeredSeq: number | undefined;
  #repeated = false;
  #over = false;

  /** `refresh` marks a session refresh (RFC 4028): the call machine did not ask for it and is not told. */
  constructor(
    private readonly dialog: InDialog, readonly sdp: Sdp | null, readonly refresh: boolean,
    private readonly sessionHeaders: readonly HeaderLine[], private readonly host: LocalOfferHost,
  ) {
    this.#ack = new Acknowledgement(dialog);
  }

  /** 2xx came and the ACK, which carries the answer, is still owed. */
  get awaitsAnswer(): boolean {
    return this.#answeredSeq !== undefined && !this.#ack.done;
  }

  /** Nothing is owed any more. */
  get complete(): boolean {
    return this.#ack.done;
  }

  start(): void {
    this.#sent = this.dialog.request('INVITE', this.#user(), { sdp: this.sdp, headers: this.sessionHeaders });
  }

  /** Undefined when nothing of it can matter to anybody any more. */
  snapshot(): LocalOfferSnapshot | undefined {
    const acked = this.#ack.snapshot();
    if (this.complete && acked === undefined) return undefined;
    return { sdp: this.sdp, refresh: this.refresh, sent: this.#sent?.text, answeredSeq: this.#answeredSeq, acked };
  }

  /** Of another process; nothing is sent before `resume`. */
  static restore(dialog: InDialog, from: LocalOfferSnapshot, host: LocalOfferHost): LocalOffer {
    const offer = new LocalOffer(dialog, from.sdp, from.refresh, [], host);
    offer.#answeredSeq = from.answeredSeq;
    offer.#ack.restore(from.acked);
    return offer;
  }

  /**
   * A re-INVITE without an answer leaves again in its own transaction, so that who has answered it answers again. Silence does not end
   * the dialog then, since it may be the fault of the process that is gone.
   */
  resume({ sent }: LocalOfferSnapshot): void {
    this.#ack.resume();
    if (this.#answeredSeq !== undefined) return;
    this.#repeated = true;
    if (sent === undefined) this.dialog.ports.clock.setTimer(0, () => this.#onFailure('transport'));
    else this.#sent = this.dialog.requestAgain(sent, this.#user());
  }

  acknowledge(sdp: Sdp | null): void {
    if (this.#answeredSeq !== undefined) this.#ack.send(this.#answeredSeq, sdp);
  }

  /** A 2xx whose transaction is gone. False when it is of another re-INVITE. */
  onRepeatedSuccess({ cseq }: SipResponse): boolean {
    if (cseq.seq !== this.#answeredSeq) return false;
    this.#ack.again();
    return true;
  }

  /** The dialog is over; what still comes is not reported. */
  stop(): void {
    this.#over = true;
  }

  #user(): RequestUser {
    return {
      onResponse: (response) => this.#onResponse(response),
      onFailure: (reason) => this.#onFailure(reason),
    };
  }

  #onFailure(reason: ClientFailure): void {
    if (this.#over) return;
    if (this.#repeated) this.host.rejected(this, REQUEST_PENDING);
    else this.host.lost(reason === 'timeout');
  }

  #onResponse(response: SipResponse): void {
    const { status } = response;
    if (status < 200) return;
    if (status < 300) return this.#onSuccess(response);
    if (this.#over) return;
    if (status === 408 || status === 481) this.host.lost(status === 408);
    else this.host.rejected(this, status);
  }

  #onSuccess(response: SipResponse): void {
    // A repeated 2xx says that the ACK was lost.
    if (this.#answeredSeq !== undefined) return this.#ack.again();
    this.#answeredSeq = response.cseq.seq;
    if (this.sdp !== null || this.#over) this.acknowledge(null);
    if (!this.#over) this.host.answered(this, response, bodySdp(response));
  }
}
