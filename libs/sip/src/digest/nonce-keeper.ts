/**
 * Nonces that need no memory until they are used: time and randomness under a keyed hash (RFC 7616 §5.4). Only the
 * highest counter seen of each used nonce is kept, against replays, in a table with a bound.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Entropy } from '#kernel';

export interface NonceOptions {
  /** Any member of the cluster that has the same secret accepts the nonce. */
  readonly secret: Uint8Array;
  readonly lifetimeMs: number;
  /** Used nonces remembered at once. Beyond it the oldest is forgotten and answered `stale`. */
  readonly usedMax: number;
}

/** `stale`: the client may try again with a new nonce without asking its user; `forged`: not one of ours. */
export type NonceVerdict = 'fresh' | 'stale' | 'forged' | 'replayed';

const TIME_DIGITS = 11;
const RANDOM_DIGITS = 12;
const MAC_DIGITS = 32;

export class NonceKeeper {
  /** Highest nc by nonce, oldest use first. */
  readonly #used = new Map<string, number>();
  /** Nonces made before this were forgotten: what is older cannot be told from a replay. */
  #forgottenBeforeMs = 0;

  /** Made once: a key of bytes would be wrapped and checked for each nonce. */
  readonly #key: KeyObject;

  constructor(private readonly options: NonceOptions, private readonly entropy: Entropy) {
    this.#key = createSecretKey(options.secret);
  }

  make(nowMs: number): string {
    const body = Math.floor(nowMs).toString(16).padStart(TIME_DIGITS, '0') + this.entropy.hex(RANDOM_DIGITS);
    return body + this.#mac(body);
  }

  /** `nc` undefined stands for a client without qop; its nonce serves once. */
  use(nonce: string, nc: string | undefined, nowMs: number): NonceVerdict {
    const body = nonce.slice(0, TIME_DIGITS + RANDOM_DIGITS);
    if (nonce.length !== body.length + MAC_DIGITS || !this.#isOurs(body, nonce)) return 'forged';
    const madeMs = Number.parseInt(body.slice(0, TIME_DIGITS), 16);
    if (nowMs - madeMs > this.options.lifetimeMs || madeMs < this.#forgottenBeforeMs) return 'stale';
    const count = nc === undefined ? 1 : Number.parseInt(nc, 16);
    if (count <= (this.#used.get(nonce) ?? 0)) return 'replayed';
    this.#remember(nonce, count);
    return 'fresh';
  }

  #remember(nonce: string, count: number): void {
    this.#used.delete(nonce);
    // A copy: what was cut out of a message would keep the whole message.
    this.#used.set(Buffer.from(nonce, 'latin1').toString('latin1'), count);
    if (this.#used.size <= this.options.usedMax) return;
    const [oldest] = this.#used.keys();
    this.#used.delete(oldest as string);
    this.#forgottenBeforeMs = Math.max(this.#forgottenBeforeMs, Number.parseInt((oldest as string).slice(0, TIME_DIGITS), 16) + 1);
  }

  #isOurs(body: string, nonce: string): boolean {
    return timingSafeEqual(Buffer.from(nonce.slice(body.length), 'latin1'), Buffer.from(this.#mac(body), 'latin1'));
  }

  #mac(body: string): string {
    return createHmac('sha256', this.#key).update(body, 'latin1').digest('hex').slice(0, MAC_DIGITS);
  }
}
