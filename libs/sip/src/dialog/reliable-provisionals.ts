/** Reliable provisional responses: RFC 3262. One machine for the side that sends them, one for the side that acknowledges. */
import type { Out } from '#kernel';
import type { SipRequest, SipResponse } from '../message/message.js';

export type ReliableEffect<R> =
  /** Send with `Require: 100rel` and this RSeq, and again when told. */
  | { readonly kind: 'send'; readonly response: R; readonly rseq: number }
  | { readonly kind: 'setTimer'; readonly delayMs: number }
  | { readonly kind: 'stopTimer' }
  /** The PRACK matches: answer 2xx. */
  | { readonly kind: 'acknowledged'; readonly response: R }
  /** No PRACK within 64*T1: answer the INVITE with 5xx (§3). */
  | { readonly kind: 'failed' };

const RSEQ_LIMIT = 2 ** 31;

/** Plain data when `R` is, for whoever carries the call on. */
export interface ReliableSnapshot<R> {
  /** Of the response on its way, or else of the next one. */
  readonly rseq: number;
  /** The one on its way, then those that wait for it. */
  readonly open: readonly R[];
}

/** How many may wait for the one on its way. */
const WAITING_MAX = 8;

/** UAS side. One response is on its way at a time, the next leaves when it was acknowledged (§3). */
export class ReliableSender<R> {
  readonly #t1Ms: number;
  readonly #waiting: R[] = [];
  #rseq: number;
  #current: R | undefined;
  #delayMs = 0;
  #waitedMs = 0;

  /** @param firstRSeq from 1 to 2^31 - 1, drawn at random (§3) */
  constructor(t1Ms: number, firstRSeq: number) {
    this.#t1Ms = t1Ms;
    this.#rseq = firstRSeq;
  }

  /** True while a response waits for its PRACK: a 2xx must wait too if one of them carried an offer or answer. */
  get isPending(): boolean {
    return this.#current !== undefined;
  }

  /** False when too many wait already; the response is not sent. */
  send(response: R, out: Out<ReliableEffect<R>>): boolean {
    if (this.#current === undefined) this.#start(response, out);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(response);
    else return false;
    return true;
  }

  onTimer(out: Out<ReliableEffect<R>>): void {
    if (this.#current === undefined) return;
    this.#waitedMs += this.#delayMs;
    if (this.#waitedMs >= 64 * this.#t1Ms) {
      this.#current = undefined;
      this.#waiting.length = 0;
      out.push({ kind: 'failed' });
      return;
    }
    this.#delayMs = Math.min(2 * this.#delayMs, 64 * this.#t1Ms - this.#waitedMs);
    out.push({ kind: 'send', response: this.#current, rseq: this.#rseq });
    out.push({ kind: 'setTimer', delayMs: this.#delayMs });
  }

  /** False: it acknowledges nothing that is open; answer 481 (§3). */
  onPrack(prack: SipRequest, inviteSeq: number, out: Out<ReliableEffect<R>>): boolean {
    const rack = parseRAck(prack.header('RAck') ?? '');
    const response = this.#current;
    if (response === undefined || rack === undefined) return false;
    if (rack.rseq !== this.#rseq || rack.cseq !== inviteSeq || rack.method !== 'INVITE') return false;
    this.#current = undefined;
    out.push({ kind: 'stopTimer' });
    out.push({ kind: 'acknowledged', response });
    this.#rseq += 1;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#start(next, out);
    return true;
  }

  snapshot(): ReliableSnapshot<R> {
    return { rseq: this.#rseq, open: this.#current === undefined ? [] : [this.#current, ...this.#waiting] };
  }

  /** Sends what is open again, with its RSeq, and counts the time anew. */
  static restore<R>({ rseq, open }: ReliableSnapshot<R>, t1Ms: number, out: Out<ReliableEffect<R>>): ReliableSender<R> {
    const machine = new ReliableSender<R>(t1Ms, rseq);
    for (const response of open) machine.send(response, out);
    return machine;
  }

  /** A final response was sent: nothing is repeated any more (§3). */
  stop(out: Out<ReliableEffect<R>>): void {
    this.#waiting.length = 0;
    if (this.#current === undefined) return;
    this.#current = undefined;
    out.push({ kind: 'stopTimer' });
  }

  #start(response: R, out: Out<ReliableEffect<R>>): void {
    this.#current = response;
    this.#delayMs = this.#t1Ms;
    this.#waitedMs = 0;
    out.push({ kind: 'send', response, rseq: this.#rseq });
    out.push({ kind: 'setTimer', delayMs: this.#delayMs });
  }
}

/** UAC side, one per dialog: tells new provisional responses from repeated and overtaking ones (§4). */
export class ReliableReceiver {
  #last: number | undefined;

  /** The RAck value of the PRACK to send; undefined for a response that is not reliable, not new or out of order: no PRACK. */
  onResponse(response: SipResponse): string | undefined {
    const rseq = reliableSequence(response);
    if (rseq === undefined) return undefined;
    if (this.#last !== undefined && rseq !== this.#last + 1) return undefined;
    this.#last = rseq;
    return `${rseq} ${response.cseq.seq} ${response.cseq.method}`;
  }
}

/** RSeq of a provisional response that asks to be acknowledged. */
export function reliableSequence(response: SipResponse): number | undefined {
  if (response.status <= 100 || response.status >= 200) return undefined;
  if (!response.values('Require').some((tag) => tag.toLowerCase() === '100rel')) return undefined;
  const rseq = response.header('RSeq') ?? '';
  return /^\d{1,10}$/.test(rseq) && Number(rseq) > 0 && Number(rseq) < RSEQ_LIMIT ? Number(rseq) : undefined;
}

interface RAck {
  readonly rseq: number;
  readonly cseq: number;
  readonly method: string;
}

export function parseRAck(value: string): RAck | undefined {
  const match = /^(\d{1,10})\s+(\d{1,10})\s+(\S+)$/.exec(value);
  return match === null ? undefined : { rseq: Number(match[1]), cseq: Number(match[2]), method: match[3] as string };
}
