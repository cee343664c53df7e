/**
 * The user part of our Record-Route: which flow leads to the outside end of a dialog, and which proxy holds it. Sealed with
 * the cluster's secret, so that every proxy can open it, nobody else can read or make one, and no address of the
 * cluster is shown (PRX-13).
 */
import { createHash, createHmac } from 'node:crypto';
import type { TransportName } from '#sip';

export interface OutsideFlow {
  readonly transport: TransportName;
  /** IP address and port of the outside end. */
  readonly host: string;
  readonly port: number;
  /** Application name of the proxy that sealed it: a connection or a NAT binding exists only there. */
  readonly holder: string;
}

const TAG_BYTES = 8;
const HOLDER_DIGITS = 8;
/** Sealing is a few microseconds, looking up is not; a table that is full starts anew. */
const REMEMBERED_MAX = 65_536;
const TOKEN_LENGTH_MAX = 120;

const LETTER_OF: Readonly<Record<TransportName, string>> = { udp: 'u', tcp: 't', tls: 's' };
const TRANSPORT_OF: Readonly<Record<string, TransportName>> = { u: 'udp', t: 'tcp', s: 'tls' };

export class FlowSeal {
  readonly #key: Buffer;
  readonly #holders = new Map<string, string>();
  readonly #digits = new Map<string, string>();
  readonly #sealed = new Map<string, string>();
  readonly #opened = new Map<string, OutsideFlow | undefined>();

  /** @param holders names of all proxies of the cluster */
  constructor(secret: string, private readonly self: string, holders: readonly string[]) {
    this.#key = createHash('sha256').update(secret, 'utf8').digest();
    for (const name of [self, ...holders]) {
      this.#holders.set(holderDigits(name), name);
      this.#digits.set(name, holderDigits(name));
    }
  }

  /** A token for a flow of this proxy, or of the one that holds it. */
  seal(transport: TransportName, host: string, port: number, holder = this.self): string {
    const plain = `${LETTER_OF[transport]}${this.#digitsOf(holder)}${port}/${host}`;
    const known = this.#sealed.get(plain);
    if (known !== undefined) return known;
    const token = this.#close(Buffer.from(plain, 'latin1'));
    remember(this.#sealed, plain, token);
    return token;
  }

  /** What a token says; nothing when it is not one of ours. */
  open(token: string): OutsideFlow | undefined {
    if (this.#opened.has(token)) return this.#opened.get(token);
    if (token.length > TOKEN_LENGTH_MAX) return undefined;
    const flow = this.#read(Buffer.from(token, 'base64url'));
    if (flow !== undefined) remember(this.#opened, token, flow);
    return flow;
  }

  #digitsOf(holder: string): string {
    return this.#digits.get(holder) ?? holderDigits(holder);
  }

  /** Tag first, then the text under a key stream that starts from the tag: equal flows give equal tokens, and changed ones none. */
  #close(plain: Buffer): string {
    const tag = this.#tag(plain);
    return Buffer.concat([tag, this.#masked(plain, tag)]).toString('base64url');
  }

  #read(bytes: Buffer): OutsideFlow | undefined {
    const tag = bytes.subarray(0, TAG_BYTES);
    const plain = this.#masked(bytes.subarray(TAG_BYTES), tag);
    return this.#tag(plain).equals(tag) ? this.#parse(plain.toString('latin1')) : undefined;
  }

  #parse(plain: string): OutsideFlow | undefined {
    const slash = plain.indexOf('/');
    const transport = TRANSPORT_OF[plain.charAt(0)];
    // A proxy that left the configuration: its connections are gone, the address may still be reached.
    const holder = this.#holders.get(plain.slice(1, 1 + HOLDER_DIGITS)) ?? this.self;
    if (transport === undefined) return undefined;
    return { transport, host: plain.slice(slash + 1), port: Number(plain.slice(1 + HOLDER_DIGITS, slash)), holder };
  }

  #tag(plain: Buffer): Buffer {
    return createHmac('sha256', this.#key).update('tag').update(plain).digest().subarray(0, TAG_BYTES);
  }

  #masked(text: Buffer, tag: Buffer): Buffer {
    const stream = createHmac('sha512', this.#key).update('mask').update(tag).digest();
    const masked = Buffer.allocUnsafe(text.length);
    for (let i = 0; i < text.length; i += 1) masked[i] = (text[i] as number) ^ (stream[i % stream.length] as number);
    return masked;
  }
}

function holderDigits(name: string): string {
  return createHash('sha256').update(name, 'utf8').digest('hex').slice(0, HOLDER_DIGITS);
}

function remember<T>(table: Map<string, T>, key: string, value: T): void {
  if (table.size >= REMEMBERED_MAX) table.clear();
  table.set(key, value);
}
