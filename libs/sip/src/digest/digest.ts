/** Digest access authentication for SIP (RFC 3261 §22, RFC 7616, RFC 8760): MD5 and SHA-256, with and without -sess, qop auth. */
import { hash as hashOnce, timingSafeEqual } from 'node:crypto';
import { quote, unquote } from '../headers/params.js';

export type DigestAlgorithm = 'MD5' | 'MD5-sess' | 'SHA-256' | 'SHA-256-sess';

export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  readonly opaque?: string;
  readonly stale?: boolean;
}

/** What a client sent in Authorization. Values are unquoted. */
export interface DigestCredentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  readonly qop: string | undefined;
  readonly nc: string | undefined;
  readonly cnonce: string | undefined;
  readonly opaque: string | undefined;
}

const ALGORITHMS: readonly DigestAlgorithm[] = ['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess'];

/** The value of WWW-Authenticate. qop auth is always offered: without it nothing stops a replay. */
export function makeChallenge(challenge: DigestChallenge): string {
  const opaque = challenge.opaque === undefined ? '' : `, opaque=${quote(challenge.opaque)}`;
  const stale = challenge.stale === true ? ', stale=true' : '';
  return `Digest realm=${quote(challenge.realm)}, nonce=${quote(challenge.nonce)}${opaque}, algorithm=${challenge.algorithm}, qop="auth"${stale}`;
}

const DIGEST = /^Digest\s+/i;
const PARAMETER = /([A-Za-z0-9-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]+)\s*(?:,\s*|$)/gy;

/** Name and value of each parameter after `Digest`, names in lower case; undefined when the text is something else. */
export function parseDigestParameters(value: string): ReadonlyMap<string, string> | undefined {
  const scheme = DIGEST.exec(value);
  if (scheme === null || value.length > 4_096) return undefined;
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = scheme[0].length;
  for (let match = PARAMETER.exec(value); match !== null; match = PARAMETER.exec(value)) {
    const name = (match[1] as string).toLowerCase();
    if (parameters.has(name)) return undefined;
    parameters.set(name, unquote(match[2] as string));
    if (PARAMETER.lastIndex === value.length) return parameters;
  }
  return undefined;
}

/** Undefined when the header is not usable Digest credentials. */
export function parseAuthorization(value: string): DigestCredentials | undefined {
  const parameters = parseDigestParameters(value);
  const algorithm = ALGORITHMS.find((each) => each.toLowerCase() === (parameters?.get('algorithm') ?? 'MD5').toLowerCase());
  if (parameters === undefined || algorithm === undefined) return undefined;
  const [username, realm, nonce, uri, response] = ['username', 'realm', 'nonce', 'uri', 'response'].map((name) => parameters.get(name));
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined || response === undefined) return undefined;
  const qop = parameters.get('qop');
  const nc = parameters.get('nc');
  const cnonce = parameters.get('cnonce');
  if (qop !== undefined && (qop !== 'auth' || cnonce === undefined || !/^[0-9a-f]{8}$/i.test(nc ?? ''))) return undefined;
  return { username, realm, nonce, uri, response, algorithm, qop, nc, cnonce, opaque: parameters.get('opaque') };
}

/** The response that a holder of the password gives to these credentials' nonce, qop and counters (RFC 7616 §3.4). */
export function digestResponse(credentials: Omit<DigestCredentials, 'response' | 'opaque'>, method: string, password: string): string {
  const { username, realm, nonce, uri, algorithm, qop, nc, cnonce } = credentials;
  const hash = algorithm.startsWith('SHA-256') ? sha256 : md5;
  const secret = hash(`${username}:${realm}:${password}`);
  const a1 = algorithm.endsWith('-sess') ? hash(`${secret}:${nonce}:${cnonce ?? ''}`) : secret;
  const a2 = hash(`${method}:${uri}`);
  return qop === undefined ? hash(`${a1}:${nonce}:${a2}`) : hash(`${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}`);
}

/** Compared in constant time. Nonce and realm are the caller's to check. */
export function verifyDigest(credentials: DigestCredentials, method: string, password: string): boolean {
  const expected = Buffer.from(digestResponse(credentials, method, password), 'latin1');
  const given = Buffer.from(credentials.response.toLowerCase(), 'latin1');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const md5 = (text: string): string => hashOnce('md5', text);
const sha256 = (text: string): string => hashOnce('sha256', text);
