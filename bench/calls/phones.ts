/** Phones in great number on one address: they register with digest (RFC 7616 with MD5) and answer their calls at once. */
import { createHash } from 'node:crypto';
import { Callee } from './callee.js';
import { firstLine, message, methodOf, statusOf, valueOf } from './sip-text.js';
import type { UdpEnd } from './udp-end.js';

export interface PhoneOptions {
  readonly registrar: { readonly host: string; readonly port: number };
  readonly realm: string;
  readonly expiresS: number;
}

interface Registration {
  readonly dn: string;
  readonly over: (problem?: string) => void;
}

const NONCE = /nonce="([^"]*)"/;
const OPAQUE = /opaque="([^"]*)"/;

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

export class Phones {
  readonly #waiting = new Map<string, Registration>();
  #count = 0;

  constructor(private readonly end: UdpEnd, private readonly options: PhoneOptions) {
    const callee = new Callee(end, { contact: `sip:phone@${end.host}:${end.port}`, toTag: (n) => `p${n}` });
    end.onMessage = (text, host, port) => {
      if (statusOf(text) === 0) callee.receive(text, (reply) => end.send(reply, host, port));
      else if (methodOf(text) === 'REGISTER') this.#onAnswer(text);
    };
  }

  /** REGISTER, 401, REGISTER with credentials, 200. */
  register(dn: string, over: (problem?: string) => void): void {
    const callId = `r${dn}@${this.end.host}`;
    this.#waiting.set(callId, { dn, over });
    this.#send(dn, callId, []);
  }

  #onAnswer(text: string): void {
    const callId = valueOf(text, 'Call-ID');
    const waiting = this.#waiting.get(callId);
    if (waiting === undefined) return;
    const status = statusOf(text);
    if (status === 401) return this.#send(waiting.dn, callId, [this.#credentials(waiting.dn, valueOf(text, 'WWW-Authenticate'))]);
    if (status < 200) return;
    this.#waiting.delete(callId);
    waiting.over(status === 200 ? undefined : `REGISTER was answered ${firstLine(text)}`);
  }

  #send(dn: string, callId: string, more: readonly string[]): void {
    const { registrar, realm, expiresS } = this.options;
    const { host, port } = this.end;
    const n = this.#count += 1;
    this.end.send(message(`REGISTER sip:${realm} SIP/2.0`, [
      `Via: SIP/2.0/UDP ${host}:${port};branch=z9hG4bKr${n};rport`, 'Max-Forwards: 70', `From: <sip:${dn}@${realm}>;tag=r${n}`, `To: <sip:${dn}@${realm}>`,
      `Call-ID: ${callId}`, `CSeq: ${n} REGISTER`, `Contact: <sip:${dn}@${host}:${port}>`, `Expires: ${expiresS}`, 'User-Agent: phone', ...more,
    ]), registrar.host, registrar.port);
  }

  #credentials(dn: string, challenge: string): string {
    const { realm } = this.options;
    const nonce = NONCE.exec(challenge)?.[1] ?? '';
    const opaque = OPAQUE.exec(challenge)?.[1];
    const cnonce = 'f00dcafe';
    const uri = `sip:${realm}`;
    const response = md5(`${md5(`${dn}:${realm}:secret-${dn}`)}:${nonce}:00000001:${cnonce}:auth:${md5(`REGISTER:${uri}`)}`);
    return `Authorization: Digest username="${dn}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", `
      + `algorithm=MD5, qop=auth, nc=00000001, cnonce="${cnonce}"${opaque === undefined ? '' : `, opaque="${opaque}"`}`;
  }
}
