/**
 * REGISTER: asks a session controller, and keeps the binding when it agrees (PRX-03, PRX-04). Rules: RFC 3261 §10.3,
 * RFC 3327; docs/specs/cluster-protocol.md, "REGISTER between proxy and SC".
 */
import { type Bus, subjects } from '#cluster';
import type { Clock, Counter, Log, Meter } from '#kernel';
import {
  contactValue, type Flow, type HeaderLine, makeResponse, processRegister, type RegistrarRules, type ServerTransaction,
  type SipRequest, type SipResponse,
} from '#sip';
import type { LocationBinding, LocationStore } from '#store';
import type { DnCommand } from '#telephony';
import type { AccessNames } from '../machines/access-names.js';
import { wayWithoutFlow } from '../machines/binding-way.js';
import { OTHER_BINDINGS_HEADER, privateHeaders } from '../machines/private-headers.js';
import { applyRegistration, otherBindingsS, type RegistrationChange, usesDefault } from '../machines/registration.js';
import type { ServerPool } from '../machines/server-pool.js';
import { shapeRequest } from '../machines/shape.js';
import type { ProxySettings } from '../settings.js';
import type { Forwarder } from './forwarder.js';
import type { LocationSync } from './location-sync.js';
import { registerHops } from './server-hops.js';
import type { ServerMonitor } from './server-monitor.js';

export interface RegistrarPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly location: LocationStore;
  readonly log: Log;
  readonly meter: Meter;
  readonly forwarder: Forwarder;
  readonly monitor: ServerMonitor;
  readonly pool: ServerPool;
  readonly sync: LocationSync;
  readonly names: AccessNames;
}

export class Registrar {
  /** AORs that registered over a connection of this proxy. */
  readonly #aorsByFlow = new Map<string, Set<string>>();
  readonly #registered: Counter;
  readonly #removed: Counter;
  readonly #lost: Counter;

  constructor(private readonly ports: RegistrarPorts, private readonly settings: ProxySettings) {
    const count = (change: string): Counter =>
      ports.meter.counter('proxy_bindings_changed_total', 'Bindings made, renewed and removed by this proxy', { change });
    this.#registered = count('put');
    this.#removed = count('removed');
    this.#lost = count('flow-lost');
    ports.meter.gauge('proxy_registered_aors', 'Addresses of record with a live binding', () => ports.location.size);
  }

  onRegister(request: SipRequest, transaction: ServerTransaction, flow: Flow, routesToRemove: number): void {
    // RFC 3261 §10.2: an address of record is a SIP or SIPS URI.
    if (!request.to.uri.isSip) return this.#refuse(transaction, 400);
    const aor = this.#aorOf(request);
    if (aor === undefined) return this.#refuse(transaction, 404);
    const { pool, monitor, names, forwarder, location, clock } = this.ports;
    const current = location.list(aor);
    const rules = this.#rules();
    const outcome = processRegister(current, request, rules);
    if (outcome.status !== 200) return this.#refuse(transaction, outcome.status, outcome.headers);
    const headers: HeaderLine[] = [[OTHER_BINDINGS_HEADER, String(otherBindingsS(outcome, current, rules.nowMs))]];
    if (usesDefault(request)) headers.push(['Expires', String(rules.defaultExpires)]);
    const bytes = shapeRequest(request, { routesToRemove, headers });
    const forward = forwarder.open(transaction, 'server', (response) => this.#granted(aor, request, response, flow));
    const hops = registerHops(pool, aor, clock, bytes, names.accessPoint, monitor);
    forward.start(hops.length === 0 ? [] : [hops]);
  }

  /** Bindings that only the connection could reach are gone with it. */
  onFlowLost({ key }: Flow): void {
    const aors = this.#aorsByFlow.get(key);
    if (aors === undefined) return;
    this.#aorsByFlow.delete(key);
    for (const aor of aors) {
      for (const binding of this.ports.location.list(aor)) {
        const isItsOwn = binding.flow === key && binding.node === this.settings.name;
        if (isItsOwn && wayWithoutFlow(binding) === undefined) this.#lose(aor, binding);
      }
    }
  }

  /** Nobody answers at the address of a binding any more. */
  onUnreachable(aor: string, binding: LocationBinding): void {
    this.#lose(aor, binding);
  }

  /** An operator takes a binding out, or all of an AOR. Answers how many. */
  remove(aor: string, contact?: string): number {
    const removals = this.ports.location.list(aor).map((binding) => binding.contact)
      .filter((each) => contact === undefined || each === contact);
    this.#drop(aor, removals);
    return removals.length;
  }

  #aorOf(request: SipRequest): string | undefined {
    const { uri } = request.to;
    return uri.userName !== '' && this.ports.names.isOurHost(uri.host) ? uri.userName : undefined;
  }

  #rules(): RegistrarRules {
    const { registrarDefaultS, registrarMinS, registrarMaxS, bindingsMax } = this.settings;
    return {
      nowMs: this.ports.clock.nowMs(), defaultExpires: registrarDefaultS, minExpires: registrarMinS, maxExpires: registrarMaxS,
      maxBindings: bindingsMax,
    };
  }

  #granted(aor: string, request: SipRequest, response: SipResponse, flow: Flow): string {
    const { location } = this.ports;
    this.#take(aor, applyRegistration(request, response, location.list(aor), {
      rules: this.#rules(), flow: flow.key, node: this.settings.name, reachedAs: this.#reachedAs(request),
    }));
    return this.#listed(request, response, location.list(aor));
  }

  #reachedAs(request: SipRequest): string | undefined {
    const { names } = this.ports;
    const uri = request.requestUri;
    const name = uri === undefined ? names.accessPoint : names.of(uri.host, uri.port);
    return name === names.accessPoint ? undefined : name.inUri;
  }

  #take(aor: string, { puts, removals }: RegistrationChange): void {
    const { location, sync, clock } = this.ports;
    const atMs = clock.nowMs();
    for (const contact of removals) {
      if (!location.remove({ aor, contact, atMs })) continue;
      this.#removed.add();
      sync.tell({ kind: 'gone', aor, contact, atMs });
    }
    for (const binding of puts) {
      if (!location.put(aor, binding)) continue;
      this.#registered.add();
      this.#watchFlow(aor, binding.flow);
      sync.tell({ kind: 'put', aor, binding });
    }
  }

  #watchFlow(aor: string, flow: string): void {
    if (flow.startsWith('udp:')) return;
    const aors = this.#aorsByFlow.get(flow);
    if (aors === undefined) this.#aorsByFlow.set(flow, new Set([aor]));
    else aors.add(aor);
  }

  #lose(aor: string, binding: LocationBinding): void {
    this.#lost.add();
    this.ports.log.info('a phone cannot be reached any more', { aor, contact: binding.contact, flow: binding.flow });
    this.#drop(aor, [binding.contact]);
  }

  /** Without a REGISTER, so no session controller tells the DN's owner. */
  #drop(aor: string, removals: readonly string[]): void {
    if (removals.length === 0) return;
    this.#take(aor, { puts: [], removals });
    const ends = this.ports.location.list(aor).map(({ expiresAtMs }) => expiresAtMs);
    const command: DnCommand = { kind: 'refresh', untilMs: Math.max(this.ports.clock.nowMs(), ...ends) };
    this.ports.bus.publish(subjects.dnCommand(aor), command);
  }

  /** The 200 with every binding of the AOR, and the Path as the phone's edge proxies wrote it (RFC 3327 §5.3). */
  #listed(request: SipRequest, response: SipResponse, bindings: readonly LocationBinding[]): string {
    const nowMs = this.ports.clock.nowMs();
    const edit = response.edit().removeFirst('Via').remove('Contact').remove('Expires');
    for (const name of privateHeaders(response)) edit.remove(name);
    for (const binding of bindings) edit.append('Contact', contactValue(binding, nowMs));
    for (const path of request.headers('Path')) edit.append('Path', path);
    return edit.serialize();
  }

  #refuse(transaction: ServerTransaction, status: number, headers: readonly HeaderLine[] = []): void {
    transaction.respond(makeResponse(transaction.request, status, undefined, { toTag: this.ports.forwarder.newTag(), headers }));
  }
}
