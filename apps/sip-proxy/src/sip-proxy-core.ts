/**
 * The proxy over its ports: what comes in, and who takes care of it. The order of decisions is the table in
 * docs/specs/sip-proxy.md. Runs under sockets, in a test, and many at once in the simulation.
 */
import { type Bus, type BusSubscription, MembershipService, PAIR_HEADER, subjects } from '#cluster';
import type { Clock, Counter, Entropy, Log, Meter, Timer } from '#kernel';
import { LimitsInForce, type LimitsRepository } from '#limits-store';
import {
  type Flow, type IdleLines, inspectRequest, makeResponse, type ProxyRules, refuseUnsupported, type ServerRules, type ServerTransaction, type SipRequest,
  type SipResolver, type SipTransport, TransactionLayer, validateRequest,
} from '#sip';
import type { LocationStore } from '#store';
import type { AffinityNotice, Heartbeat } from '#telephony';
import { AccessNames } from './machines/access-names.js';
import { AffinityTable } from './machines/affinity-table.js';
import { FloodGuard } from './machines/flood-guard.js';
import { FlowSeal } from './machines/flow-seal.js';
import { Inside } from './machines/inside.js';
import { dialogServerId } from './machines/dialog-server.js';
import type { BindingKeeper } from './machines/location-keeper.js';
import { pairQuestion, type PairQuestion, PairVotes } from './machines/pair-votes.js';
import { type OwnRoutes, ownRoutes } from './machines/own-routes.js';
import { Screen } from './machines/screen.js';
import { type Server, ServerPool } from './machines/server-pool.js';
import { Forwarder } from './services/forwarder.js';
import { Inbound } from './services/inbound.js';
import type { CallLimits } from './services/limit-rules.js';
import { type Admission, Limiter } from './services/limiter.js';
import { LocationSync } from './services/location-sync.js';
import { Outbound } from './services/outbound.js';
import { Registrar } from './services/registrar.js';
import { ScreenedTransport } from './services/screened-transport.js';
import { ServerMonitor } from './services/server-monitor.js';
import { Strays } from './services/strays.js';
import type { PeerProxy, ProxySettings, ServerAddress } from './settings.js';

export interface SipProxyPorts {
  readonly transport: SipTransport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly bus: Bus;
  readonly location: LocationStore;
  /** Told which proxies of the data centre live; absent where the store is not shared. */
  readonly keeper?: BindingKeeper;
  readonly resolver: SipResolver;
  /** Shared with a transport that asks it before it reads; absent: one of its own. */
  readonly guard?: FloodGuard;
  /** To session controllers. */
  readonly lines?: IdleLines;
  /** Rules, mode and block list of call limits; absent: none are known here, and nobody is told that they were in force. */
  readonly limits?: LimitsRepository;
  /** Absent: every call of a trunk is let in. */
  readonly callLimits?: CallLimits;
  readonly log: Log;
  readonly meter: Meter;
}

const AFFINITY_SWEEP_MS = 5_000;
const METHODS = 'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, INFO, NOTIFY, SUBSCRIBE, REFER, MESSAGE';
/** What an OPTIONS may ask of the proxy itself (RFC 3261 §11.2, §8.2.2). */
const AS_SERVER: ServerRules = { extensions: new Set(['path']) };

export class SipProxyCore {
  readonly pool = new ServerPool();
  readonly monitor: ServerMonitor;
  readonly registrar: Registrar;
  readonly membership: MembershipService<Heartbeat>;
  readonly guard: FloodGuard;
  readonly limiter: Limiter | undefined;
  readonly #names: AccessNames;
  readonly #inside: Inside;
  readonly #seal: FlowSeal;
  readonly #layer: TransactionLayer;
  readonly #forwarder: Forwarder;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #strays: Strays;
  readonly #sync: LocationSync;
  readonly #limitsInForce: LimitsInForce | undefined;
  readonly #affinity = new AffinityTable();
  readonly #votes: PairVotes;
  readonly #rules: ProxyRules;
  readonly #refused: Counter;
  #affinitySubscription: BusSubscription | undefined;
  #sweepTimer: Timer | undefined;
  #draining = false;

  constructor(private readonly settings: ProxySettings, private readonly ports: SipProxyPorts) {
    const { clock, entropy, log, meter, location, bus, resolver, lines } = ports;
    this.#names = new AccessNames(settings);
    // We serve no extension that a Proxy-Require could ask for.
    this.#rules = { extensions: new Set(), isOurSentBy: (host, port) => this.#names.isOurs(host, port) };
    this.#inside = new Inside(settings.accessPoint);
    this.#votes = new PairVotes(settings.pairHosts, clock.nowMs());
    this.#seal = new FlowSeal(settings.flowSecret, settings.name, settings.proxies.map(({ name }) => name));
    this.guard = ports.guard ?? new FloodGuard(settings.flood);
    const transport = new ScreenedTransport(ports.transport, { clock, log, meter, screen: new Screen(settings.scannerUserAgents), guard: this.guard });
    this.#layer = new TransactionLayer({ transport, clock, entropy, log, meter });
    const common = { layer: this.#layer, clock, entropy, log, meter, names: this.#names, seal: this.#seal, location, pool: this.pool, lines };
    this.#forwarder = new Forwarder(common, Math.ceil(settings.oosCheckMs / 1_000));
    this.monitor = new ServerMonitor(common, settings, this.pool, this.#names.accessPoint);
    this.#limitsInForce = ports.limits === undefined ? undefined : new LimitsInForce(settings.name, bus, ports.limits);
    this.#sync = new LocationSync({ bus, clock, location, log, meter }, settings.name, settings.dataCentre);
    const shared = { ...common, bus, forwarder: this.#forwarder, monitor: this.monitor, sync: this.#sync, affinity: this.#affinity };
    this.registrar = new Registrar(shared, settings);
    this.#inbound = new Inbound(shared, settings);
    this.#outbound = new Outbound({
      ...shared, registrar: this.registrar, resolver, livingPeer: (name) => this.#livingPeer(name),
    }, settings);
    this.#strays = new Strays({ ...shared, inside: this.#inside, dialogServer: (serverId) => this.#dialogServer(serverId) });
    this.limiter = ports.callLimits === undefined ? undefined : new Limiter({ clock, log, meter, ...ports.callLimits, forwarder: this.#forwarder }, settings);
    this.#refused = meter.counter('proxy_refused_total', 'Requests that the proxy itself refused');
    this.membership = new MembershipService({ bus, clock, log }, this.#describer());
  }

  get draining(): boolean {
    return this.#draining;
  }

  start(): void {
    const { bus, clock } = this.ports;
    this.#layer.onRequest = (request, transaction, flow) => this.#onRequest(request, transaction, flow);
    this.#layer.onAck = (ack, flow) => this.#onAck(ack, flow);
    this.#layer.onCancel = (cancel, invite) => this.#forwarder.cancel(cancel, invite);
    this.#layer.onStrayResponse = (response, flow) => this.#strays.onResponse(response, flow);
    this.#layer.onFlowLost = (flow) => this.registrar.onFlowLost(flow);
    for (const proxy of this.settings.proxies) this.#inside.add(proxy);
    this.#affinitySubscription = bus.subscribe(subjects.affinity(this.settings.dataCentre), (message) => {
      const { dn, node, active } = message as AffinityNotice;
      this.#affinity.heard(dn, node, active, clock.nowMs());
    });
    this.#sync.start();
    this.ports.limits?.start();
    this.#limitsInForce?.start();
    this.#followMembers();
    this.membership.start();
    for (const server of this.settings.servers) this.addServer(server);
    this.#sweep();
  }

  addServer(address: ServerAddress): void {
    for (const each of address.halves ?? [address]) this.#inside.add(each);
    this.monitor.add(address);
  }

  removeServer(name: string): boolean {
    const server = this.monitor.remove(name);
    for (const each of server?.halves ?? []) this.#inside.remove(each);
    return server !== undefined;
  }

  /** New calls are refused from now on. Calls back when no INVITE is pending. */
  drain(done: () => void): void {
    this.#draining = true;
    this.membership.announce();
    this.#forwarder.whenIdle(done);
  }

  /** The transport and the location store are their owner's. */
  close(): void {
    this.#sync.close();
    this.#limitsInForce?.close();
    this.limiter?.close();
    this.ports.limits?.close();
    this.#affinitySubscription?.unsubscribe();
    this.#sweepTimer?.cancel();
    this.monitor.close();
    this.membership.close();
    this.#layer.close();
  }

  #onRequest(request: SipRequest, transaction: ServerTransaction, flow: Flow): void {
    const isInside = this.#inside.holds(flow, request.topVia.host);
    if (this.#isOwnOptions(request, isInside)) return this.#answerOptions(transaction, flow);
    if (!this.#mayGoOn(request, transaction)) return;
    if (request.method === 'CANCEL') return isInside ? this.#refuse(transaction, 481) : this.#strays.onCancel(request, transaction);
    if (request.method === 'BYE') this.limiter?.onBye(request);
    if (isInside) this.#onInsideRequest(request, transaction);
    else this.#onOutsideRequest(request, transaction, flow);
  }

  /** RFC 3261 §16.3 steps 2 to 5; step 1 is the transaction layer's. */
  #mayGoOn(request: SipRequest, transaction: ServerTransaction): boolean {
    const refusal = validateRequest(request, this.#rules);
    if (refusal === undefined) return true;
    this.#refuse(transaction, refusal.status, refusal.headers);
    return false;
  }

  #onInsideRequest(received: SipRequest, transaction: ServerTransaction): void {
    if (received.method === 'REGISTER') return this.#refuse(transaction, 403);
    const routes = ownRoutes(received, this.#names);
    const { request } = routes;
    const flow = this.#sealedFlow(routes);
    if (flow !== undefined) return this.#outbound.byFlow(request, transaction, flow, routes);
    const uri = request.requestUri;
    if (uri === undefined || !this.#names.isOurs(uri.host, uri.port)) return this.#outbound.toUri(request, transaction, routes);
    const serverId = dialogServerId(request);
    if (serverId !== undefined) return this.#toDialogServer(serverId, request, transaction, routes);
    this.#toPhone(uri.userName, request, transaction);
  }

  #onOutsideRequest(received: SipRequest, transaction: ServerTransaction, flow: Flow): void {
    const routes = ownRoutes(received, this.#names);
    const { request } = routes;
    if (request.method === 'REGISTER') return this.registrar.onRegister(request, transaction, flow, routes.count);
    const serverId = dialogServerId(request);
    // Nobody asks who is registered within a dialog.
    const registered = request.to.tag === undefined ? this.#inbound.flowOf(request, flow) : undefined;
    if (serverId !== undefined) {
      return this.#limited(request, transaction, registered, (admission) => this.#toDialogServer(serverId, request, transaction, routes, admission));
    }
    if (request.to.tag !== undefined) return this.#refuse(transaction, 481);
    if (request.requestUri?.user === undefined) return this.#refuse(transaction, 484);
    if (this.#draining) return this.#refuseForDrain(transaction);
    this.#limited(request, transaction, registered, (admission) => {
      this.#inbound.toChosenServer(request, transaction, { flow, registered }, routes, admission);
    });
  }

  /** Goes on at once with what call limits do not ask for. */
  #limited(request: SipRequest, transaction: ServerTransaction, registered: string | undefined, proceed: (admission?: Admission) => void): void {
    const call = this.limiter?.callOf(request, registered);
    if (call === undefined) proceed();
    else this.limiter?.ask(call, transaction, proceed);
  }

  #toPhone(dn: string, request: SipRequest, transaction: ServerTransaction): void {
    const bindings = this.ports.location.list(dn);
    if (bindings.length > 0) return this.#outbound.toPhone(dn, request, transaction, bindings);
    this.#refuse(transaction, this.settings.dnType(dn) === undefined ? 404 : 480);
  }

  #toDialogServer(serverId: number, request: SipRequest, transaction: ServerTransaction, routes: OwnRoutes, admission?: Admission): void {
    const server = this.#dialogServer(serverId);
    if (server !== undefined) return this.#inbound.toServer(server, request, transaction, routes, admission);
    if (admission === undefined) this.#refuse(transaction, 481);
    else admission.forward.refuse(481);
  }

  /** RFC 3261 §16.11. What leads nowhere is dropped: an ACK has no answer. */
  #onAck(received: SipRequest, flow: Flow): void {
    if (received.maxForwards === 0) return;
    const routes = ownRoutes(received, this.#names);
    const { request: ack } = routes;
    const server = this.#dialogServer(dialogServerId(ack));
    if (server !== undefined) return this.#inbound.ackToServer(server, ack, routes);
    if (!this.#inside.holds(flow, ack.topVia.host)) return;
    const sealed = this.#sealedFlow(routes);
    if (sealed === undefined) this.#outbound.ackToUri(ack, routes);
    else this.#outbound.ackByFlow(ack, sealed, routes);
  }

  #isOwnOptions({ method, to, requestUri }: SipRequest, isInside: boolean): boolean {
    if (method !== 'OPTIONS' || to.tag !== undefined) return false;
    if (!isInside) return true;
    return requestUri?.user === undefined && requestUri !== undefined && this.#names.isOurs(requestUri.host, requestUri.port);
  }

  /** PRX-31. Peers that probe us learn here that we drain. */
  #answerOptions(transaction: ServerTransaction, flow: Flow): void {
    const { request } = transaction;
    const refusal = inspectRequest(request, AS_SERVER) ?? refuseUnsupported(request, 'Proxy-Require', AS_SERVER.extensions);
    if (refusal !== undefined) return this.#refuse(transaction, refusal.status, refusal.headers);
    const question = pairQuestion(request.header(PAIR_HEADER) ?? '');
    if (question !== undefined) return this.#answerPair(question, transaction, flow);
    if (this.#draining) return this.#refuseForDrain(transaction);
    transaction.respond(makeResponse(request, 200, undefined, {
      toTag: this.#forwarder.newTag(),
      headers: [['Allow', METHODS], ['Accept', 'application/sdp'], ['Supported', 'path']],
    }));
  }

  #answerPair(question: PairQuestion, transaction: ServerTransaction, flow: Flow): void {
    const yes = this.#votes.answer(question, flow.host, this.ports.clock.nowMs());
    transaction.respond(makeResponse(transaction.request, yes ? 200 : 403, undefined, { toTag: this.#forwarder.newTag() }));
  }

  #refuseForDrain(transaction: ServerTransaction): void {
    const retryAfterS = Math.ceil(this.settings.oosCheckMs / 1_000);
    this.#refuse(transaction, this.settings.shutdownRejectCode, [['Retry-After', String(retryAfterS)]]);
  }

  #refuse(transaction: ServerTransaction, status: number, headers: readonly (readonly [string, string])[] = []): void {
    this.#refused.add();
    transaction.respond(makeResponse(transaction.request, status, undefined, { toTag: this.#forwarder.newTag(), headers }));
  }

  #sealedFlow({ last }: OwnRoutes) {
    const token = last?.uri.user;
    return token === undefined ? undefined : this.#seal.open(token);
  }

  #dialogServer(serverId: number | undefined): Server | undefined {
    const server = serverId === undefined ? undefined : this.pool.byServerId(serverId);
    return server?.isReachable(this.ports.clock.nowMs()) === true ? server : undefined;
  }

  #livingPeer(name: string): PeerProxy | undefined {
    const member = this.membership.member(name);
    return member === undefined ? undefined : this.settings.proxies.find((proxy) => proxy.name === name);
  }

  #followMembers(): void {
    this.membership.onChange((change) => {
      if (change.kind === 'paused') return;
      const { member } = change;
      if (member.tier === 'session-controller') {
        if (change.kind === 'down' || change.kind === 'silent') this.monitor.lost(member);
        else this.monitor.heard(member);
      } else if (member.tier === 'sip-proxy' && member.node !== this.settings.name) {
        if (change.kind === 'up' || change.kind === 'restarted') this.#sync.peerAlive(member.node, member.dataCentre);
        if (change.kind === 'down' || change.kind === 'silent') this.#sync.peerAway(member.node);
        if (member.dataCentre === this.settings.dataCentre) this.#followKeeper(change.kind, member.node);
      }
    });
  }

  #followKeeper(change: string, peer: string): void {
    if (change === 'down' || change === 'restarted') this.ports.keeper?.lost(peer);
    if (change === 'up' || change === 'restarted') this.ports.keeper?.heard(peer);
  }

  #describer(): () => Heartbeat {
    const bootEpoch = Math.floor(this.ports.clock.nowMs());
    const { name, dataCentre } = this.settings;
    return () => ({
      instance: name, node: name, tier: 'sip-proxy', dataCentre, role: 'primary', bootEpoch,
      draining: this.#draining, load: this.#forwarder.pendingInvites,
    });
  }

  #sweep(): void {
    this.#affinity.sweep(this.ports.clock.nowMs());
    this.#sweepTimer = this.ports.clock.setTimer(AFFINITY_SWEEP_MS, () => this.#sweep());
  }
}
