/** Where a message ends in a stream: its empty line and its Content-Length, found as `parseMessage` finds them. */
import { isBlank, isOf, isSpace, parseDigits, TOKEN } from '../headers/chars.js';
import { CONTENT_LENGTH, headerIdAt } from '../headers/header-names.js';

const COLON = 0x3a;
const LF = 0x0a;
const LOWER_C = 0x63;
const LOWER_L = 0x6c;

/** Larger than any body, small enough to count with. */
export const CONTENT_LENGTH_MAX = 999_999_999;

export type LengthProblem = 'absent' | 'unreadable' | 'repeated';

/** Offset after the empty line that ends the headers, looked for from `from`; -1 when it is not there yet. */
export function headersEnd(text: string, from: number): number {
  const end = text.indexOf('\n\r\n', from);
  const bare = text.indexOf('\n\n', from);
  if (bare !== -1 && (end === -1 || bare < end)) return bare + 2;
  return end === -1 ? -1 : end + 3;
}

/** The Content-Length in the lines before `end`; in a stream it must be there, once (RFC 3261 §18.3, §20.14). */
export function contentLengthIn(text: string, end: number): number | LengthProblem {
  let found = -1;
  for (let at = text.indexOf('\n') + 1; at > 0 && at < end; at = text.indexOf('\n', at) + 1) {
    const valueStart = lengthValue(text, at);
    if (valueStart === -1) continue;
    if (found !== -1) return 'repeated';
    found = parseDigits(text, CONTENT_LENGTH_MAX, ...valueBounds(text, valueStart));
    if (found === -1) return 'unreadable';
  }
  return found === -1 ? 'absent' : found;
}

/** Offset after the colon when the line at `from` is a Content-Length; -1 when it is another. */
function lengthValue(text: string, from: number): number {
  const first = text.charCodeAt(from) | 0x20;
  if (first !== LOWER_C && first !== LOWER_L) return -1;
  let at = from;
  while (isOf(TOKEN, text.charCodeAt(at))) at += 1;
  if (headerIdAt(text, from, at) !== CONTENT_LENGTH) return -1;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return text.charCodeAt(at) === COLON ? at + 1 : -1;
}

/** The value up to the end of its line or of its last fold, without white space round it. */
function valueBounds(text: string, from: number): [from: number, to: number] {
  let to = text.indexOf('\n', from);
  while (isBlank(text.charCodeAt(to + 1)) && text.indexOf('\n', to + 1) !== -1) to = text.indexOf('\n', to + 1);
  let start = from;
  while (start < to && isSpace(text.charCodeAt(start))) start += 1;
  while (to > start && (isSpace(text.charCodeAt(to - 1)) || text.charCodeAt(to - 1) === LF)) to -= 1;
  return [start, to];
}
