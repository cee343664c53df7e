/** A re-INVITE of ours, from sending it to its ACK and what is repeated after that (RFC 3261 §14.1). */
import type { HeaderLine, SipResponse } from '#sip';
import type { Sdp } from '#telephony';
import type { InDialog } from './in-dialog.js';
import { bodySdp } from './sdp.js';

export interface LocalOfferHost {
  /** 2xx. After an offerless one the machine owes an answer: {@link LocalOffer.acknowledge}. */
  answered(offer: LocalOffer, response: SipResponse, sdp: Sdp | null): void;
  rejected(offer: LocalOffer, status: number): void;
  /** 408 and 481 end the dialog, RFC 3261 §12.2.1.2; `bye` says whether the far end must be told. */
  lost(bye: boolean): void;
}

export class LocalOffer {
  #ackBytes: string | undefined;
  #answeredSeq: number | undefined;
  #over = false;

  /** `refresh` marks a session refresh (RFC 4028): the call machine did not ask for it and is not told. */
  constructor(
    private readonly dialog: InDialog, readonly sdp: Sdp | null, readonly refresh: boolean,
    private readonly sessionHeaders: readonly HeaderLine[], private readonly host: LocalOfferHost,
  ) {}

  /** 2xx came and the ACK, which carries the answer, is still owed. */
  get awaitsAnswer(): boolean {
    return this.#answeredSeq !== undefined && this.#ackBytes === undefined;
  }

  /** Nothing is owed any more. */
  get complete(): boolean {
    return this.#ackBytes !== undefined;
  }

  start(): void {
    this.dialog.request('INVITE', {
      onResponse: (response) => this.#onResponse(response),
      onFailure: (reason) => {
        if (!this.#over) this.host.lost(reason === 'timeout');
      },
    }, { sdp: this.sdp, headers: this.sessionHeaders });
  }

  acknowledge(sdp: Sdp | null): void {
    if (this.#answeredSeq === undefined) return;
    this.#ackBytes = this.dialog.ack(this.#answeredSeq, sdp);
  }

  /** The dialog is over; what still comes is not reported. */
  stop(): void {
    this.#over = true;
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
    if (this.#answeredSeq !== undefined) {
      // A repeated 2xx says that the ACK was lost.
      if (this.#ackBytes !== undefined) this.dialog.repeat(this.#ackBytes);
      return;
    }
    this.#answeredSeq = response.cseq.seq;
    if (this.sdp !== null || this.#over) this.acknowledge(null);
    if (!this.#over) this.host.answered(this, response, bodySdp(response));
  }
}
