/** Cuts messages out of a byte stream (RFC 3261 §18.3), and keep-alives between them (RFC 5626 §3.5.1). */
import type { Result } from '#kernel';
import type { SipMessage } from '../message/message.js';
import type { SipParseError } from './error.js';
import { DEFAULT_LIMITS, type ParseLimits } from './limits.js';
import { parseMessage } from './parse-message.js';

export interface FramerEvents {
  onMessage(message: Result<SipMessage, SipParseError>): void;
  /** Two line ends between messages: the far end wants one back. */
  onPing?(): void;
}

const CONTENT_LENGTH = /(?:^|\n)(?:content-length|l)[ \t]*:[ \t]*([^\r\n]*)/i;

export class StreamFramer {
  #pending = '';
  /** Where to go on looking for the end of the headers. */
  #scanned = 0;

  constructor(private readonly events: FramerEvents, private readonly limits: ParseLimits = DEFAULT_LIMITS) {}

  /** `close` says that the stream cannot be followed any further: the framing is lost. */
  push(chunk: Buffer): 'ok' | 'close' {
    this.#pending += chunk.toString('latin1');
    for (;;) {
      this.#skipKeepAlives();
      const outcome = this.#cut();
      if (outcome !== 'next') return outcome;
    }
  }

  #skipKeepAlives(): void {
    let at = 0;
    while (this.#pending.startsWith('\r\n', at)) {
      if (this.#pending.startsWith('\r\n\r\n', at)) {
        this.events.onPing?.();
        at += 2;
      }
      at += 2;
    }
    if (at > 0) this.#drop(at);
  }

  #cut(): 'ok' | 'close' | 'next' {
    const headersEnd = this.#pending.indexOf('\r\n\r\n', Math.max(0, this.#scanned - 3));
    if (headersEnd === -1) {
      this.#scanned = this.#pending.length;
      return this.#pending.length > this.limits.message ? this.#lost(this.#pending.length, 'the headers do not end') : 'ok';
    }
    const match = CONTENT_LENGTH.exec(this.#pending.slice(0, headersEnd + 2));
    const text = match === null ? '0' : (match[1] as string).trim();
    if (!/^\d{1,9}$/.test(text)) return this.#lost(headersEnd + 4, 'Content-Length must be a number');
    const end = headersEnd + 4 + Number(text);
    if (end > this.limits.message) return this.#lost(headersEnd + 4, 'the message is too large');
    if (this.#pending.length < end) {
      this.#scanned = headersEnd;
      return 'ok';
    }
    const message = this.#pending.slice(0, end);
    this.#drop(end);
    this.events.onMessage(parseMessage(message, this.limits));
    return 'next';
  }

  /** Reports what can be answered of a message whose end is unknown; nothing after it can be trusted. */
  #lost(upTo: number, reason: string): 'close' {
    const parsed = parseMessage(this.#pending.slice(0, Math.min(upTo, this.limits.message)), this.limits);
    const partial = parsed.ok && parsed.value.kind === 'request' ? { partial: parsed.value } : {};
    this.#pending = '';
    this.events.onMessage(parsed.ok
      ? { ok: false, error: { code: 'SIP_PARSE_CONTENT_LENGTH', message: reason, offset: -1, statusHint: 400, ...partial } }
      : parsed);
    return 'close';
  }

  #drop(count: number): void {
    this.#pending = this.#pending.slice(count);
    this.#scanned = 0;
  }
}
