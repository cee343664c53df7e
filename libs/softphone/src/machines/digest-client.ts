/** The holder of a password answers challenges (RFC 7616 §3.4, RFC 8760); a nonce is used again until it is stale. */
import { type DigestAlgorithm, type DigestCredentials, digestResponse, type HeaderLine, parseDigestParameters, quote, type SipResponse } from '#sip';

interface Challenge {
  readonly header: 'Authorization' | 'Proxy-Authorization';
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  readonly opaque: string | undefined;
  readonly qop: boolean;
  count: number;
}

const HEADERS = [['WWW-Authenticate', 'Authorization'], ['Proxy-Authenticate', 'Proxy-Authorization']] as const;
/** Best first. */
const ALGORITHMS: readonly DigestAlgorithm[] = ['SHA-256', 'SHA-256-sess', 'MD5', 'MD5-sess'];

export class DigestClient {
  #challenge: Challenge | undefined;

  constructor(private readonly username: string, private readonly password: string) {}

  /** Learns from a 401 or 407. False when it offers nothing we can answer. */
  onChallenge(response: SipResponse): boolean {
    const offered = HEADERS.flatMap(([from, header]) => response.headers(from).map((value) => challengeIn(value, header)));
    this.#challenge = ALGORITHMS.map((algorithm) => offered.find((each) => each?.algorithm === algorithm)).find((each) => each !== undefined);
    return this.#challenge !== undefined;
  }

  /** The credentials for a request, once there was a challenge. `cnonce`: fresh random digits. */
  authorization(method: string, uri: string, cnonce: string): HeaderLine | undefined {
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    challenge.count += 1;
    const { realm, nonce, algorithm, opaque, header, qop } = challenge;
    const counted = qop ? { qop: 'auth', nc: challenge.count.toString(16).padStart(8, '0'), cnonce } : { qop: undefined, nc: undefined, cnonce };
    const credentials = { username: this.username, realm, nonce, uri, algorithm, ...counted };
    return [header, asText({ ...credentials, opaque, response: digestResponse(credentials, method, this.password) })];
  }
}

function challengeIn(value: string, header: Challenge['header']): Challenge | undefined {
  const parameters = parseDigestParameters(value);
  const algorithm = ALGORITHMS.find((each) => each.toLowerCase() === (parameters?.get('algorithm') ?? 'MD5').toLowerCase());
  const [realm, nonce] = [parameters?.get('realm'), parameters?.get('nonce')];
  if (parameters === undefined || algorithm === undefined || realm === undefined || nonce === undefined) return undefined;
  const qop = parameters.get('qop')?.split(',').some((each) => each.trim() === 'auth') ?? false;
  return { header, realm, nonce, algorithm, opaque: parameters.get('opaque'), qop, count: 0 };
}

function asText({ username, realm, nonce, uri, response, algorithm, opaque, qop, nc, cnonce }: DigestCredentials): string {
  const counted = qop === undefined ? '' : `, qop=auth, nc=${nc}, cnonce=${quote(cnonce ?? '')}`;
  const marked = opaque === undefined ? '' : `, opaque=${quote(opaque)}`;
  return `Digest username=${quote(username)}, realm=${quote(realm)}, nonce=${quote(nonce)}, uri=${quote(uri)}, `
    + `response=${quote(response)}, algorithm=${algorithm}${marked}${counted}`;
}
