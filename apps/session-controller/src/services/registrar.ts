/**
 * REGISTER as the session controller sees it: who is it, may he, for how long (PRX-04, PRX-05, PRX-20). The proxy keeps the
 * binding; the TC of this node learns how long the DN can be reached (docs/specs/cluster-protocol.md).
 */
import { type Bus, subjects } from '#cluster';
import type { ClusterConfig } from '#config';
import type { Clock, Counter, Log, Meter } from '#kernel';
import { type HeaderLine, makeResponse, refuseUnsupported, type ServerTransaction, type SipRequest } from '#sip';
import type { TcCommand } from '#telephony';
import { deviceAuth } from '../machines/device-auth.js';
import { grantRegistration, type RegisterFacts, type RegistrationLimits } from '../machines/registration-grant.js';
import type { DigestGate } from './digest-gate.js';

export interface RegistrarPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly gate: DigestGate;
  newTag(): string;
  option(name: string, dn?: string): string;
}

/** What a Require of a phone may ask (RFC 3261 §10.3 step 2); the proxy keeps the Path. */
const SUPPORTED = new Set(['path']);
export const OTHER_BINDINGS = 'X-Cordboard-Other-Bindings';

export class Registrar {
  readonly #limits: RegistrationLimits;
  readonly #granted: Counter;
  readonly #refused: Counter;

  constructor(private readonly config: ClusterConfig, private readonly node: string, private readonly ports: RegistrarPorts) {
    this.#limits = {
      defaultExpires: Number(ports.option('registrar-default-timeout')),
      minExpires: Number(ports.option('registrar-min-timeout')),
      maxExpires: Number(ports.option('registrar-max-timeout')),
    };
    this.#granted = ports.meter.counter('sc_registrations_total', 'REGISTER requests answered with 200');
    this.#refused = ports.meter.counter('sc_registrations_refused_total', 'REGISTER requests refused, challenges not counted');
  }

  onRegister(request: SipRequest, transaction: ServerTransaction): void {
    const unsupported = refuseUnsupported(request, 'Require', SUPPORTED);
    if (unsupported !== undefined) return this.#refuse(request, transaction, unsupported.status, unsupported.headers);
    const dn = request.to.uri.userName;
    const config = this.config.dns.get(dn);
    if (config?.type !== 'Extension') return this.#refuse(request, transaction, 404);
    const auth = deviceAuth(dn, 'register', { option: (name, number) => this.ports.option(name, number) });
    if (auth.kind === 'refuse') {
      this.ports.log.warn('REGISTER refused', { dn, reason: auth.message });
      return this.#refuse(request, transaction, 403);
    }
    if (auth.kind === 'challenge') {
      const verdict = this.ports.gate.check(request, dn, auth.password);
      if (verdict.kind === 'refused') return this.#refuse(request, transaction, 401, verdict.headers);
    }
    // A DN with an address of its own has no need to tell where it is, and must not be led elsewhere.
    if (this.ports.option('contact', dn) !== '*') return this.#refuse(request, transaction, 403);
    this.#grant(request, transaction, dn);
  }

  #grant(request: SipRequest, transaction: ServerTransaction, dn: string): void {
    const grant = grantRegistration(facts(request), this.#limits);
    if (grant.kind === 'refused') {
      const headers: HeaderLine[] = grant.status === 423 ? [['Min-Expires', String(this.#limits.minExpires)]] : [];
      return this.#refuse(request, transaction, grant.status, headers);
    }
    this.#granted.add();
    transaction.respond(makeResponse(request, 200, undefined, {
      toTag: this.ports.newTag(),
      headers: grant.contacts.filter((granted) => granted.expires > 0)
        .map((granted): HeaderLine => ['Contact', `${granted.contact};expires=${granted.expires}`]),
    }));
    if (grant.reachable !== undefined) this.#tell(dn, grant.reachable);
  }

  #tell(dn: string, reachableSeconds: number): void {
    const command: TcCommand = reachableSeconds > 0
      ? { kind: 'registered', dn, untilMs: this.ports.clock.nowMs() + reachableSeconds * 1000 }
      : { kind: 'unregistered', dn };
    this.ports.bus.publish(subjects.tcCommand(this.node), command);
  }

  #refuse(request: SipRequest, transaction: ServerTransaction, status: number, headers: readonly HeaderLine[] = []): void {
    if (status !== 401) this.#refused.add();
    transaction.respond(makeResponse(request, status, undefined, { toTag: this.ports.newTag(), headers }));
  }
}

function facts(request: SipRequest): RegisterFacts {
  return {
    star: request.isStarContact,
    contacts: request.contacts.map((contact) => ({
      contact: `<${contact.uriText}>`, expires: seconds(contact.params.get('expires')),
    })),
    expires: seconds(request.header('Expires')),
    otherBindings: seconds(request.header(OTHER_BINDINGS)) ?? 0,
  };
}

/** §10.2.1.1: what cannot be read is taken as absent, so the default applies. */
function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
