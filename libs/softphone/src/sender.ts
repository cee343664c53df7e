/** Sends a request of a phone: finds where it goes (RFC 3263), answers challenges, goes to the next server when one fails. */
import type { Entropy } from '#kernel';
import {
  type ClientFailure, type ClientTransaction, type ClientUser, type HeaderLine, makeResponse, parseUri, type SipRequest, type SipResponse,
  type SipUri, type Target, type TransactionLayer,
} from '#sip';
import type { DigestClient } from './machines/digest-client.js';

/** Where a request to this URI goes, best first; none when nobody knows. */
export type Route = (uri: SipUri, done: (targets: readonly Target[]) => void) => void;

export interface SenderPorts {
  readonly layer: TransactionLayer;
  readonly entropy: Entropy;
  readonly route: Route;
}

export interface Outgoing {
  /** The request with the next CSeq number; called again for each attempt. */
  build(authorization: HeaderLine | undefined): SipRequest;
  /** The URI of the next hop. */
  readonly hop: string;
  readonly method: string;
  /** For the credentials; the Request-URI. */
  readonly uri: string;
  /** Challenges are left out, as long as we can answer them. */
  onResponse(response: SipResponse, request: SipRequest): void;
  onFailure(reason: ClientFailure): void;
}

export interface Sent {
  cancel(): void;
}

const CHALLENGES_MAX = 2;
const TARGETS_MAX = 3;

export function send(outgoing: Outgoing, digest: DigestClient, ports: SenderPorts): Sent {
  const sending = new Sending(outgoing, digest, ports);
  sending.start();
  return sending;
}

/** ACK to a 2xx, which belongs to no transaction (RFC 3261 §13.2.2.4). */
export function sendAck(ack: SipRequest, hop: string, { layer, route }: SenderPorts): void {
  const uri = parseUri(hop);
  if (!uri.ok) return;
  route(uri.value, ([target]) => {
    if (target !== undefined) layer.send(ack.edit().prepend('Via', layer.viaFor(target)).build(), target);
  });
}

class Sending implements ClientUser, Sent {
  #request: SipRequest | undefined;
  #transaction: ClientTransaction | undefined;
  #targets: readonly Target[] = [];
  #tried = 0;
  #challenges = 0;
  #heard = false;
  #cancelled = false;

  constructor(private readonly outgoing: Outgoing, private readonly digest: DigestClient, private readonly ports: SenderPorts) {}

  start(): void {
    const uri = parseUri(this.outgoing.hop);
    if (!uri.ok) return this.outgoing.onFailure('transport');
    this.ports.route(uri.value, (targets) => {
      this.#targets = targets;
      this.#sendToNext();
    });
  }

  cancel(): void {
    this.#cancelled = true;
    this.#transaction?.cancel();
  }

  onResponse(response: SipResponse): void {
    const { status } = response;
    const again = this.#heard ? 0 : status;
    if ((again === 401 || again === 407) && this.#mayAnswer(response)) return this.#send();
    // RFC 3263 §4.3: a server that cannot now is as good as one that is gone.
    if (again === 503 && this.#mayGoOn) return this.#sendToNext();
    if (status > 100) this.#heard = true;
    this.outgoing.onResponse(response, this.#request as SipRequest);
  }

  onFailure(reason: ClientFailure): void {
    if (!this.#heard && this.#mayGoOn) this.#sendToNext();
    else this.outgoing.onFailure(reason);
  }

  get #mayGoOn(): boolean {
    return !this.#cancelled && this.#tried < Math.min(this.#targets.length, TARGETS_MAX);
  }

  #mayAnswer(response: SipResponse): boolean {
    this.#challenges += 1;
    return this.#challenges <= CHALLENGES_MAX && !this.#cancelled && this.digest.onChallenge(response);
  }

  #sendToNext(): void {
    if (this.#cancelled) return this.#endedUnsent();
    if (this.#targets[this.#tried] === undefined) return this.outgoing.onFailure('transport');
    this.#tried += 1;
    this.#send();
  }

  #send(): void {
    const { outgoing } = this;
    const cnonce = this.ports.entropy.hex(16);
    this.#request = outgoing.build(this.digest.authorization(outgoing.method, outgoing.uri, cnonce));
    this.#transaction = this.ports.layer.request(this.#request, this.#targets[this.#tried - 1] as Target, this);
  }

  /** Given up while the name was looked up: as if the server had said so. */
  #endedUnsent(): void {
    const request = this.outgoing.build(undefined);
    this.outgoing.onResponse(makeResponse(request, 487), request);
  }
}
