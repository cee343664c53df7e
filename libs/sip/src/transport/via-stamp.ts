/**
 * Where a request really came from, written into its top Via: RFC 3261 §18.2.1 and RFC 3581 §4. Done on the text before
 * it is parsed, because that costs one splice and no second look at the message.
 */

import { DIGIT, isBlank, isNameAt, isOf, isSpace } from '../headers/chars.js';

export interface Source {
  readonly host: string;
  readonly port: number;
}

/**
 * When `received` and `rport` are written. `asked`: as the RFCs say. `always`: also when the sender did not ask for
 * `rport`, so that whoever gets the request next knows its source; responses still go where §18.2.2 says.
 */
export type StampPolicy = 'asked' | 'always';

export interface Stamped {
  readonly text: string;
  /** The port for responses when it is not the source port: the sender did not ask for `rport`. */
  readonly replyPort: number | undefined;
}

const DEFAULT_PORT = 5060;
const QUOTE = 0x22;
const COMMA = 0x2c;
const SLASH = 0x2f;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const LEFT_BRACKET = 0x5b;
const RIGHT_BRACKET = 0x5d;
const BACKSLASH = 0x5c;

/** One Via element with the source in it. A `received` or `rport` value of the sender's own making is not believed. */
export function stampVia(via: string, source: Source, policy: StampPolicy): Stamped {
  const mark = `;rport=${source.port};received=${source.host}`;
  let text = '';
  let copied = 0;
  let asked = false;
  for (let from = nextSemicolon(via, 0); from < via.length;) {
    const to = nextSemicolon(via, from + 1);
    const asksHere: boolean = !asked && isParameter('rport', via, from + 1, to, false);
    if (asksHere || isParameter('received', via, from + 1, to, true) || policy === 'always' && isParameter('rport', via, from + 1, to, true)) {
      text += via.slice(copied, from) + (asksHere ? mark : '');
      copied = to;
    }
    asked ||= asksHere;
    from = to;
  }
  text += via.slice(copied);
  if (asked) return { text, replyPort: undefined };
  const sentBy = sentByOf(via);
  const replyPort = sentBy === undefined || sentBy.port === source.port ? undefined : sentBy.port;
  if (policy === 'always') text += mark;
  else if (sentBy?.host !== source.host) text += `;received=${source.host}`;
  return { text, replyPort };
}

/** Whether the parameter from `from` to `to` has that name, and a value or none. */
function isParameter(name: string, text: string, from: number, to: number, hasValue: boolean): boolean {
  let at = from;
  while (at < to && isSpace(text.charCodeAt(at))) at += 1;
  if (to - at < name.length || !isNameAt(name, text, at)) return false;
  at += name.length;
  while (at < to && isSpace(text.charCodeAt(at))) at += 1;
  return hasValue ? at < to && text.charCodeAt(at) === EQUALS : at === to;
}

/** The next semicolon outside quotes, or the length of the text. */
function nextSemicolon(text: string, from: number): number {
  const semicolon = text.indexOf(';', from);
  const quote = text.indexOf('"', from);
  if (quote === -1 || quote > semicolon) return semicolon === -1 ? text.length : semicolon;
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted && code === BACKSLASH) at += 1;
    else if (code === QUOTE) quoted = !quoted;
    else if (code === SEMICOLON && !quoted) return at;
  }
  return text.length;
}

/** Undefined when the text is no Via. */
function sentByOf(via: string): { readonly host: string; readonly port: number } | undefined {
  let at = skipWord(via, afterSlash(via, afterSlash(via, 0)));
  const bracketed = via.charCodeAt(at) === LEFT_BRACKET;
  const from = bracketed ? at + 1 : at;
  while (at < via.length && !endsHost(via.charCodeAt(at), bracketed)) at += 1;
  if (at <= from) return undefined;
  const host = via.slice(from, at);
  if (via.charCodeAt(at) === RIGHT_BRACKET) at += 1;
  at = skipSpace(via, at);
  if (via.charCodeAt(at) !== COLON) return { host, port: DEFAULT_PORT };
  at = skipSpace(via, at + 1);
  let port = 0;
  const digits = at;
  for (; isOf(DIGIT, via.charCodeAt(at)); at += 1) port = port * 10 + via.charCodeAt(at) - 0x30;
  return { host, port: at === digits ? DEFAULT_PORT : port };
}

/** A colon ends a name, and stands inside an address in brackets. */
function endsHost(code: number, bracketed: boolean): boolean {
  if (bracketed) return code === RIGHT_BRACKET;
  return isSpace(code) || code === COLON || code === SEMICOLON || code === COMMA;
}

function afterSlash(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== SLASH) at += 1;
  return skipSpace(text, at + 1);
}

/** After the word at `from` and the white space behind it. */
function skipWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isSpace(text.charCodeAt(at))) at += 1;
  return skipSpace(text, at);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** The same for a whole message. Responses, and what has no Via, come back as they are. */
export function stampMessage(bytes: string, source: Source, policy: StampPolicy): Stamped {
  if (bytes.startsWith('SIP/')) return { text: bytes, replyPort: undefined };
  const from = topViaValue(bytes);
  if (from < 0) return { text: bytes, replyPort: undefined };
  const to = endOfElement(bytes, from);
  const { text, replyPort } = stampVia(bytes.slice(from, to), source, policy);
  return { text: bytes.slice(0, from) + text + bytes.slice(to), replyPort };
}

/** Where the value of the first Via line begins; -1 when the header section has none. */
function topViaValue(bytes: string): number {
  for (let line = bytes.indexOf('\n') + 1; line > 0 && line < bytes.length; line = bytes.indexOf('\n', line) + 1) {
    const first = bytes.charCodeAt(line);
    if (first === 13 || first === 10) return -1;
    if (first !== 86 && first !== 118) continue;
    const colon = bytes.indexOf(':', line);
    if (colon < 0 || colon - line > 16) continue;
    const name = bytes.slice(line, colon).trimEnd().toLowerCase();
    if (name === 'via' || name === 'v') return colon + 1;
  }
  return -1;
}

/** The end of the first list element: a comma outside quotes, or the end of the (folded) field, without trailing blanks. */
function endOfElement(bytes: string, from: number): number {
  let quoted = false;
  let at = from;
  for (; at < bytes.length; at += 1) {
    const char = bytes.charCodeAt(at);
    if (quoted && char === BACKSLASH) at += 1;
    else if (char === QUOTE) quoted = !quoted;
    else if (char === COMMA && !quoted) break;
    else if (char === 10 && !isBlank(bytes.charCodeAt(at + 1))) break;
  }
  while (at > from && isSpace(bytes.charCodeAt(at - 1))) at -= 1;
  return at;
}
