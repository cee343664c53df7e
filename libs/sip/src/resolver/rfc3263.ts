/** Where to send a request: RFC 3263 §4 as a machine that asks for DNS answers and ends with a list of targets. */
import type { Out } from '#kernel';
import type { Target, TransportName } from '../transport/port.js';
import type { AnyOutcome, DnsOutcome, DnsQuestion, NaptrRecord, SrvRecord } from './dns.js';
import { orderSrv } from './srv-order.js';

/** What of a URI decides where it leads. */
export interface Destination {
  readonly host: string;
  readonly port: number | undefined;
  /** The `transport` parameter. */
  readonly transport: TransportName | undefined;
  /** sips: */
  readonly secure: boolean;
}

export interface ResolutionOptions {
  /** What we can send by, best first. NAPTR and SRV of others are not looked at. */
  readonly transports: readonly TransportName[];
  readonly ipv6: boolean;
  /** An integer in [0, 2^32), for SRV weights. */
  readonly draw: () => number;
}

/** `done` is the last effect. No targets: the name leads nowhere; `failed` says that DNS did not answer, so try later. */
export type ResolutionEffect =
  | { readonly kind: 'ask'; readonly question: DnsQuestion }
  | { readonly kind: 'done'; readonly targets: readonly Target[]; readonly failed: boolean };

interface SrvChoice {
  readonly transport: TransportName;
  readonly name: string;
}

interface Place {
  readonly transport: TransportName;
  readonly host: string;
  readonly port: number;
}

/** A target list longer than this is cut: nobody tries more within the life of a transaction. */
const PLACES_MAX = 16;

const SERVICES: readonly { readonly service: string; readonly transport: TransportName }[] = [
  { service: 'SIP+D2U', transport: 'udp' },
  { service: 'SIP+D2T', transport: 'tcp' },
  { service: 'SIPS+D2T', transport: 'tls' },
];

export class Rfc3263Resolution {
  readonly #to: Destination;
  readonly #options: ResolutionOptions;
  #state: 'new' | 'naptr' | 'srv' | 'addresses' | 'done' = 'new';
  #failed = false;
  #srvChoices: readonly SrvChoice[] = [];
  readonly #srvAnswers = new Map<string, readonly SrvRecord[]>();
  #places: readonly Place[] = [];
  readonly #addresses = new Map<string, string[]>();
  #awaited = 0;

  constructor(to: Destination, options: ResolutionOptions) {
    this.#to = to;
    this.#options = options;
  }

  start(out: Out<ResolutionEffect>): void {
    const literal = literalAddress(this.#to.host);
    if (literal !== undefined) return this.#literal(literal, out);
    const transport = this.#givenTransport();
    if (transport !== undefined && !this.#options.transports.includes(transport)) return this.#done([], out);
    // §4.2: a port means that SRV is not looked at; §4.1: then the transport is UDP, or TLS for sips.
    if (this.#to.port !== undefined) return this.#addressesAt(transport ?? this.#defaultTransport(), out);
    if (transport !== undefined) return this.#askSrv([srvChoice(transport, this.#to.host)], out);
    this.#state = 'naptr';
    this.#awaited = 1;
    out.push({ kind: 'ask', question: { type: 'naptr', name: this.#to.host } });
  }

  /** Each question gets one answer, in any order. */
  onAnswer(question: DnsQuestion, outcome: AnyOutcome, out: Out<ResolutionEffect>): void {
    this.#awaited -= 1;
    if (outcome.kind === 'failed') this.#failed = true;
    if (this.#state === 'naptr') this.#onNaptr(outcome as DnsOutcome<NaptrRecord>, out);
    else if (this.#state === 'srv') this.#onSrv(question.name, outcome as DnsOutcome<SrvRecord>, out);
    else if (this.#state === 'addresses') this.#onAddresses(question.name, outcome as DnsOutcome<string>, out);
  }

  #addressesAt(transport: TransportName, out: Out<ResolutionEffect>): void {
    if (this.#options.transports.includes(transport)) this.#lookUp([this.#place(transport, this.#to.host)], out);
    else this.#done([], out);
  }

  #literal(host: string, out: Out<ResolutionEffect>): void {
    const place = this.#place(this.#givenTransport() ?? this.#defaultTransport(), host);
    this.#done(this.#options.transports.includes(place.transport) ? [place] : [], out);
  }

  #onNaptr(outcome: DnsOutcome<NaptrRecord>, out: Out<ResolutionEffect>): void {
    const choices = outcome.kind === 'found' ? this.#naptrChoices(outcome.records) : [];
    // §4.1: no NAPTR: SRV of every transport we have, in our order.
    this.#askSrv(choices.length > 0 ? choices : this.#ownChoices(), out);
  }

  /** The records of the best order and preference that we can use. sips: takes SIPS services only. */
  #naptrChoices(records: readonly NaptrRecord[]): SrvChoice[] {
    return [...records]
      .filter((record) => record.flags.toLowerCase() === 's')
      .sort((a, b) => a.order - b.order || a.preference - b.preference)
      .flatMap((record) => {
        const known = SERVICES.find(({ service }) => service === record.service.toUpperCase());
        return known !== undefined && this.#usable(known.transport)
          ? [{ transport: known.transport, name: record.replacement }]
          : [];
      });
  }

  #ownChoices(): SrvChoice[] {
    return this.#options.transports
      .filter((transport) => this.#usable(transport))
      .map((transport) => srvChoice(transport, this.#to.host));
  }

  #usable(transport: TransportName): boolean {
    return this.#options.transports.includes(transport) && (!this.#to.secure || transport === 'tls');
  }

  #askSrv(choices: readonly SrvChoice[], out: Out<ResolutionEffect>): void {
    if (choices.length === 0) return this.#done([], out);
    this.#state = 'srv';
    this.#srvChoices = choices;
    this.#awaited = choices.length;
    for (const { name } of choices) out.push({ kind: 'ask', question: { type: 'srv', name } });
  }

  #onSrv(name: string, outcome: DnsOutcome<SrvRecord>, out: Out<ResolutionEffect>): void {
    if (outcome.kind === 'found') this.#srvAnswers.set(name, outcome.records);
    if (this.#awaited > 0) return;
    const places = this.#srvPlaces();
    // §4.2: no SRV: the addresses of the name itself. A name that answered by SRV "." offers no service (RFC 2782).
    if (places.length > 0) this.#lookUp(places, out);
    else if (this.#srvAnswers.size > 0) this.#done([], out);
    else this.#lookUp([this.#place(this.#fallbackTransport(), this.#to.host)], out);
  }

  /** All records of the first transport that has any, then those of the next: the last resort is another transport. */
  #srvPlaces(): Place[] {
    return this.#srvChoices.flatMap(({ transport, name }) => {
      const records = (this.#srvAnswers.get(name) ?? []).filter(({ target }) => target !== '.' && target !== '');
      return orderSrv(records, this.#options.draw).map(({ target, port }) => ({ transport, host: target, port }));
    });
  }

  #lookUp(places: readonly Place[], out: Out<ResolutionEffect>): void {
    this.#state = 'addresses';
    this.#places = places.slice(0, PLACES_MAX);
    const names = [...new Set(this.#places.map(({ host }) => host).filter((host) => literalAddress(host) === undefined))];
    const types = this.#options.ipv6 ? ['a', 'aaaa'] as const : ['a'] as const;
    this.#awaited = names.length * types.length;
    if (this.#awaited === 0) return this.#done(this.#places, out);
    for (const name of names) for (const type of types) out.push({ kind: 'ask', question: { type, name } });
  }

  #onAddresses(name: string, outcome: DnsOutcome<string>, out: Out<ResolutionEffect>): void {
    if (outcome.kind === 'found') {
      const known = this.#addresses.get(name) ?? [];
      this.#addresses.set(name, known.concat(outcome.records));
    }
    if (this.#awaited > 0) return;
    const reached = this.#places.flatMap((place) => this.#addressesOf(place.host).map((host) => ({ ...place, host })));
    this.#done(reached, out);
  }

  #addressesOf(host: string): readonly string[] {
    const literal = literalAddress(host);
    return literal === undefined ? this.#addresses.get(host) ?? [] : [literal];
  }

  #done(places: readonly Place[], out: Out<ResolutionEffect>): void {
    this.#state = 'done';
    const targets = places.map((place) => this.#target(place));
    out.push({ kind: 'done', targets, failed: this.#failed && targets.length === 0 });
  }

  /** RFC 5922 §7.1: the certificate shows the name of the URI, not the one that SRV led to. */
  #target(place: Place): Target {
    return place.transport === 'tls' && literalAddress(this.#to.host) === undefined
      ? { ...place, serverName: this.#to.host }
      : place;
  }

  #place(transport: TransportName, host: string): Place {
    return { transport, host, port: this.#to.port ?? (transport === 'tls' ? 5061 : 5060) };
  }

  /** sips:…;transport=tcp means TLS over TCP (RFC 3261 §26.2.2). Without a transport sips: too asks for NAPTR (§4.1). */
  #givenTransport(): TransportName | undefined {
    return this.#to.secure && this.#to.transport !== undefined ? 'tls' : this.#to.transport;
  }

  #defaultTransport(): TransportName {
    return this.#to.secure ? 'tls' : 'udp';
  }

  #fallbackTransport(): TransportName {
    return this.#srvChoices.length === 1 ? (this.#srvChoices[0] as SrvChoice).transport : this.#defaultTransport();
  }
}

function srvChoice(transport: TransportName, host: string): SrvChoice {
  if (transport === 'tls') return { transport, name: `_sips._tcp.${host}` };
  return { transport, name: `_sip._${transport}.${host}` };
}

/** The address itself when `host` is one: no question is asked. `localhost` is one by RFC 6761 §6.3. */
export function literalAddress(host: string): string | undefined {
  if (host.startsWith('[')) return host.slice(1, -1);
  if (host.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return host;
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : undefined;
}
