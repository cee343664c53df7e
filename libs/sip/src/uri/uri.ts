/** SIP, SIPS and other URIs (RFC 3261 §19.1). Text is kept as received; parts are unescaped only where they are compared. */
import { fail, ok, type Result } from '#kernel';
import { NO_PARAMS, Params } from '../headers/params.js';
import type { SipParseError } from '../parser/error.js';

export class SipUri {
  constructor(
    /** In lower case. */
    readonly scheme: string,
    /** Escaped as received; undefined when there is none. */
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

  /** The user with escapes resolved: what a DN is compared with. */
  get userName(): string {
    return this.user === undefined ? '' : unescapeUri(this.user);
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

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;
/** RFC 3261 §25.1: unreserved, escaped, user-unreserved; and the password's characters. Bytes above 127 are let through. */
const USER = /^(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#\x80-\xff]|%[0-9A-Fa-f]{2})*$/;
const HOST = /^[A-Za-z0-9._-]+$/;
const IPV6 = /^[0-9A-Fa-f:.]+$/;
const NO_SPACE = /^[\x21-\x7e\x80-\xff]*$/;

const bad = (message: string, offset: number): Result<never, SipParseError> =>
  fail({ code: 'SIP_PARSE_URI', message, offset, statusHint: 400 });

/** Never throws. A URI of another scheme than sip and sips keeps its text only; whether it can be served is the caller's question. */
export function parseUri(text: string): Result<SipUri, SipParseError> {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, colon).toLowerCase();
  if (colon < 1 || !SCHEME.test(scheme)) return bad('a URI must start with a scheme and a colon', 0);
  if (!NO_SPACE.test(text)) return bad('a URI must not contain white space', 0);
  if (scheme !== 'sip' && scheme !== 'sips') return ok(new SipUri(scheme, undefined, undefined, '', undefined, NO_PARAMS, '', text));
  return parseSip(text, scheme, colon + 1);
}

function parseSip(text: string, scheme: string, from: number): Result<SipUri, SipParseError> {
  const at = text.indexOf('@', from);
  const userInfo = at === -1 ? undefined : text.slice(from, at);
  const afterUser = at === -1 ? from : at + 1;
  let question = text.indexOf('?', afterUser);
  if (question === -1) question = text.length;
  let semicolon = text.indexOf(';', afterUser);
  if (semicolon === -1 || semicolon > question) semicolon = question;
  const address = parseHostPort(text.slice(afterUser, semicolon));
  if (address === undefined) return bad('the host of a URI must be a name, an IPv4 address or an [IPv6] address, with a port from 0 to 65535', afterUser);
  let user: string | undefined;
  let password: string | undefined;
  if (userInfo !== undefined) {
    const colon = userInfo.indexOf(':');
    user = colon === -1 ? userInfo : userInfo.slice(0, colon);
    password = colon === -1 ? undefined : userInfo.slice(colon + 1);
    if (user === '' || !USER.test(user)) return bad('the user of a URI has a character that must be escaped', from);
  }
  const params = semicolon === question ? NO_PARAMS : new Params(text.slice(semicolon, question));
  return ok(new SipUri(scheme, user, password, address.host, address.port, params, text.slice(question + 1), text));
}

/** Host in lower case without brackets, and port; undefined when it is neither. */
export function parseHostPort(text: string): { host: string; port: number | undefined } | undefined {
  if (text.charCodeAt(0) === 0x5b) {
    const close = text.indexOf(']');
    const host = text.slice(1, close);
    if (close === -1 || !isIpv6(host)) return undefined;
    if (close === text.length - 1) return { host: host.toLowerCase(), port: undefined };
    return text[close + 1] === ':' ? withPort(host, text.slice(close + 2)) : undefined;
  }
  const colon = text.indexOf(':');
  const host = colon === -1 ? text : text.slice(0, colon);
  if (!HOST.test(host)) return undefined;
  return colon === -1 ? { host: host.toLowerCase(), port: undefined } : withPort(host, text.slice(colon + 1));
}

function withPort(host: string, text: string): { host: string; port: number } | undefined {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) return undefined;
  return { host: host.toLowerCase(), port: Number(text) };
}

/** The three colons of RFC 5118 §4.9 are let in: the specification's own bug, and what is meant is clear. */
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
  return text.replace(/[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/g, (char) =>
    [...Buffer.from(char, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''));
}

/** Parameters that must match when either URI has them (RFC 3261 §19.1.4). */
const MUST_MATCH = ['user', 'ttl', 'method', 'maddr', 'transport'];

/** Equality by RFC 3261 §19.1.4: not the same text, but the same resource. */
export function uriEquals(a: SipUri, b: SipUri): boolean {
  if (!a.isSip || !b.isSip) return a.text === b.text;
  if (a.scheme !== b.scheme || a.host !== b.host || a.port !== b.port) return false;
  if ((a.user === undefined) !== (b.user === undefined) || a.userName !== b.userName) return false;
  if (unescapeUri(a.password ?? '') !== unescapeUri(b.password ?? '')) return false;
  return paramsMatch(a, b) && headerSet(a.headers) === headerSet(b.headers);
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
