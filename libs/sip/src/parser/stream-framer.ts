/** Cuts messages out of a byte stream (RFC 3261 §18.3), and keep-alives between them (RFC 5626 §3.5.1). */
import type { Result } from '#kernel';
import type { SipMessage } from '../message/message.js';
import { contentLengthIn, headersEnd, type LengthProblem } from './content-length.js';
import type { SipParseError, SipParseErrorCode } from './error.js';
import { DEFAULT_LIMITS, type ParseLimits } from './limits.js';
import { parseMessage } from './parse-message.js';

export interface FramerEvents {
  onMessage(message: Result<SipMessage, SipParseError>): void;
  /** Two line ends between messages: the far end wants one back. */
  onPing?(): void;
}

const LINE_END = '\r\n';
const PING = '\r\n\r\n';

/** Pieces that may wait unjoined: a peer that sends single bytes costs neither a copy per byte nor an object per byte for long. */
const PIECES_MAX = 256;

const LENGTH_PROBLEMS: Readonly<Record<LengthProblem, string>> = {
  absent: 'a message in a stream must have a Content-Length',
  unreadable: 'Content-Length must be a number',
  repeated: 'Content-Length may stand there once',
};

export class StreamFramer {
  #pending = '';
  /** What came after `#pending`. */
  #pieces: string[] = [];
  /** Length of `#pending` and `#pieces`. */
  #size = 0;
  /** The last two characters: with the next piece they may end the headers. */
  #tail = '';
  /** Where the message at the front ends; 0 as long as its headers have not ended. */
  #end = 0;
  #lost = false;

  constructor(private readonly events: FramerEvents, private readonly limits: ParseLimits = DEFAULT_LIMITS) {}

  /** `close` says that the stream cannot be followed any further: the framing is lost. */
  push(chunk: Buffer): 'ok' | 'close' {
    if (this.#lost) return 'close';
    const piece = chunk.toString('latin1');
    const seam = this.#tail + piece;
    this.#tail = seam.slice(-2);
    this.#size += piece.length;
    this.#pieces.push(piece);
    if (this.#pieces.length > PIECES_MAX) this.#join();
    if (this.#end > 0 ? this.#size < this.#end : headersEnd(seam, 0) === -1 && this.#size <= this.limits.message) return 'ok';
    this.#join();
    return this.#cutAll();
  }

  #join(): void {
    this.#pending += this.#pieces.join('');
    this.#pieces = [];
  }

  #cutAll(): 'ok' | 'close' {
    for (;;) {
      if (this.#end === 0) this.#skipKeepAlives();
      const outcome = this.#cut();
      if (outcome !== 'next') return outcome;
    }
  }

  /** A line end alone may be the first half of a ping: it waits for what comes. */
  #skipKeepAlives(): void {
    let at = 0;
    for (; this.#pending.startsWith(PING, at); at += PING.length) this.events.onPing?.();
    const isHalf = PING.startsWith(this.#pending.slice(at, at + PING.length));
    if (!isHalf && this.#pending.startsWith(LINE_END, at)) at += LINE_END.length;
    if (at > 0) this.#drop(at);
  }

  #cut(): 'ok' | 'close' | 'next' {
    if (this.#end === 0) {
      const bodyStart = headersEnd(this.#pending, 0);
      if (bodyStart === -1) {
        return this.#size > this.limits.message ? this.#giveUp(this.#size, 'SIP_PARSE_TOO_LARGE', 'the headers do not end', 513) : 'ok';
      }
      const length = contentLengthIn(this.#pending, bodyStart);
      if (typeof length !== 'number') return this.#giveUp(bodyStart, 'SIP_PARSE_CONTENT_LENGTH', LENGTH_PROBLEMS[length], 400);
      if (bodyStart + length > this.limits.message) {
        return this.#giveUp(bodyStart, 'SIP_PARSE_TOO_LARGE', `a message may have ${this.limits.message} bytes`, 513);
      }
      this.#end = bodyStart + length;
    }
    if (this.#size < this.#end) return 'ok';
    const message = this.#pending.slice(0, this.#end);
    this.#drop(this.#end);
    this.events.onMessage(parseMessage(message, this.limits));
    return 'next';
  }

  /** Reports what can be answered of a message whose end is unknown; nothing after it can be trusted. */
  #giveUp(upTo: number, code: SipParseErrorCode, message: string, statusHint: number): 'close' {
    const parsed = parseMessage(this.#pending.slice(0, Math.min(upTo, this.limits.message)), this.limits);
    this.#lost = true;
    this.#pending = '';
    const error: SipParseError = { code, message, offset: -1, statusHint };
    const partial = parsed.ok ? parsed.value : parsed.error.partial;
    const isNoise = !parsed.ok && parsed.error.code === 'SIP_PARSE_START_LINE';
    this.events.onMessage({
      ok: false, error: isNoise ? parsed.error : partial?.kind === 'request' && partial.method !== 'ACK' ? { ...error, partial } : error,
    });
    return 'close';
  }

  #drop(count: number): void {
    this.#pending = this.#pending.slice(count);
    this.#size -= count;
    this.#end = 0;
  }
}
