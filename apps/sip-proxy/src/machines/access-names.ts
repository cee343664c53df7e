/**
 * What the outside calls this cluster, and what we call ourselves toward it. Via and Record-Route carry the name that the far
 * end itself uses: the access point, the name for devices without SRV, or an address that it was given (docs/specs/sip-routing.md,
 * "Record-Route").
 */
import { isIP } from 'node:net';
import type { PeerProxy } from '../settings.js';

export interface AccessName {
  /** As it stands in a URI: `sip.example.com`, `phones.example.com:5062`, `192.0.2.1`. */
  readonly inUri: string;
  /** Sent-by of our Via. */
  readonly viaHost: string;
  readonly viaPort: number | undefined;
}

export interface AccessNamesOptions {
  readonly accessPoint: string;
  readonly externalContact: string;
  readonly sipPort: number;
  readonly sipsPort: number | undefined;
  readonly proxies: readonly PeerProxy[];
}

const DEFAULT_PORT = 5060;

export class AccessNames {
  readonly accessPoint: AccessName;
  readonly #byHost = new Map<string, AccessName>();
  readonly #byText = new Map<string, AccessName>();
  /** At a name there are only we; at an address also others, told apart by the port. */
  readonly #literals: ReadonlySet<string>;
  readonly #ports: ReadonlySet<number>;

  constructor({ accessPoint, externalContact, sipPort, sipsPort, proxies }: AccessNamesOptions) {
    for (const { host, port } of proxies) this.#byHost.set(host.toLowerCase(), withPort(host, port));
    this.#byHost.set(externalContact, withPort(externalContact, sipPort));
    // SRV tells the port of the access point, and a port in the URI would forbid asking (RFC 3263 §4.2).
    this.accessPoint = { inUri: accessPoint, viaHost: accessPoint, viaPort: unlessDefault(sipPort) };
    this.#byHost.set(accessPoint, this.accessPoint);
    for (const name of this.#byHost.values()) this.#byText.set(name.inUri, name);
    this.#literals = new Set([...this.#byHost.keys()].filter((host) => isIP(host) !== 0));
    this.#ports = new Set([sipPort, ...(sipsPort === undefined ? [] : [sipsPort]), ...proxies.map(({ port }) => port)]);
  }

  /** Whether a URI with this host and port is addressed to the cluster. */
  isOurs(host: string, port: number | undefined): boolean {
    return this.#find(host, port) !== undefined;
  }

  /** Whether an address of record is of this cluster: its port does not matter. */
  isOurHost(host: string): boolean {
    return this.#byHost.has(withoutBrackets(host));
  }

  /** The name in a URI that is addressed to us; the access point when it is not. */
  of(host: string, port: number | undefined): AccessName {
    return this.#find(host, port) ?? this.accessPoint;
  }

  #find(host: string, port: number | undefined): AccessName | undefined {
    const plain = withoutBrackets(host);
    return this.#literals.has(plain) && !this.#ports.has(port ?? DEFAULT_PORT) ? undefined : this.#byHost.get(plain);
  }

  /** The name that was written down as `inUri`. */
  byText(inUri: string | undefined): AccessName {
    return (inUri === undefined ? undefined : this.#byText.get(inUri)) ?? this.accessPoint;
  }
}

function withPort(host: string, port: number): AccessName {
  const literal = host.includes(':') ? `[${host}]` : host;
  const viaPort = unlessDefault(port);
  return { inUri: viaPort === undefined ? literal : `${literal}:${viaPort}`, viaHost: host, viaPort };
}

function unlessDefault(port: number): number | undefined {
  return port === DEFAULT_PORT ? undefined : port;
}

function withoutBrackets(host: string): string {
  return (host.startsWith('[') ? host.slice(1, -1) : host).toLowerCase();
}
