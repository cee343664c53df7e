/** `"Display" <uri>;params` and its short form: From, To, Contact, Route, Record-Route, Path (RFC 3261 §20.10). */
import { fail, ok, type Result } from '#kernel';
import type { SipParseError } from '../parser/error.js';
import { parseUri, type SipUri } from '../uri/uri.js';
import { isBlank, isOf, isSpace, TOKEN, trimmed } from './chars.js';
import { NO_PARAMS, Params, unquote } from './params.js';

export class NameAddr {
  constructor(
    /** As it stands in the message. */
    private readonly displayText: string,
    readonly uriText: string,
    readonly uri: SipUri,
    readonly params: Params,
  ) {}

  /** Without quotes; '' when there is none. */
  get display(): string {
    return unquote(this.displayText);
  }

  get tag(): string | undefined {
    return this.params.get('tag');
  }

  toString(): string {
    return `<${this.uriText}>${this.params.text}`;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LEFT = 0x3c;

const bad = (message: string): Result<never, SipParseError> =>
  fail({ code: 'SIP_PARSE_NAME_ADDR', message, offset: -1, statusHint: 400 });

/** Never throws. `text` is one list element, without leading or trailing white space. */
export function parseNameAddr(text: string): Result<NameAddr, SipParseError> {
  const first = text.charCodeAt(0);
  if (first === LEFT) return bracketed('', text, 0);
  if (first === QUOTE) {
    const end = closingQuote(text);
    if (end === -1) return bad('a display name has an opening quote only');
    const left = skipSpace(text, end + 1);
    if (text.charCodeAt(left) !== LEFT) return bad('after a quoted display name comes <URI>');
    return bracketed(text.slice(0, end + 1), text, left);
  }
  const left = text.indexOf('<');
  if (left === -1) return bare(text);
  if (!areTokens(text, left)) return bad('a display name with other than token characters must be quoted');
  return bracketed(trimmed(text, 0, left), text, left);
}

function bracketed(displayText: string, text: string, left: number): Result<NameAddr, SipParseError> {
  const right = text.indexOf('>', left);
  if (right === -1) return bad('a URI has an opening angle bracket only');
  const semicolon = skipSpace(text, right + 1);
  const uriText = text.slice(left + 1, right);
  if (semicolon === text.length) return withUri(displayText, uriText, NO_PARAMS);
  if (text[semicolon] !== ';') return bad('after <URI> come parameters, each with a semicolon');
  return withUri(displayText, uriText, new Params(text.slice(semicolon)));
}

/** Without brackets everything after the first semicolon belongs to the header, and a question mark is not allowed (§20). */
function bare(text: string): Result<NameAddr, SipParseError> {
  const semicolon = text.indexOf(';');
  const uriText = trimmed(text, 0, semicolon === -1 ? text.length : semicolon);
  if (uriText.includes('?') || uriText.includes(',')) return bad('a URI with a question mark or a comma must stand in angle brackets');
  return withUri('', uriText, semicolon === -1 ? NO_PARAMS : new Params(text.slice(semicolon)));
}

function withUri(displayText: string, uriText: string, params: Params): Result<NameAddr, SipParseError> {
  const uri = parseUri(uriText);
  return uri.ok ? ok(new NameAddr(displayText, uriText, uri.value, params)) : uri;
}

/** Tokens and white space; bytes above 127 are let through, since names in UTF-8 come unquoted. */
function areTokens(text: string, to: number): boolean {
  for (let at = 0; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80 && !isOf(TOKEN, code) && !isBlank(code)) return false;
  }
  return true;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function closingQuote(text: string): number {
  for (let at = 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return -1;
}
