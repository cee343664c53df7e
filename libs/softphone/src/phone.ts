/** One phone: its registration and its calls. */
import type { Timer } from '#kernel';
import { escapeUser, type HeaderLine, makeRequest, makeResponse, type ServerTransaction, type SipRequest, type SipResponse, type TransportName } from '#sip';
import { Call, type CallHost, type CallPorts } from './call.js';
import type { MediaAddress } from './machines/description.js';
import { DigestClient } from './machines/digest-client.js';
import type { CallPlan } from './machines/phone-call.js';
import { Registration, type RegistrationEffect, type RegistrationInput, type RegistrationState } from './machines/registration.js';
import { send } from './sender.js';

export interface PhoneOptions {
  /** Of its address of record, and of its Contact. */
  readonly user: string;
  /** `sip.cordboard.test`, or `127.0.0.1:5060` where no DNS helps. */
  readonly domain: string;
  /** Digest name, when it is not the user. */
  readonly authName?: string;
  readonly password?: string;
  /** Default udp. */
  readonly transport?: TransportName;
  /** Registration time to ask for, seconds. Default 120. */
  readonly expiresS?: number;
  /** Part of the granted time after which it registers again. Default 0.5. */
  readonly refreshShare?: number;
  /** More calls at a time get 486. Default 2. */
  readonly callsMax?: number;
  /** What to do with a call that comes. Default: ring at once and wait for `answer()`. */
  readonly plan?: (call: Call) => CallPlan;
}

/** Each is called synchronously, in order. */
export interface PhoneEvents {
  onRegistration?: (phone: Phone) => void;
  /** Also for the state a new call begins in. */
  onCall?: (call: Call, phone: Phone) => void;
}

export interface PhoneHost extends CallPorts {
  /** `host:port` that the phone is reached at. */
  address(transport: TransportName): { readonly host: string; readonly port: number };
  opened(call: Call): void;
  over(call: Call): void;
}

const CALLS_MAX = 2;
const EXPIRES_S = 120;
/** Says where media would go. Nobody listens there. */
const MEDIA_PORT = 40_000;

export class Phone implements CallHost {
  readonly events: PhoneEvents = {};
  readonly digest: DigestClient;
  readonly contact: string;
  readonly media: MediaAddress;
  readonly calls = new Set<Call>();
  readonly #registration: Registration;
  readonly #effects: RegistrationEffect[] = [];
  readonly #transport: TransportName;
  readonly #callId: string;
  readonly #tag: string;
  #seq = 0;
  #timer: Timer | undefined;
  #settled: ((status: number) => void)[] = [];

  constructor(readonly options: PhoneOptions, private readonly host: PhoneHost) {
    const { user, password = '', transport = 'udp' } = options;
    this.#transport = transport;
    this.digest = new DigestClient(options.authName ?? user, password);
    this.#registration = new Registration(options.expiresS ?? EXPIRES_S, options.refreshShare);
    const at = host.address(transport);
    this.media = { user, host: at.host, port: MEDIA_PORT };
    this.contact = `<sip:${escapeUser(user)}@${at.host}:${at.port}${transport === 'udp' ? '' : `;transport=${transport}`}>`;
    this.#callId = host.entropy.hex(24);
    this.#tag = host.entropy.hex(16);
  }

  get user(): string {
    return this.options.user;
  }

  get registration(): RegistrationState {
    return this.#registration.state;
  }

  /** Resolves with the registrar's final status: 200, or why not. A server that does not answer is asked again until it does. */
  register(): Promise<number> {
    if (this.registration === 'Registered') return Promise.resolve(200);
    return this.#settle({ kind: 'register' });
  }

  unregister(): Promise<number> {
    if (this.registration === 'Unregistered' || this.registration === 'Refused') return Promise.resolve(200);
    return this.#settle({ kind: 'unregister' });
  }

  /** Calls a number of the phone's domain, or a URI. `from`: who to say that calls, a carrier's subscriber for one. */
  call(to: string, from: string = this.user): Call {
    const uri = to.includes(':') ? to : `sip:${escapeUser(to)}@${this.options.domain}`;
    const call = new Call('calling', undefined, this, this.host);
    this.#open(call);
    call.dial({ uri, from: `<sip:${escapeUser(from)}@${this.options.domain}>`, hop: this.#hop(uri) });
    return call;
  }

  onInvite(invite: SipRequest, transaction: ServerTransaction): void {
    if (this.calls.size >= (this.options.callsMax ?? CALLS_MAX)) {
      return transaction.respond(makeResponse(invite, 486, undefined, { toTag: this.host.entropy.hex(16) }));
    }
    const call = new Call('called', invite.callId, this, this.host);
    call.invite = invite;
    this.#open(call);
    call.ring(invite, transaction, this.options.plan?.(call) ?? { ringMs: 0 });
  }

  moved(call: Call): void {
    this.events.onCall?.(call, this);
  }

  over(call: Call): void {
    this.calls.delete(call);
    this.host.over(call);
  }

  /** As a phone that has gone elsewhere: its calls go on, its registration here runs out. */
  stopRefreshing(): void {
    this.#timer?.cancel();
  }

  /** Hangs up, and stops refreshing without a word to the registrar. */
  close(): void {
    this.#timer?.cancel();
    for (const call of [...this.calls]) call.hangUp();
  }

  #open(call: Call): void {
    this.calls.add(call);
    this.host.opened(call);
    this.events.onCall?.(call, this);
  }

  /** RFC 3263 §4.1: the phone's own choice of transport stands in the URI that it resolves. */
  #hop(uri: string): string {
    return this.#transport === 'udp' ? uri : `${uri};transport=${this.#transport}`;
  }

  #settle(input: RegistrationInput): Promise<number> {
    return new Promise((resolve) => {
      this.#settled.push(resolve);
      this.#feed(input);
    });
  }

  #feed(input: RegistrationInput): void {
    this.#registration.on(input, this.#effects);
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) this.#perform(effect);
  }

  #perform(effect: RegistrationEffect): void {
    switch (effect.kind) {
      case 'send': return this.#sendRegister(effect.expiresS);
      case 'stopTimer': return this.#timer?.cancel();
      case 'setTimer':
        this.#timer?.cancel();
        this.#timer = this.host.clock.setTimer(effect.afterMs, () => this.#feed({ kind: 'timer' }));
        return;
      case 'settled': {
        for (const resolve of this.#settled.splice(0)) resolve(effect.status);
        return this.events.onRegistration?.(this);
      }
    }
  }

  #sendRegister(expiresS: number): void {
    const uri = `sip:${this.options.domain}`;
    send({
      method: 'REGISTER', uri, hop: this.#hop(uri),
      build: (authorization) => this.#makeRegister(uri, expiresS, authorization),
      onResponse: (response) => {
        if (response.status >= 200) this.#feed({ kind: 'answer', status: response.status, grantedS: this.#granted(response), minimumS: minExpires(response) });
      },
      onFailure: () => this.#feed({ kind: 'answer', status: 408 }),
    }, this.digest, this.host);
  }

  #makeRegister(uri: string, expiresS: number, authorization: HeaderLine | undefined): SipRequest {
    this.#seq += 1;
    const aor = `<sip:${escapeUser(this.user)}@${this.options.domain}>`;
    const headers: HeaderLine[] = [
      ['Max-Forwards', '70'], ['From', `${aor};tag=${this.#tag}`], ['To', aor], ['Call-ID', this.#callId], ['CSeq', `${this.#seq} REGISTER`],
      ['Contact', this.contact], ['Expires', String(expiresS)],
    ];
    return makeRequest({ method: 'REGISTER', uri, headers: authorization === undefined ? headers : [...headers, authorization] });
  }

  /** §10.2.4: the response lists every contact of the address of record; ours counts. */
  #granted(response: SipResponse): number | undefined {
    const own = this.contact.slice(1, -1);
    const expires = response.contacts.find((contact) => contact.uriText === own)?.params.get('expires') ?? response.header('Expires');
    return expires === undefined ? undefined : Number(expires);
  }
}

function minExpires(response: SipResponse): number | undefined {
  const value = response.header('Min-Expires');
  return value === undefined ? undefined : Number(value);
}
