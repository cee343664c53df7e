/** SIP, SIPS (RFC 3261 §19.1), tel (RFC 3966) and other URIs. Text is kept as received; parts are unescaped only where they are compared. */
import { fail, ok, type Result } from '#kernel';
import { allOf, HEX, HOST, isOf, parseDigits, toLower, URI, USER } from '../headers/chars.js';
import { NO_PARAMS, Params } from '../headers/params.js';
import type { SipParseError } from '../parser/error.js';

/** RFC 3966 §3. */
const VISUAL_SEPARATORS = /[().-]/g;

export class SipUri {
  constructor(
    /** In lower case. */
    readonly scheme: string,
    /** Escaped as received, the number of a tel URI; undefined when there is none. */
    readonly user: string | undefined,
    readonly password: string | undefined,
    /** In lower case; an IPv6 address without its brackets. Empty for schemes without a host, such as tel. */
    readonly host: string,
    readonly port: number | undefined,
    readonly params: Params,
    /** What follows the question mark, without it. */
    readonly headers: string,
    /** The whole URI as received. */
    readonly text: string,
  ) {}

  get isSip(): boolean {
    return this.scheme === 'sip' || this.scheme === 'sips';
  }

  /** The user with escapes resolved, the number of a tel URI without visual separators: what a DN is compared with. */
  get userName(): string {
    if (this.user === undefined) return '';
    return this.scheme === 'tel' ? this.user.replace(VISUAL_SEPARATORS, '') : unescapeUri(this.user);
  }

  get transport(): string | undefined {
    return this.params.get('transport')?.toLowerCase();
  }

  /** `host` with brackets where the grammar wants them, and the port when there is one. */
  get hostPort(): string {
    return hostPort(this.host, this.port);
  }
}

export function hostPort(host: string, port: number | undefined): string {
  const written = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? written : `${written}:${port}`;
}

const SCHEME = /^[a-z][a-z0-9+.-]*$/;
const PORT_MAX = 65_535;
const AT = 0x40;
const COLON = 0x3a;
const PERCENT = 0x25;
const LEFT_BRACKET = 0x5b;

const bad = (message: string, offset: number): Result<never, SipParseError> =>
  fail({ code: 'SIP_PARSE_URI', message, offset, statusHint: 400 });

/**
 * Never throws. A URI of another scheme than sip, sips and tel keeps its text only; whether it can be served is the
 * caller's question.
 */
export function parseUri(text: string): Result<SipUri, SipParseError> {
  const colon = text.indexOf(':');
  const isSip = text.startsWith('sip:');
  const scheme = isSip ? 'sip' : text.slice(0, Math.max(colon, 0)).toLowerCase();
  if (!isSip && !SCHEME.test(scheme)) return bad('a URI must start with a scheme and a colon', 0);
  if (!allOf(URI, text, colon + 1, text.length)) return bad('a URI must not contain white space, controls or angle brackets', 0);
  if (scheme === 'sip' || scheme === 'sips') return parseSip(text, scheme, colon + 1);
  if (scheme === 'tel') return parseTel(text, colon + 1);
  return ok(new SipUri(scheme, undefined, undefined, '', undefined, NO_PARAMS, '', text));
}

function parseSip(text: string, scheme: string, from: number): Result<SipUri, SipParseError> {
  const at = text.indexOf('@', from);
  const afterUser = at === -1 ? from : at + 1;
  let question = text.indexOf('?', afterUser);
  if (question === -1) question = text.length;
  let semicolon = text.indexOf(';', afterUser);
  if (semicolon === -1 || semicolon > question) semicolon = question;
  const address = parseHostPort(text, afterUser, semicolon);
  if (address === undefined) return bad('the host of a URI must be a name, an IPv4 address or an [IPv6] address, with a port from 0 to 65535', afterUser);
  let user: string | undefined;
  let password: string | undefined;
  if (at !== -1) {
    let userEnd = from;
    while (text.charCodeAt(userEnd) !== COLON && text.charCodeAt(userEnd) !== AT) userEnd += 1;
    if (userEnd === from || !isUser(text, from, userEnd)) return bad('the user of a URI is empty or has a character that must be escaped', from);
    user = text.slice(from, userEnd);
    password = userEnd === at ? undefined : text.slice(userEnd + 1, at);
  }
  const params = semicolon === question ? NO_PARAMS : new Params(text.slice(semicolon, question));
  return ok(new SipUri(scheme, user, password, address.host, address.port, params, text.slice(question + 1), text));
}

/** RFC 3966 §3: the number with its visual separators is the user; there is no host. */
function parseTel(text: string, from: number): Result<SipUri, SipParseError> {
  let semicolon = text.indexOf(';', from);
  if (semicolon === -1) semicolon = text.length;
  const number = text.slice(from, semicolon);
  if (!/^\+?[0-9A-Fa-f*#().-]*[0-9A-Fa-f*#][().-]*$/.test(number)) return bad('a tel URI must have digits', from);
  const params = semicolon === text.length ? NO_PARAMS : new Params(text.slice(semicolon));
  return ok(new SipUri('tel', number, undefined, '', undefined, params, '', text));
}

function isUser(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (!isOf(USER, code)) return false;
    if (code === PERCENT && (at + 2 >= to || !allOf(HEX, text, at + 1, at + 3))) return false;
  }
  return true;
}

/** Host in lower case without brackets, and port; undefined when it is neither. */
export function parseHostPort(text: string, from = 0, to = text.length): { host: string; port: number | undefined } | undefined {
  const hostEnd = text.charCodeAt(from) === LEFT_BRACKET ? closingBracket(text, from, to) : nameEnd(text, from, to);
  if (hostEnd === -1) return undefined;
  const host = toLower(text.charCodeAt(from) === LEFT_BRACKET ? text.slice(from + 1, hostEnd - 1) : text.slice(from, hostEnd));
  if (hostEnd === to) return { host, port: undefined };
  const port = text.charCodeAt(hostEnd) === COLON && to - hostEnd <= 6 ? parseDigits(text, PORT_MAX, hostEnd + 1, to) : -1;
  return port === -1 ? undefined : { host, port };
}

/** Where a name or IPv4 address ends; -1 when there is none. */
function nameEnd(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && isOf(HOST, text.charCodeAt(at))) at += 1;
  return at === from ? -1 : at;
}

/** After the bracket that closes an IPv6 address; -1 when it is none. */
function closingBracket(text: string, from: number, to: number): number {
  const close = text.indexOf(']', from);
  return close !== -1 && close < to && isIpv6(text.slice(from + 1, close)) ? close + 1 : -1;
}

const IPV6 = /^[0-9A-Fa-f:.]+$/;

/** The three colons of RFC 5118 §4.10 are let in: the specification's own bug, and what is meant is clear. */
function isIpv6(text: string): boolean {
  return IPV6.test(text) && text.includes(':') && text.split(':').length <= 9;
}

/** Resolves %-escapes once; a stray percent sign stays. */
export function unescapeUri(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Escapes what may not stand in the user part. */
export function escapeUser(text: string): string {
  return text.replace(/[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/gu, (char) =>
    [...Buffer.from(char, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''));
}

/** Parameters that must match when either URI has them (RFC 3261 §19.1.4). */
const MUST_MATCH = ['user', 'ttl', 'method', 'maddr', 'transport'];

/** Equality by RFC 3261 §19.1.4 and RFC 3966 §4: not the same text, but the same resource. */
export function uriEquals(a: SipUri, b: SipUri): boolean {
  if (a.scheme === 'tel' && b.scheme === 'tel') return telEquals(a, b);
  if (!a.isSip || !b.isSip) return a.text === b.text;
  if (a.scheme !== b.scheme || a.host !== b.host || a.port !== b.port) return false;
  if ((a.user === undefined) !== (b.user === undefined) || a.userName !== b.userName) return false;
  if (unescapeUri(a.password ?? '') !== unescapeUri(b.password ?? '')) return false;
  return paramsMatch(a, b) && headerSet(a.headers) === headerSet(b.headers);
}

/** RFC 3966 §4: the same number, and every parameter of either in both. */
function telEquals(a: SipUri, b: SipUri): boolean {
  const number = (uri: SipUri): string => uri.userName.toLowerCase();
  const params = a.params.entries();
  return number(a) === number(b) && params.length === b.params.entries().length
    && params.every(([name]) => b.params.has(name) && value(a, name) === value(b, name));
}

function paramsMatch(a: SipUri, b: SipUri): boolean {
  if (a.params.text === b.params.text) return true;
  for (const name of MUST_MATCH) if (value(a, name) !== value(b, name)) return false;
  return a.params.entries().every(([name]) => !b.params.has(name) || value(a, name) === value(b, name));
}

const value = (uri: SipUri, name: string): string | undefined => {
  const text = uri.params.get(name);
  return text === undefined ? undefined : unescapeUri(text).toLowerCase();
};

const headerSet = (headers: string): string => headers.split('&').map((pair) => unescapeUri(pair)).sort().join('&');
