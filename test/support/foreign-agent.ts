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
  /** `ip:port` it came from. */
  readonly source: string;
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

export interface WithinWish {
  /** More header lines. */
  readonly headers?: readonly string[];
  readonly body?: string;
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
  #answersOptions = false;
  #cseq = 10;

  private constructor(private readonly socket: Socket, readonly address: string, readonly port: number) {
    socket.on('message', (bytes, { address, port }) => this.#hear(bytes, `${address}:${port}`));
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

  /** Answers every OPTIONS from now on: who does not is taken for dead, and his calls end. */
  answerOptions(): void {
    this.#answersOptions = true;
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

  /** A request within the dialog that `answer`, the 2xx to its INVITE, made. Nothing answers an ACK. */
  within(remote: string, answer: Heard, method: 'BYE' | 'INFO' | 'UPDATE'): Promise<Heard>;
  within(remote: string, answer: Heard, method: 'INVITE', more: WithinWish): Promise<Heard>;
  within(remote: string, answer: Heard, method: 'ACK'): undefined;
  within(remote: string, answer: Heard, method: string, { body = '', headers = [] }: WithinWish = {}): Promise<Heard> | undefined {
    const branch = `z9hG4bK${randomUUID()}`;
    const seq = method === 'ACK' ? 1 : (this.#cseq += 1);
    const request = (name: string, via: string, more: readonly string[], content: string): void => this.send(remote, [
      `${name} ${target} SIP/2.0`, `Via: SIP/2.0/UDP ${this.address}:${this.port};rport;branch=${via}`, ...routes,
      ...linesOf(answer, 'from|f|to|t|call-id|i'), `CSeq: ${seq} ${name}`, 'Max-Forwards: 70', ...more, `Content-Length: ${content.length}`, '', content,
    ].join('\r\n'));
    const target = /<([^>]*)>/.exec(linesOf(answer, 'contact|m')[0] ?? '')?.[1] ?? '';
    const routes = linesOf(answer, 'record-route').reverse().map((line) => line.replace(/^[^:]*/, 'Route'));
    const contact = method === 'INVITE' || method === 'UPDATE' ? [`Contact: <sip:agent@${this.address}:${this.port}>`] : [];
    request(method, branch, [...contact, ...headers, ...(body === '' ? [] : ['Content-Type: application/sdp'])], body);
    if (method === 'ACK') return undefined;
    const final = this.next(({ status = 0, text }) => status >= 200 && text.includes(branch));
    // RFC 3261 §13.2.2.4: of a 2xx in a transaction of its own, of anything else in that of the INVITE.
    return method !== 'INVITE' ? final : final.then((heard) => {
      request('ACK', heard.status === 200 ? `z9hG4bK${randomUUID()}` : branch, [], '');
      return heard;
    });
  }

  /** Answers a request it heard; with a body it takes part in the call. */
  respond(remote: string, request: Heard, statusLine: string, body = ''): void {
    const to = linesOf(request, 'to|t')[0] as string;
    this.send(remote, [
      `SIP/2.0 ${statusLine}`, ...linesOf(request, 'via|v|record-route|from|f|call-id|i|cseq'), /;tag=/i.test(to) ? to : `${to};tag=${this.port}`,
      ...(body === '' ? [] : [`Contact: <sip:agent@${this.address}:${this.port}>`, 'Content-Type: application/sdp']),
      `Content-Length: ${body.length}`, '', body,
    ].join('\r\n'));
  }

  async #exchange(remote: string, wish: RequestWish, { callId, cseq, authorization: authorized }: Exchange): Promise<Heard> {
    const { method, uri, from, to = from, headers = [], body = '', maxForwards = 70 } = wish;
    const branch = `z9hG4bK${randomUUID()}`;
    const head = (name: string): string[] => [
      `${name} ${uri} SIP/2.0`, `Via: SIP/2.0/UDP ${this.address}:${this.port};rport;branch=${branch}`, `From: <${from}>;tag=f${this.port}`,
      `Call-ID: ${callId}`, `Max-Forwards: ${maxForwards}`,
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
        this.send(remote, [...head('ACK'), ...linesOf(final, 'to|t'), `CSeq: ${cseq} ACK`, 'Content-Length: 0', '', ''].join('\r\n'));
      }
      return final;
    } finally {
      clearInterval(again);
    }
  }

  #hear(bytes: Buffer, source: string): void {
    const message = sip.parse(bytes);
    if (message === undefined) return;
    const heard: Heard = { ...message, text: bytes.toString('latin1'), atMs: performance.now(), source };
    this.#heard.push(heard);
    if (this.#answersOptions && heard.method === 'OPTIONS') this.respond(source, heard, '200 OK');
    for (const again of [...this.#waiting]) again();
  }
}

interface Exchange {
  readonly callId: string;
  readonly cseq: number;
  readonly authorization?: string;
}

/** Header lines of those names, a pattern, as they came. */
function linesOf({ text }: Heard, names: string): string[] {
  const isOne = new RegExp(`^(${names})\\s*:`, 'i');
  return text.split('\r\n\r\n', 1)[0]!.split('\r\n').filter((line) => isOne.test(line));
}

function authorization({ method, uri }: RequestWish, challenge: ForeignMessage, { user, password }: Credentials): string {
  const signed = { method, uri, headers: {} as Record<string, object[]> };
  digest.signRequest({}, signed, challenge, { user, password });
  return `Authorization: ${sip.stringifyAuthHeader(signed.headers['authorization']![0] as object)}`;
}
