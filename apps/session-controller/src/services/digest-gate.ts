/** Lets a device in when it proves its password: challenge, check, nonces that expire and are not replayed (PRX-04, RFC 7616). */
import { createHash } from 'node:crypto';
import type { ClusterConfig } from '#config';
import type { Clock, Counter, Entropy, Meter } from '#kernel';
import {
  type DigestAlgorithm, type DigestCredentials, type HeaderLine, makeChallenge, NonceKeeper, parseAuthorization, type SipRequest,
  verifyDigest,
} from '#sip';

export interface DigestGatePorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly meter: Meter;
}

export interface DigestGateSettings {
  readonly realm: string;
  readonly algorithms: readonly DigestAlgorithm[];
  readonly nonceLifetimeMs: number;
  /** The same at all session controllers of the cluster: a challenge of one may be answered at another. */
  readonly secret: Uint8Array;
}

export type GateVerdict =
  | { readonly kind: 'passed' }
  /** 401, with a challenge. */
  | { readonly kind: 'refused'; readonly headers: readonly HeaderLine[] };

const USED_NONCES_MAX = 100_000;

export class DigestGate {
  readonly #nonces: NonceKeeper;
  readonly #failed: Counter;

  constructor(private readonly ports: DigestGatePorts, private readonly settings: DigestGateSettings) {
    this.#nonces = new NonceKeeper({
      secret: settings.secret, lifetimeMs: settings.nonceLifetimeMs, usedMax: USED_NONCES_MAX,
    }, ports.entropy);
    this.#failed = ports.meter.counter('sc_authentication_failures_total', 'Requests with a wrong digest');
  }

  /** Wrong credentials get a new challenge, so that the phone may ask its user (RFC 3261 §22.1). */
  check(request: SipRequest, dn: string, password: string): GateVerdict {
    const credentials = this.#credentials(request);
    if (credentials === undefined) return this.#challenge(false);
    const nowMs = this.ports.clock.nowMs();
    if (!this.#fits(credentials, dn) || !verifyDigest(credentials, request.method, password)) {
      this.#failed.add();
      return this.#challenge(false);
    }
    switch (this.#nonces.use(credentials.nonce, credentials.nc, nowMs)) {
      case 'fresh': return { kind: 'passed' };
      case 'stale': return this.#challenge(true);
      // The digest is right, the nonce is not: a restarted cluster, or a replay. Neither says that the password is wrong.
      case 'forged':
      case 'replayed': return this.#challenge(true);
    }
  }

  #credentials(request: SipRequest): DigestCredentials | undefined {
    for (const value of request.headers('Authorization')) {
      const credentials = parseAuthorization(value);
      if (credentials?.realm === this.settings.realm) return credentials;
    }
    return undefined;
  }

  /** A weaker algorithm than those offered would be a downgrade. */
  #fits(credentials: DigestCredentials, dn: string): boolean {
    return credentials.username === dn && this.settings.algorithms.includes(credentials.algorithm);
  }

  #challenge(stale: boolean): GateVerdict {
    const nonce = this.#nonces.make(this.ports.clock.nowMs());
    return {
      kind: 'refused',
      headers: this.settings.algorithms.map((algorithm): HeaderLine =>
        ['WWW-Authenticate', makeChallenge({ realm: this.settings.realm, nonce, algorithm, stale })]),
    };
  }
}

/** Known to whoever has the configuration, and to nobody else. */
export function nonceSecret(config: ClusterConfig): Uint8Array {
  const hash = createHash('sha256').update(`nonces of ${config.switchName}\n`);
  for (const dn of config.dns.values()) {
    const password = dn.options.get('password');
    if (password !== undefined) hash.update(`${dn.number}\n${password}\n`);
  }
  return hash.digest();
}
