/** CSeq (RFC 3261 §20.16): a number below 2^31 and the method. */
import { fail, ok, type Result } from '#kernel';
import type { SipParseError } from '../parser/error.js';
import { allOf, isBlank, parseDigits, TOKEN } from './chars.js';

export interface CSeq {
  readonly seq: number;
  readonly method: string;
}

const SEQ_MAX = 2 ** 31 - 1;

export function parseCSeq(text: string): Result<CSeq, SipParseError> {
  let blank = 0;
  while (blank < text.length && !isBlank(text.charCodeAt(blank))) blank += 1;
  let from = blank;
  while (isBlank(text.charCodeAt(from))) from += 1;
  const seq = parseDigits(text, SEQ_MAX, 0, blank);
  if (seq === -1 || from === text.length || !allOf(TOKEN, text, from, text.length)) {
    return fail({ code: 'SIP_PARSE_CSEQ', message: 'CSeq must be a number below 2147483648 and the method', offset: -1, statusHint: 400 });
  }
  return ok({ seq, method: text.slice(from) });
}
