/**
 * Who may offer now: the bookkeeping of RFC 3264 with the rules of RFC 3261 §13.2.1, §14, RFC 3311 §5 and RFC 6337. It looks
 * at no SDP: it knows only which message carries a description.
 */

export type OfferAnswerState = 'Stable' | 'LocalOffer' | 'RemoteOffer';

export type SdpMeaning = 'offer' | 'answer';

export type SdpVerdict =
  | { readonly kind: 'accept'; readonly meaning: SdpMeaning }
  /** A description that repeats what is known, such as the answer in a 180 and again in the 200: read the first, skip this. */
  | { readonly kind: 'ignore' }
  | { readonly kind: 'refuse'; readonly status: 491 | 500 | 488; readonly retryAfter: boolean };

export type SdpCarrier = 'INVITE' | 'UPDATE' | 'PRACK' | 'ACK' | 'unreliable-1xx' | 'reliable-1xx' | '2xx';

/** Plain data, for whoever takes the call over. */
export interface OfferAnswerSnapshot {
  readonly state: OfferAnswerState;
  readonly hasSession: boolean;
  readonly offerless: boolean;
}

const GLARE: SdpVerdict = { kind: 'refuse', status: 491, retryAfter: false };
/** RFC 3261 §14.2, RFC 3311 §5.2: an offer of the same side is still open; Retry-After from 0 to 10 s. */
const BUSY: SdpVerdict = { kind: 'refuse', status: 500, retryAfter: true };

export class OfferAnswer {
  #state: OfferAnswerState = 'Stable';
  #hasSession = false;
  /** An INVITE without a description is under way: the offer comes the other way round. */
  #offerless = false;

  get state(): OfferAnswerState {
    return this.#state;
  }

  /** Both sides agreed at least once. */
  get hasSession(): boolean {
    return this.#hasSession;
  }

  get mayOffer(): boolean {
    return this.#state === 'Stable' && !this.#offerless;
  }

  /**
   * An INVITE without a description was sent or received: its first reliable response makes the offer (RFC 3261 §13.2.1).
   * False, and nothing changes, while an offer is open: such an INVITE may not be sent, and gets 491 or 500 (§14.2).
   */
  onOfferlessInvite(): boolean {
    if (this.#state !== 'Stable') return false;
    this.#offerless = true;
    return true;
  }

  /** What our description is in that message; undefined when none may stand there now, and nothing was changed. */
  onSent(carrier: SdpCarrier): SdpMeaning | 'repetition' | undefined {
    switch (this.#state) {
      case 'LocalOffer': return undefined;
      case 'RemoteOffer': return this.#sentAnswer(carrier);
      case 'Stable': return this.#sentFirst(carrier);
    }
  }

  /** A description came. */
  onReceived(carrier: SdpCarrier): SdpVerdict {
    if (carrier === 'INVITE' || carrier === 'UPDATE') return this.#receivedOffer(carrier);
    if (this.#state === 'LocalOffer') return this.#receivedAnswer(carrier);
    if (this.#state === 'RemoteOffer') return { kind: 'refuse', status: 488, retryAfter: false };
    if (!this.#opens(carrier)) return { kind: 'ignore' };
    this.#open('RemoteOffer');
    return { kind: 'accept', meaning: 'offer' };
  }

  /** The request that carried the open offer failed: all is as before it (RFC 3261 §14.1, RFC 6337 §3.4). */
  rollBack(): void {
    this.#state = 'Stable';
    this.#offerless = false;
  }

  snapshot(): OfferAnswerSnapshot {
    return { state: this.#state, hasSession: this.#hasSession, offerless: this.#offerless };
  }

  static restore(from: OfferAnswerSnapshot): OfferAnswer {
    const machine = new OfferAnswer();
    machine.#state = from.state;
    machine.#hasSession = from.hasSession;
    machine.#offerless = from.offerless;
    return machine;
  }

  #sentAnswer(carrier: SdpCarrier): SdpMeaning | undefined {
    if (carrier === 'INVITE' || carrier === 'UPDATE') return undefined;
    // An answer in an unreliable 1xx is a preview; the one that counts comes later (RFC 6337 §3.1.1).
    if (carrier !== 'unreliable-1xx') this.#agree();
    return 'answer';
  }

  #sentFirst(carrier: SdpCarrier): SdpMeaning | 'repetition' | undefined {
    if (carrier === 'INVITE' || carrier === 'UPDATE' ? !this.#mayOfferBy(carrier) : !this.#opens(carrier)) {
      return carrier === 'unreliable-1xx' || carrier === '2xx' ? this.#repetition() : undefined;
    }
    this.#open('LocalOffer');
    return 'offer';
  }

  #repetition(): 'repetition' | undefined {
    return this.#hasSession && !this.#offerless ? 'repetition' : undefined;
  }

  /** RFC 3311 §5.1: an UPDATE changes a session, it does not make one. */
  #mayOfferBy(carrier: 'INVITE' | 'UPDATE'): boolean {
    return this.mayOffer && (carrier === 'INVITE' || this.#hasSession);
  }

  #receivedOffer(carrier: 'INVITE' | 'UPDATE'): SdpVerdict {
    if (this.#state === 'LocalOffer') return GLARE;
    if (this.#state === 'RemoteOffer' || !this.#mayOfferBy(carrier)) return BUSY;
    this.#open('RemoteOffer');
    return { kind: 'accept', meaning: 'offer' };
  }

  #receivedAnswer(carrier: SdpCarrier): SdpVerdict {
    if (carrier !== 'unreliable-1xx') this.#agree();
    return { kind: 'accept', meaning: 'answer' };
  }

  /** True when a description in this message, with none open, is an offer. */
  #opens(carrier: SdpCarrier): boolean {
    if (carrier === 'PRACK') return this.#hasSession && !this.#offerless;
    return this.#offerless && (carrier === 'reliable-1xx' || carrier === '2xx');
  }

  #open(state: 'LocalOffer' | 'RemoteOffer'): void {
    this.#state = state;
    this.#offerless = false;
  }

  #agree(): void {
    this.#state = 'Stable';
    this.#hasSession = true;
  }
}

/**
 * How long to wait after a 491 before the request is tried again (RFC 3261 §14.1).
 *
 * @param draw an integer in [0, 2^32)
 */
export function glareDelayMs(ownsCallId: boolean, draw: number): number {
  return ownsCallId ? 2100 + 10 * (draw % 191) : 10 * (draw % 201);
}
