/** Calls in great number from one address: INVITE, ACK, a BYE at once or later. Nothing is repeated: on loopback nothing gets lost. */
import { answer, firstLine, linesOf, message, methodOf, sdpOf, statusOf, uriIn, valueOf } from './sip-text.js';
import type { UdpEnd } from './udp-end.js';

export interface CallerOptions {
  /** Where every request goes: the proxy under test. */
  readonly next: { readonly host: string; readonly port: number };
  /** Request-URI of the n-th call. */
  uri(n: number): string;
  /** Who calls, user part of From; 8880001 when absent. */
  user?(n: number): string;
  /** From how long after the answer the BYE goes out; undefined: the call stays. */
  readonly talkMs: number | undefined;
}

type Over = (problem?: string) => void;

interface Call {
  readonly n: number;
  readonly invite: string;
  answered: boolean;
  /** BYE has been sent. */
  ending: boolean;
  dialog: string[];
  target: string;
  readonly over: Over;
}

let unique = 0;

export class Caller {
  readonly #calls = new Map<string, Call>();
  #count = 0;

  constructor(private readonly end: UdpEnd, private readonly options: CallerOptions) {
    end.onMessage = (text) => this.#onMessage(text);
  }

  /** Says `over` when the call has ended, or, when it stays, when it is answered. */
  call(over: Over): void {
    const n = this.#count += 1;
    const callId = `${unique += 1}-${process.pid}@${this.end.host}`;
    const uri = this.options.uri(n);
    const user = this.options.user?.(n) ?? '8880001';
    const invite = message(`INVITE ${uri} SIP/2.0`, [
      this.#via(callId, 'i'), 'Max-Forwards: 70', `From: "${user}" <sip:${user}@${this.end.host}:${this.end.port}>;tag=c${n}`, `To: <${uri}>`,
      `Call-ID: ${callId}`, 'CSeq: 1 INVITE', `Contact: <sip:${user}@${this.end.host}:${this.end.port}>`, 'User-Agent: carrier',
      'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE', 'Supported: timer, 100rel',
    ], sdpOf(this.end.host));
    this.#calls.set(callId, { n, invite, answered: false, ending: false, dialog: [], target: uri, over });
    this.#send(invite);
  }

  /** Ends the calls that stay. */
  hangUpAll(): void {
    for (const [callId, call] of this.#calls) if (call.answered) this.#hangUp(callId, call);
  }

  get live(): number {
    return this.#calls.size;
  }

  #onMessage(text: string): void {
    if (statusOf(text) === 0) return this.#onRequest(text);
    const callId = valueOf(text, 'Call-ID');
    const call = this.#calls.get(callId);
    if (call === undefined) return undefined;
    const status = statusOf(text);
    if (status < 200) return undefined;
    if (methodOf(text) === 'BYE') return this.#ended(callId, call, status === 200 ? undefined : `BYE was answered ${firstLine(text)}`);
    if (status < 300) return this.#answered(callId, call, text);
    this.#send(message(`ACK ${call.target} SIP/2.0`, [
      this.#via(callId, 'i'), 'Max-Forwards: 70', `From: ${valueOf(text, 'From')}`, `To: ${valueOf(text, 'To')}`, `Call-ID: ${callId}`, 'CSeq: 1 ACK',
    ]));
    return this.#ended(callId, call, `INVITE was answered ${firstLine(text)}`);
  }

  #answered(callId: string, call: Call, response: string): void {
    const { talkMs } = this.options;
    if (!call.answered) {
      call.target = uriIn(valueOf(response, 'Contact'));
      call.dialog = [
        ...linesOf(response, 'Record-Route').reverse().map((route) => `Route: ${route}`),
        `From: ${valueOf(response, 'From')}`, `To: ${valueOf(response, 'To')}`, `Call-ID: ${callId}`,
      ];
    }
    this.#send(message(`ACK ${call.target} SIP/2.0`, [this.#via(callId, 'a'), 'Max-Forwards: 70', ...call.dialog, 'CSeq: 1 ACK']));
    if (call.answered) return;
    call.answered = true;
    if (talkMs === undefined) call.over();
    else if (talkMs === 0) this.#hangUp(callId, call);
    else setTimeout(() => this.#hangUp(callId, call), talkMs);
  }

  #hangUp(callId: string, call: Call): void {
    if (call.ending) return;
    call.ending = true;
    this.#send(message(`BYE ${call.target} SIP/2.0`, [this.#via(callId, 'b'), 'Max-Forwards: 70', ...call.dialog, 'CSeq: 2 BYE']));
  }

  #ended(callId: string, call: Call, problem: string | undefined): void {
    this.#calls.delete(callId);
    if (this.options.talkMs !== undefined || !call.answered) call.over(problem);
  }

  /** The far end hung up, or asks whether we are there. */
  #onRequest(text: string): void {
    const method = methodOf(text);
    if (method === 'ACK') return;
    this.#send(answer(text, '200 OK'));
    const callId = valueOf(text, 'Call-ID');
    const call = this.#calls.get(callId);
    if (method === 'BYE' && call !== undefined) this.#ended(callId, call, 'the far end hung up');
  }

  #via(callId: string, branch: string): string {
    return `Via: SIP/2.0/UDP ${this.end.host}:${this.end.port};branch=z9hG4bK${branch}${callId.slice(0, callId.indexOf('@'))};rport`;
  }

  #send(text: string): void {
    this.end.send(text, this.options.next.host, this.options.next.port);
  }
}
