/** CSeq (RFC 3261 §20.16): a number below 2^31 and the method. */
import { fail, ok, type Result } from '#kernel';
import type { SipParseError } from '../parser/error.js';

export interface CSeq {
  readonly seq: number;
  readonly method: string;
}

const CSEQ = /^(\d{1,20})[ \t]+(\S+)$/;
const LIMIT = 2 ** 31;

export function parseCSeq(text: string): Result<CSeq, SipParseError> {
  const match = CSEQ.exec(text);
  if (match === null || Number(match[1]) >= LIMIT) {
    return fail({ code: 'SIP_PARSE_CSEQ', message: 'CSeq must be a number below 2147483648 and the method', offset: -1, statusHint: 400 });
  }
  return ok({ seq: Number(match[1]), method: match[2] as string });
}
