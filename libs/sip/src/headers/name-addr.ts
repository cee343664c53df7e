/** `"Display" <uri>;params` and its short form: From, To, Contact, Route, Record-Route, Path (RFC 3261 §20.10). */
import { fail, ok, type Result } from '#kernel';
import type { SipParseError } from '../parser/error.js';
import { parseUri, SipUri } from '../uri/uri.js';
import { NO_PARAMS, Params, unquote } from './params.js';

export class NameAddr {
  constructor(
    /** Without quotes; '' when there is none. */
    readonly display: string,
    readonly uriText: string,
    readonly uri: SipUri,
    readonly params: Params,
  ) {}

  get tag(): string | undefined {
    return this.params.get('tag');
  }

  toString(): string {
    return `<${this.uriText}>${this.params.text}`;
  }
}

const TOKENS = /^[A-Za-z0-9\-.!%*_+`'~ \t\x80-\xff]*$/;

const bad = (message: string): Result<never, SipParseError> =>
  fail({ code: 'SIP_PARSE_NAME_ADDR', message, offset: -1, statusHint: 400 });

/** Never throws. `text` is one list element, without leading or trailing white space. */
export function parseNameAddr(text: string): Result<NameAddr, SipParseError> {
  if (text.charCodeAt(0) === 0x3c) return bracketed('', text, 0);
  if (text.charCodeAt(0) === 0x22) {
    const end = closingQuote(text);
    if (end === -1) return bad('a display name has an opening quote only');
    const left = text.indexOf('<', end);
    if (left === -1 || text.slice(end + 1, left).trim() !== '') return bad('after a quoted display name comes <URI>');
    return bracketed(unquote(text.slice(0, end + 1)), text, left);
  }
  const left = text.indexOf('<');
  if (left === -1) return bare(text);
  const display = text.slice(0, left).trim();
  if (!TOKENS.test(display)) return bad('a display name with other than token characters must be quoted');
  return bracketed(display, text, left);
}

function bracketed(display: string, text: string, left: number): Result<NameAddr, SipParseError> {
  const right = text.indexOf('>', left);
  if (right === -1) return bad('a URI has an opening angle bracket only');
  const uriText = text.slice(left + 1, right);
  const semicolon = text.indexOf(';', right);
  if (text.slice(right + 1, semicolon === -1 ? text.length : semicolon).trim() !== '') return bad('after <URI> come parameters, each with a semicolon');
  return withUri(display, uriText, semicolon === -1 ? NO_PARAMS : new Params(text.slice(semicolon)));
}

/** Without brackets everything after the first semicolon belongs to the header, and a question mark is not allowed (§20). */
function bare(text: string): Result<NameAddr, SipParseError> {
  const semicolon = text.indexOf(';');
  const uriText = (semicolon === -1 ? text : text.slice(0, semicolon)).trim();
  if (uriText.includes('?') || uriText.includes(',')) return bad('a URI with a question mark or a comma must stand in angle brackets');
  return withUri('', uriText, semicolon === -1 ? NO_PARAMS : new Params(text.slice(semicolon)));
}

function withUri(display: string, uriText: string, params: Params): Result<NameAddr, SipParseError> {
  const uri = parseUri(uriText);
  return uri.ok ? ok(new NameAddr(display, uriText, uri.value, params)) : uri;
}

function closingQuote(text: string): number {
  for (let i = 1; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (char === 0x5c) i += 1;
    else if (char === 0x22) return i;
  }
  return -1;
}
