/**
 * Who sends an INVITE that opens a call (docs/specs/sip-routing.md, "Who calls"): asked by proxies for call limits, and by session controllers.
 */
import { parseContact } from './contact.js';

/** The Via below the proxy's: what the sender wrote, and what the proxy saw. */
export interface SourceVia {
  readonly host: string;
  readonly port: number | undefined;
  readonly received: string | undefined;
  readonly rport: number | undefined;
}

export interface CallerFacts {
  readonly fromUser: string;
  readonly fromHost: string;
  /** Undefined when there is none: the request did not come through a proxy. */
  readonly source: SourceVia | undefined;
  /** `X-Cordboard-Flow`, which only proxies can set. */
  readonly flow: string | undefined;
}

export type Caller =
  /** A DN; `trusted` when the request came over the flow of its own registration. */
  | { readonly kind: 'internal'; readonly dn: string; readonly trusted: boolean }
  | { readonly kind: 'trunk'; readonly trunk: string }
  | { readonly kind: 'unknown' };

/** DNs as the configuration has them. */
export interface KnownDns {
  readonly dns: ReadonlyMap<string, { readonly number: string; readonly type: string; readonly options: ReadonlyMap<string, string> }>;
}

interface TrunkAddress {
  readonly trunk: string;
  readonly host: string;
  readonly port: number;
  /** Among all of them, as configured. */
  readonly place: number;
}

const SIP_PORT = 5060;
const NONE: readonly TrunkAddress[] = [];

export class CallerRecognition {
  readonly #byHost = new Map<string, TrunkAddress[]>();
  /** Trunks that are configured by name. */
  readonly #hasNames: boolean;

  constructor(private readonly config: KnownDns) {
    const trunks = trunkAddresses(config);
    for (const trunk of trunks) this.#byHost.set(trunk.host, [...this.#at(trunk.host), trunk]);
    this.#hasNames = trunks.some(({ host }) => isName(host));
  }

  recognise(facts: CallerFacts): Caller {
    const isExtension = this.config.dns.get(facts.fromUser)?.type === 'Extension';
    if (isExtension && facts.flow === `registered;dn=${facts.fromUser}`) {
      return { kind: 'internal', dn: facts.fromUser, trusted: true };
    }
    const trunks = this.#trunksOf(facts);
    const port = portOf(facts.source);
    const exact = trunks.find((trunk) => port === trunk.port);
    if (exact !== undefined) return { kind: 'trunk', trunk: exact.trunk };
    if (isExtension) return { kind: 'internal', dn: facts.fromUser, trusted: false };
    const [byHost] = trunks;
    return byHost === undefined ? { kind: 'unknown' } : { kind: 'trunk', trunk: byHost.trunk };
  }

  /** Addresses are compared as the proxy saw them. A trunk configured by name is known by the name that it gives itself. */
  #trunksOf({ source, fromHost }: CallerFacts): readonly TrunkAddress[] {
    if (source === undefined) return NONE;
    const byAddress = this.#at(source.received ?? source.host);
    if (!this.#hasNames) return byAddress;
    const named = [...this.#at(source.host), ...this.#at(fromHost)].filter(({ host }) => isName(host));
    return [...new Set([...byAddress, ...named])].sort((a, b) => a.place - b.place);
  }

  #at(host: string): readonly TrunkAddress[] {
    return this.#byHost.get(host.toLowerCase()) ?? NONE;
  }
}

const isName = (host: string): boolean => /[a-z]/.test(host) && !host.startsWith('[');

function portOf(source: SourceVia | undefined): number {
  return source?.rport ?? source?.port ?? SIP_PORT;
}

function trunkAddresses(config: KnownDns): TrunkAddress[] {
  const found: TrunkAddress[] = [];
  for (const dn of config.dns.values()) {
    const contact = dn.type === 'Trunk' ? parseContact(dn.options.get('contact') ?? '') : undefined;
    if (contact !== undefined) found.push({ trunk: dn.number, host: contact.host, port: contact.port ?? SIP_PORT, place: found.length });
  }
  return found;
}
