/** Many phones over one SIP transport: finds the phone, or the call, that a message is for. */
import type { Clock, Entropy, Log, Meter } from '#kernel';
import {
  makeResponse, type ServerTransaction, type SipRequest, type SipTransport, TransactionLayer, type TransportName,
} from '#sip';
import { ALLOW, type Call } from './call.js';
import { Phone, type PhoneHost, type PhoneOptions } from './phone.js';
import type { Route } from './sender.js';

export interface SoftphonesPorts {
  readonly transport: SipTransport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
  readonly route: Route;
}

/** Takes every call that no other phone takes: a carrier's end of a trunk. */
export const ANY_USER = '*';

const PHONES_MAX = 10_000;

export class Softphones implements PhoneHost {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly route: Route;
  readonly #phones = new Map<string, Phone>();
  /** By Call-ID and our tag. */
  readonly #calls = new Map<string, Call>();

  constructor(private readonly ports: SoftphonesPorts) {
    this.clock = ports.clock;
    this.entropy = ports.entropy;
    this.route = ports.route;
    this.layer = new TransactionLayer(ports);
    this.layer.onRequest = (request, transaction) => this.#onRequest(request, transaction);
    this.layer.onAck = (ack) => this.#calls.get(keyOf(ack.callId, ack.to.tag))?.onAck(ack);
    this.layer.onCancel = (_, invite) => this.#calledBy(invite.request)?.onCancel();
  }

  /** Calls that live, transactions that live. */
  get size(): { readonly calls: number; readonly transactions: number } {
    return { calls: this.#calls.size, transactions: this.layer.size };
  }

  /** @throws Error when there is a phone of that user already, or one too many */
  add(options: PhoneOptions): Phone {
    if (this.#phones.has(options.user)) throw new Error(`there is a phone ${options.user} already`);
    if (this.#phones.size >= PHONES_MAX) throw new Error(`one transport serves at most ${PHONES_MAX} phones`);
    const phone = new Phone(options, this);
    this.#phones.set(options.user, phone);
    return phone;
  }

  phone(user: string): Phone | undefined {
    return this.#phones.get(user);
  }

  /** Hangs up every call without waiting for the answers, and de-registers nobody. */
  async close(): Promise<void> {
    for (const phone of this.#phones.values()) phone.close();
    this.layer.close();
    await this.ports.transport.close();
  }

  address(transport: TransportName): { host: string; port: number } {
    const at = this.ports.transport.listening.find((each) => each.transport === transport);
    if (at === undefined) throw new Error(`these phones do not listen on ${transport}`);
    return at;
  }

  opened(call: Call): void {
    this.#calls.set(keyOf(call.callId, call.localTag), call);
  }

  over(call: Call): void {
    this.#calls.delete(keyOf(call.callId, call.localTag));
  }

  #onRequest(request: SipRequest, transaction: ServerTransaction): void {
    const { method } = request;
    const call = this.#calls.get(keyOf(request.callId, request.to.tag));
    if (call !== undefined) return call.onRequest(request, transaction);
    if (request.to.tag !== undefined) return this.#respond(transaction, 481);
    if (method === 'OPTIONS') return this.#respond(transaction, 200);
    if (method !== 'INVITE') return this.#respond(transaction, 405);
    const phone = this.#phones.get(request.requestUri?.userName ?? '') ?? this.#phones.get(ANY_USER);
    if (phone === undefined) this.#respond(transaction, 404);
    else phone.onInvite(request, transaction);
  }

  #respond(transaction: ServerTransaction, status: number): void {
    transaction.respond(makeResponse(transaction.request, status, undefined, { toTag: this.entropy.hex(16), headers: [['Allow', ALLOW]] }));
  }

  #calledBy(invite: SipRequest): Call | undefined {
    const phone = this.#phones.get(invite.requestUri?.userName ?? '') ?? this.#phones.get(ANY_USER);
    for (const call of phone?.calls ?? []) if (call.invite === invite) return call;
    return undefined;
  }
}

function keyOf(callId: string, localTag: string | undefined): string {
  return `${callId} ${localTag ?? ''}`;
}
