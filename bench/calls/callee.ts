/** Answers every call of one address at once: 180, 200; BYE, CANCEL and OPTIONS with 200. */
import { answer, methodOf, sdpOf, statusOf, valueOf } from './sip-text.js';
import type { UdpEnd } from './udp-end.js';

export interface CalleeOptions {
  readonly contact: string;
  /** Tag of the n-th call. */
  toTag(n: number): string;
}

export class Callee {
  #count = 0;

  constructor(private readonly end: UdpEnd, private readonly options: CalleeOptions) {
    end.onMessage = (text, host, port) => this.receive(text, (reply) => end.send(reply, host, port));
  }

  receive(text: string, reply: (response: string) => void): void {
    if (statusOf(text) !== 0) return;
    const method = methodOf(text);
    if (method === 'ACK') return;
    if (method !== 'INVITE') return reply(answer(text, '200 OK', { toTag: 'any', headers: this.#granted(text) }));
    const more = { toTag: this.options.toTag(this.#count += 1), headers: [`Contact: <${this.options.contact}>`] };
    reply(answer(text, '180 Ringing', more));
    return reply(answer(text, '200 OK', { ...more, body: sdpOf(this.end.host) }));
  }

  /** A session controller grants what a REGISTER asks for. */
  #granted(text: string): string[] {
    return methodOf(text) === 'REGISTER' ? [`Contact: ${valueOf(text, 'Contact')};expires=3600`] : [];
  }
}
