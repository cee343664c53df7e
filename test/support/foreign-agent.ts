/** A user agent over the package `sip` (its parser, its digest), for single requests whose very bytes and moments matter. */
import { createSocket, type Socket } from 'node:dgram';
import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';

type Headers = Record<string, unknown>;

interface ForeignMessage {
  readonly method?: string;
  readonly uri?: string;
  readonly status?: number;
  readonly headers: Headers;
  readonly content: string;
}

/** The package has no types: what is used of it. */
interface SipPackage {
  parse(text: Buffer): ForeignMessage | undefined;
  stringifyAuthHeader(value: object): string;
}
interface DigestPackage {
  signRequest(context: object, request: { method: string; uri: string; headers: Record<string, object[]> }, challenge: ForeignMessage, who: object): void;
}

const require = createRequire(import.meta.url);
const sip = require('sip') as SipPackage;
const digest = require('sip/digest') as DigestPackage;

export interface Heard extends ForeignMessage {
  /** As it came. */
  readonly text: string;
  /** When it came, `performance.now()`. */
  readonly atMs: number;
}

export interface RequestWish {
  readonly method: string;
  readonly uri: string;
  readonly from: string;
  readonly to?: string;
  /** More header lines. */
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly maxForwards?: number;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const RETRANSMIT_MS = 500;
const PATIENCE_MS = 15_000;
export const OFFER = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';

export class ForeignAgent {
  readonly #heard: Heard[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(private readonly socket: Socket, readonly address: string, readonly port: number) {
    socket.on('message', (bytes) => this.#hear(bytes));
  }

  static open(address: string, port = 0): Promise<ForeignAgent> {
    const socket = createSocket('udp4');
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, address, () => resolve(new ForeignAgent(socket, address, socket.address().port)));
    });
  }

  close(): void {
    this.socket.close();
  }

  /** Everything heard so far. */
  get heard(): readonly Heard[] {
    return this.#heard;
  }

  send(remote: string, text: string): void {
    const [host, port] = remote.split(':') as [string, string];
    this.socket.send(text, Number(port), host);
  }

  /** The first message, also of those heard already, that fits. */
  next(fits: (heard: Heard) => boolean, patienceMs = PATIENCE_MS): Promise<Heard> {
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        const found = this.#heard.find(fits);
        if (found !== undefined) resolve(found);
        return found !== undefined;
      };
      if (look()) return;
      const timer = setTimeout(() => {
        this.#waiting.delete(again);
        reject(new Error(`not heard; heard: ${this.#heard.map(({ text }) => text.split('\r\n', 1)[0]).join(' | ')}`));
      }, patienceMs);
      const again = (): void => {
        if (!look()) return;
        clearTimeout(timer);
        this.#waiting.delete(again);
      };
      this.#waiting.add(again);
    });
  }

  /** The final response. With credentials a challenge is answered once. */
  async request(remote: string, wish: RequestWish, credentials?: Credentials): Promise<Heard> {
    const callId = randomUUID();
    const first = await this.#exchange(remote, wish, { callId, cseq: 1 });
    if (first.status !== 401 || credentials === undefined) return first;
    return this.#exchange(remote, wish, { callId, cseq: 2, authorization: authorization(wish, first, credentials) });
  }

  /** Answers a request it heard. */
  respond(remote: string, request: Heard, statusLine: string, more: readonly string[] = []): void {
    const kept = request.text.split('\r\n').filter((line) => /^(via|v|from|f|call-id|i|cseq|record-route)\s*:/i.test(line));
    const to = request.text.split('\r\n').find((line) => /^(to|t)\s*:/i.test(line)) as string;
    const tagged = /;tag=/i.test(to) ? to : `${to};tag=${this.port}`;
    this.send(remote, [`SIP/2.0 ${statusLine}`, ...kept, tagged, ...more, 'Content-Length: 0', '', ''].join('\r\n'));
  }

  async #exchange(remote: string, wish: RequestWish, { callId, cseq, authorization: authorized }: Exchange): Promise<Heard> {
    const { method, uri, from, to = from, headers = [], body = '', maxForwards = 70 } = wish;
    const branch = `z9hG4bK${randomUUID()}`;
    const head = (name: string, max = maxForwards): string[] => [
      `${name} ${uri} SIP/2.0`, `Via: SIP/2.0/UDP ${this.address}:${this.port};rport;branch=${branch}`, `From: <${from}>;tag=f${this.port}`,
      `Call-ID: ${callId}`, `Max-Forwards: ${max}`,
    ];
    const text = [
      ...head(method), `To: <${to}>`, `CSeq: ${cseq} ${method}`, `Contact: <sip:agent@${this.address}:${this.port}>`,
      ...(authorized === undefined ? [] : [authorized]), ...headers,
      ...(body === '' ? [] : ['Content-Type: application/sdp']), `Content-Length: ${body.length}`, '', body,
    ].join('\r\n');
    const again = setInterval(() => this.send(remote, text), RETRANSMIT_MS);
    this.send(remote, text);
    try {
      const final = await this.next((heard) => (heard.status ?? 0) >= 200 && heard.text.includes(branch));
      if (method === 'INVITE' && (final.status as number) >= 300) {
        const answered = final.text.split('\r\n').find((line) => /^(to|t)\s*:/i.test(line)) as string;
        this.send(remote, [...head('ACK'), answered, `CSeq: ${cseq} ACK`, 'Content-Length: 0', '', ''].join('\r\n'));
      }
      return final;
    } finally {
      clearInterval(again);
    }
  }

  #hear(bytes: Buffer): void {
    const message = sip.parse(bytes);
    if (message === undefined) return;
    this.#heard.push({ ...message, text: bytes.toString('latin1'), atMs: performance.now() });
    for (const again of [...this.#waiting]) again();
  }
}

interface Exchange {
  readonly callId: string;
  readonly cseq: number;
  readonly authorization?: string;
}

function authorization({ method, uri }: RequestWish, challenge: ForeignMessage, { user, password }: Credentials): string {
  const signed = { method, uri, headers: {} as Record<string, object[]> };
  digest.signRequest({}, signed, challenge, { user, password });
  return `Authorization: ${sip.stringifyAuthHeader(signed.headers['authorization']![0] as object)}`;
}
