/** Session timers of one dialog (RFC 4028): refreshes go by UPDATE when the far end allows it, else by re-INVITE. */
import { type Timer, unreachable } from '#kernel';
import {
  answerSessionTimer, type HeaderLine, type SessionTimerEffect, SessionTimer, sessionTimerFrom, sessionTimerHeaders,
  type SessionTimerPolicy, type SessionTimerState, type SipMessage, type SipRequest, type SipResponse,
} from '#sip';
import type { InDialog } from './in-dialog.js';

export interface SessionRefreshHost {
  /** By re-INVITE: the far end does not know UPDATE. */
  refresh(): void;
  refreshed(): void;
  /** Nobody refreshed in time. */
  expired(): void;
}

const MIN_SE_S = 90;
const RETRY_MS = 5_000;

export class SessionRefresh {
  readonly #machine = new SessionTimer();
  readonly #effects: SessionTimerEffect[] = [];
  readonly #policy: SessionTimerPolicy;
  #timer: Timer | undefined;
  #retry: Timer | undefined;
  #updateAllowed = false;
  /** Agreed on by our 2xx, which has not left. */
  #proposed: SessionTimerState | undefined;
  #headers: readonly HeaderLine[] = [];

  constructor(private readonly dialog: InDialog, private readonly host: SessionRefreshHost) {
    this.#policy = { intervalS: Number(dialog.ports.option('session-expires')), minSeS: MIN_SE_S };
  }

  /**
   * INVITE or UPDATE of the far end, with its proposal.
   *
   * @returns headers of the 422 that refuses it, or undefined when our 2xx will agree
   */
  onRequest(request: SipRequest): readonly HeaderLine[] | undefined {
    const answer = answerSessionTimer(request, this.#policy, this.#nowMs());
    if (answer.kind === 'tooSmall') return answer.headers;
    this.#note(request);
    this.#proposed = answer.kind === 'timer' ? answer.timer : undefined;
    this.#headers = answer.kind === 'timer' ? answer.headers : [];
    return undefined;
  }

  /** The far end knows UPDATE (RFC 3311). */
  get updateAllowed(): boolean {
    return this.#updateAllowed;
  }

  /** Goes on with the timer that was agreed on in another process, which stands in the dialog. */
  resume(updateAllowed: boolean): void {
    this.#updateAllowed = updateAllowed;
    if (this.dialog.data.sessionTimer !== undefined) this.#agree(this.dialog.data.sessionTimer);
  }

  /** For our 2xx. */
  get responseHeaders(): readonly HeaderLine[] {
    return this.#headers;
  }

  /** Our 2xx leaves: the interval begins. */
  begin(): void {
    if (this.#proposed !== undefined) this.#agree({ ...this.#proposed, refreshedAtMs: this.#nowMs() });
  }

  /** For an INVITE or UPDATE of ours within the dialog: who refreshed goes on refreshing. */
  requestHeaders(): readonly HeaderLine[] {
    return sessionTimerHeaders(this.#policy, this.#machine.state);
  }

  /** 2xx to our INVITE or UPDATE. A far end that knows no timers is refreshed by us: else nobody would miss it. */
  onResponse(response: SipResponse): void {
    this.#note(response);
    this.#agree(sessionTimerFrom(response, this.#policy, this.#nowMs())
      ?? { ...this.#policy, refresher: 'local', refreshedAtMs: this.#nowMs() });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#retry?.cancel();
  }

  #note(message: SipMessage): void {
    if (message.header('Allow') !== undefined) this.#updateAllowed = message.values('Allow').includes('UPDATE');
  }

  #agree(timer: SessionTimerState): void {
    this.dialog.data.sessionTimer = timer;
    this.#machine.onAgreed(timer, this.#nowMs(), this.#effects);
    this.#drain();
  }

  #drain(): void {
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) this.#perform(effect);
  }

  #perform(effect: SessionTimerEffect): void {
    switch (effect.kind) {
      case 'setTimer': return this.#set(effect.delayMs, () => {
        this.#machine.onTimer(this.#nowMs(), this.#effects);
        this.#drain();
      });
      case 'stopTimer': return this.#timer?.cancel();
      case 'refresh': return this.#refresh();
      case 'expired': return this.host.expired();
      default: return unreachable(effect);
    }
  }

  #refresh(): void {
    if (this.#updateAllowed) this.#update();
    else this.host.refresh();
  }

  #update(): void {
    this.dialog.request('UPDATE', {
      onResponse: (response) => this.#onUpdated(response),
      onFailure: () => this.host.expired(),
    }, { headers: this.requestHeaders() });
  }

  #onUpdated(response: SipResponse): void {
    const { status } = response;
    if (status < 200) return;
    if (status < 300) {
      this.onResponse(response);
      this.host.refreshed();
    } else if (status === 408 || status === 481) {
      this.host.expired();
    } else if (status === 405 || status === 501) {
      this.#updateAllowed = false;
      this.host.refresh();
    } else {
      // Glare and the like: the interval's other half leaves time for another try.
      this.#retry = this.dialog.ports.clock.setTimer(RETRY_MS, () => this.#update());
    }
  }

  #set(delayMs: number, fire: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.dialog.ports.clock.setTimer(delayMs, fire);
  }

  #nowMs(): number {
    return this.dialog.ports.clock.nowMs();
  }
}
