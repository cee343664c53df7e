/** Session timers, RFC 4028: a call whose other end is gone ends, and does not wait for ever for a BYE. */
import type { Out } from '#kernel';
import { Params } from '../headers/params.js';
import type { HeaderLine } from '../message/make.js';
import type { SipRequest, SipResponse } from '../message/message.js';

/** What both ends agreed on. Plain data, kept with the dialog. */
export interface SessionTimerState {
  /** Session-Expires, seconds. */
  readonly intervalS: number;
  /** The largest Min-SE seen in this dialog, seconds (§7.1). */
  readonly minSeS: number;
  readonly refresher: 'local' | 'remote';
  /** Epoch milliseconds when the session was last refreshed; deadlines follow from it, also on another node. */
  readonly refreshedAtMs: number;
}

export interface SessionTimerPolicy {
  /** What we ask for, seconds. §4.2 recommends 1800. */
  readonly intervalS: number;
  /** What we accept at least; never below 90 (§5). */
  readonly minSeS: number;
}

export type SessionTimerAnswer =
  /** The interval is too small: 422 with these headers (§6). */
  | { readonly kind: 'tooSmall'; readonly headers: readonly HeaderLine[] }
  | { readonly kind: 'timer'; readonly timer: SessionTimerState; readonly headers: readonly HeaderLine[] };

const MIN_SE_S = 90;

/** Headers of an INVITE or UPDATE of ours that opens or refreshes the session (§7.1, §7.4). */
export function sessionTimerHeaders(policy: SessionTimerPolicy, current?: SessionTimerState): HeaderLine[] {
  const minSeS = Math.max(policy.minSeS, current?.minSeS ?? 0, MIN_SE_S);
  const intervalS = Math.max(current?.intervalS ?? policy.intervalS, minSeS);
  const refresher = current === undefined ? '' : `;refresher=${current.refresher === 'local' ? 'uac' : 'uas'}`;
  const headers: HeaderLine[] = [['Supported', 'timer'], ['Session-Expires', `${intervalS}${refresher}`]];
  if (minSeS > MIN_SE_S) headers.push(['Min-SE', String(minSeS)]);
  return headers;
}

/**
 * UAS side (§9): what a 2xx to this INVITE or UPDATE says. Without Session-Expires we ask for a timer ourselves, and refresh it
 * when the other side knows nothing of them.
 */
export function answerSessionTimer(request: SipRequest, policy: SessionTimerPolicy, nowMs: number): SessionTimerAnswer {
  const peerKnows = request.values('Supported').some((tag) => tag.toLowerCase() === 'timer');
  const asked = parseSessionExpires(request.header('Session-Expires'));
  const ownMinS = Math.max(policy.minSeS, MIN_SE_S);
  if (asked !== undefined && asked.intervalS < ownMinS && peerKnows) {
    return { kind: 'tooSmall', headers: [['Min-SE', String(ownMinS)]] };
  }
  const minSeS = Math.max(ownMinS, seconds(request.header('Min-SE')) ?? 0);
  const intervalS = asked === undefined ? Math.max(policy.intervalS, minSeS) : Math.max(asked.intervalS, ownMinS);
  const refresher = peerKnows ? asked?.refresher ?? 'uac' : 'uas';
  const headers: HeaderLine[] = [['Session-Expires', `${intervalS};refresher=${refresher}`]];
  if (peerKnows) headers.push(['Require', 'timer']);
  return {
    kind: 'timer', headers,
    timer: { intervalS, minSeS, refresher: refresher === 'uas' ? 'local' : 'remote', refreshedAtMs: nowMs },
  };
}

/** UAC side (§7.2): the timer that a 2xx sets; undefined when the session has none. */
export function sessionTimerFrom(response: SipResponse, policy: SessionTimerPolicy, nowMs: number): SessionTimerState | undefined {
  const set = parseSessionExpires(response.header('Session-Expires'));
  if (set === undefined) return undefined;
  const refresher = set.refresher === 'uas' ? 'remote' : 'local';
  return { intervalS: Math.max(set.intervalS, MIN_SE_S), minSeS: Math.max(policy.minSeS, MIN_SE_S), refresher, refreshedAtMs: nowMs };
}

/** What to ask for again after a 422 (§7.3); undefined when it does not say. */
export function policyAfter422(response: SipResponse, policy: SessionTimerPolicy): SessionTimerPolicy | undefined {
  const minSeS = seconds(response.header('Min-SE'));
  if (minSeS === undefined) return undefined;
  return { minSeS: Math.max(policy.minSeS, minSeS), intervalS: Math.max(policy.intervalS, minSeS) };
}

export type SessionTimerEffect =
  | { readonly kind: 'setTimer'; readonly delayMs: number }
  | { readonly kind: 'stopTimer' }
  /** Send an UPDATE or a re-INVITE. */
  | { readonly kind: 'refresh' }
  /** The session is over: send BYE (§10). */
  | { readonly kind: 'expired' };

/** Keeps one session alive, or ends it. One timer: the deadline that comes next. */
export class SessionTimer {
  #timer: SessionTimerState | undefined;
  #refreshing = false;

  get state(): SessionTimerState | undefined {
    return this.#timer;
  }

  /** A timer was agreed on, first or again by a refresh; undefined: the session has none (any more). */
  onAgreed(timer: SessionTimerState | undefined, nowMs: number, out: Out<SessionTimerEffect>): void {
    this.#timer = timer;
    this.#refreshing = false;
    if (timer === undefined) out.push({ kind: 'stopTimer' });
    else this.#arm(timer, nowMs, out);
  }

  onTimer(nowMs: number, out: Out<SessionTimerEffect>): void {
    const timer = this.#timer;
    if (timer === undefined) return;
    if (nowMs >= expiresAtMs(timer)) {
      this.#timer = undefined;
      out.push({ kind: 'expired' });
      return;
    }
    if (timer.refresher === 'local' && !this.#refreshing && nowMs >= refreshAtMs(timer)) {
      this.#refreshing = true;
      out.push({ kind: 'refresh' });
    }
    this.#arm(timer, nowMs, out);
  }

  #arm(timer: SessionTimerState, nowMs: number, out: Out<SessionTimerEffect>): void {
    const nextMs = timer.refresher === 'local' && !this.#refreshing ? refreshAtMs(timer) : expiresAtMs(timer);
    out.push({ kind: 'setTimer', delayMs: Math.max(0, nextMs - nowMs) });
  }
}

/** §10: the refresher refreshes when half the interval is over. */
function refreshAtMs(timer: SessionTimerState): number {
  return timer.refreshedAtMs + timer.intervalS * 500;
}

/** §10: a BYE goes out a little earlier than the end, 32 s or a third of the interval. */
function expiresAtMs(timer: SessionTimerState): number {
  return timer.refreshedAtMs + (timer.intervalS - Math.min(32, timer.intervalS / 3)) * 1000;
}

function parseSessionExpires(value: string | undefined): { intervalS: number; refresher: 'uac' | 'uas' | undefined } | undefined {
  if (value === undefined) return undefined;
  const semicolon = value.indexOf(';');
  const intervalS = seconds(semicolon === -1 ? value : value.slice(0, semicolon));
  if (intervalS === undefined) return undefined;
  const refresher = semicolon === -1 ? undefined : new Params(value.slice(semicolon)).get('refresher')?.toLowerCase();
  return { intervalS, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined };
}

function seconds(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d{1,9}$/.test(trimmed) ? Number(trimmed) : undefined;
}
