/**
 * Session timers of one dialog, RFC 4028: who refreshes when, and when the other end is given up. Refreshes go by UPDATE
 * when the far end allows it, else by re-INVITE.
 */
import type { Timer } from '#kernel';
import type { HeaderLine, SipMessage, SipRequest, SipResponse } from '#sip';
import type { InDialog } from './in-dialog.js';

export interface SessionRefreshHost {
  /** By re-INVITE: the far end does not know UPDATE. */
  refresh(): void;
  refreshed(): void;
  /** Nobody refreshed in time. */
  expired(): void;
}

/** §5: no interval below it is taken. */
const MIN_SE_S = 90;
/** §10: the end that does not refresh sends its BYE somewhat before the interval is over. */
const BYE_MARGIN_S_MAX = 32;
const RETRY_MS = 5_000;

interface Session {
  readonly intervalS: number;
  readonly weRefresh: boolean;
}

export class SessionRefresh {
  #session: Session | undefined;
  #timer: Timer | undefined;
  #updateAllowed = false;
  #minSeS = MIN_SE_S;

  constructor(private readonly dialog: InDialog, private readonly host: SessionRefreshHost) {}

  /** The Min-SE for a 422, when the request's interval is too short (§9). */
  tooShort(request: SipRequest): string | undefined {
    const interval = seconds(request.header('Session-Expires'));
    return interval !== undefined && interval < MIN_SE_S ? String(MIN_SE_S) : undefined;
  }

  /** INVITE or UPDATE of the far end: its proposal, which our 2xx confirms (§9). */
  onRequest(request: SipRequest): void {
    this.#note(request);
    const proposed = seconds(request.header('Session-Expires'));
    const itRefreshes = refresherOf(request) === 'uac' || request.values('Supported').includes('timer');
    const intervalS = Math.max(proposed ?? this.#configured(), this.#minSeS);
    // A far end that knows no timers is refreshed by us; it need not know why.
    const weRefresh = refresherOf(request) === 'uas' || !itRefreshes;
    this.#session = { intervalS, weRefresh };
  }

  /** Our 2xx left, or theirs came: the interval begins. */
  begin(): void {
    if (this.#session === undefined) return;
    const { intervalS, weRefresh } = this.#session;
    const margin = Math.min(BYE_MARGIN_S_MAX, intervalS / 3);
    this.#set((weRefresh ? intervalS / 2 : intervalS - margin) * 1000, () => (weRefresh ? this.#refresh() : this.host.expired()));
  }

  /** 2xx to our INVITE or UPDATE (§7.2). */
  onResponse(response: SipResponse): void {
    this.#note(response);
    const interval = seconds(response.header('Session-Expires'));
    const weRefresh = interval === undefined || refresherOf(response) !== 'uas';
    this.#session = { intervalS: interval ?? this.#configured(), weRefresh };
    this.begin();
  }

  /** For our 2xx. */
  responseHeaders(): HeaderLine[] {
    if (this.#session === undefined) return [];
    const { intervalS, weRefresh } = this.#session;
    const header: HeaderLine = ['Session-Expires', `${intervalS};refresher=${weRefresh ? 'uas' : 'uac'}`];
    return weRefresh ? [header] : [header, ['Require', 'timer']];
  }

  /** For a re-INVITE or UPDATE of ours: who refreshed goes on refreshing. */
  requestHeaders(): HeaderLine[] {
    const { intervalS, weRefresh } = this.#session ?? { intervalS: this.#configured(), weRefresh: true };
    return [
      ['Supported', 'timer'], ['Session-Expires', `${intervalS};refresher=${weRefresh ? 'uac' : 'uas'}`], ['Min-SE', String(this.#minSeS)],
    ];
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #note(message: SipMessage): void {
    this.#updateAllowed = message.values('Allow').includes('UPDATE');
    this.#minSeS = Math.max(this.#minSeS, seconds(message.header('Min-SE')) ?? 0);
  }

  #refresh(): void {
    const session = this.#session;
    if (session === undefined) return;
    // Until the refresh is answered, the other half of the interval runs.
    this.#set((session.intervalS / 2 - Math.min(BYE_MARGIN_S_MAX, session.intervalS / 6)) * 1000, () => this.host.expired());
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
      return this.host.refreshed();
    }
    if (status === 408 || status === 481) return this.host.expired();
    if (status === 405 || status === 501) {
      this.#updateAllowed = false;
      return this.host.refresh();
    }
    this.#set(RETRY_MS, () => this.#refresh());
  }

  #configured(): number {
    return Number(this.dialog.ports.option('session-expires'));
  }

  #set(delayMs: number, fire: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.dialog.ports.clock.setTimer(delayMs, fire);
  }
}

function seconds(header: string | undefined): number | undefined {
  const text = header?.split(';')[0]?.trim();
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function refresherOf(message: SipMessage): 'uac' | 'uas' | undefined {
  const match = /;\s*refresher\s*=\s*(uac|uas)/i.exec(message.header('Session-Expires') ?? '');
  return match === null ? undefined : (match[1] as string).toLowerCase() as 'uac' | 'uas';
}
