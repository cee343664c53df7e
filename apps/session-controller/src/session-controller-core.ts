/**
 * The session controller without Nest and without sockets: everything it is made of, wired over ports. A process gives it
 * real ones, the simulation gives it simulated ones.
 */
import { type Bus, type MembershipChange, lifeOf, MembershipService, type PairTerm, PRIMARY, type Replica, subjects } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import type { Clock, Entropy, Log, Meter, Timer } from '#kernel';
import { type DigestAlgorithm, type Flow, makeResponse, type ServerTransaction, type SipRequest, type SipTransport, TransactionLayer } from '#sip';
import { type AffinityNotice, Call, type CallEnvironment, type Heartbeat } from '#telephony';
import type { AdminCommands, LoopLateness } from '#tier';
import { type LimiterStore, LimitsTeller } from '#store';
import type { KVSource } from '#tlib';
import type { ClientSession } from './adapters/client-session.js';
import { LegLayer } from './legs/leg-layer.js';
import { ALLOW } from './legs/leg.js';
import { Owed } from './legs/owed.js';
import { SipSender } from './legs/sip-sender.js';
import { CallNames } from './machines/conn-id.js';
import { DialPlan } from './machines/dial-plan.js';
import { debtsOf, dnKey, dnsOf, lastCallID, pointKey, pointsOf } from './replica/call-entry.js';
import { type Entrances, type ReportingEntrance, type RoutingEntrance, turnedEntrances } from './replica/entrances.js';
import { NodeReplica } from './replica/node-replica.js';
import { RestoreCalls } from './replica/restore-calls.js';
import { ReturningRouters } from './replica/returning-routers.js';
import { turnedOutside } from './replica/turned-ports.js';
import { adminCommands } from './services/admin-commands.js';
import { AgentOffers } from './services/agent-offers.js';
import { CallDirectory } from './services/call-directory.js';
import { CallEffects } from './services/call-effects.js';
import { CallSlotsDesk } from './services/call-slots-desk.js';
import { CallReporting, REPORTING_LIMITS } from './services/call-reporting.js';
import { DigestGate, nonceSecret } from './services/digest-gate.js';
import { EventStreams } from './services/event-streams.js';
import { ForwardedRequests } from './services/forwarded-requests.js';
import { InviteIntake } from './services/invite-intake.js';
import { OverloadGuard } from './services/overload-guard.js';
import { OutboundProxies } from './services/outbound-proxies.js';
import { ProxyCheck } from './services/proxy-check.js';
import { Registrar } from './services/registrar.js';
import { RequestOutcomes } from './services/request-outcomes.js';
import { RoutingClients } from './services/routing-clients.js';
import { RoutingPort } from './services/routing-port.js';
import { TrunkService } from './services/trunk-service.js';

export interface SessionControllerPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
  readonly bus: Bus;
  readonly transport: SipTransport;
  readonly pair?: PairTerm;
  /** As in `TierPorts`. */
  readonly loop?: LoopLateness;
  /** Who counts calls; absent: nobody does. */
  readonly limiter?: LimiterStore | undefined;
  /** As in `TierPorts`: absent for a node without a pair. */
  readonly replica?: (tier: string) => Replica;
}

const AFFINITY_MS = 5_000;
const DRAIN_CHECK_MS = 50;
/** After the last BYE: time for its answer, and for the last events to be acknowledged. */
const DRAIN_TAIL_MS = 500;

export class SessionControllerCore {
  /** Unique in the cluster. */
  readonly instance: string;
  readonly routing: RoutingClients;
  readonly #entrances: Entrances;
  readonly #ports: SessionControllerPorts;
  /** Of a node that is half of a pair. */
  readonly #replica: NodeReplica | undefined;
  readonly #returning: ReturningRouters;
  readonly #restoreCalls: RestoreCalls;
  /** SIP is taken from now on. */
  readonly #listen: () => void;
  readonly #options: OptionLookup;
  readonly #layer: TransactionLayer;
  readonly #proxies: OutboundProxies;
  readonly #legs: LegLayer;
  readonly #owed: Owed;
  readonly #directory: CallDirectory;
  readonly #slots: CallSlotsDesk;
  readonly #streams: EventStreams;
  readonly #outcomes: RequestOutcomes;
  readonly #effects: CallEffects;
  readonly #trunks: TrunkService;
  readonly #registrar: Registrar;
  readonly #overload: OverloadGuard;
  readonly #intake: InviteIntake;
  readonly #forwarded: ForwardedRequests;
  readonly #membership: MembershipService<Heartbeat>;
  readonly #bootMs: number;
  readonly #sessions = new Map<string, ClientSession>();
  #affinityTimer: Timer | undefined;
  #draining = false;
  #started = false;

  constructor(
    private readonly config: ClusterConfig, private readonly application: Application, given: SessionControllerPorts,
  ) {
    const { entropy, log, meter } = given;
    const state = given.replica?.('session-controller');
    this.#replica = state && new NodeReplica(state, { clock: given.clock, log, legs: () => this.#legs, outcomes: () => this.#outcomes });
    const outside = this.#replica === undefined ? { ...given, listen: () => {} } : turnedOutside(given, this.#replica.turns);
    const { clock, bus, transport } = outside;
    this.#ports = { ...given, clock, bus, transport };
    this.#listen = outside.listen;
    const node = application.name;
    this.instance = `${node}/session-controller`;
    const startedMs = Math.floor(clock.nowMs());
    this.#bootMs = this.#replica?.bootMs(startedMs) ?? startedMs;
    this.#options = new OptionLookup(config, application);
    const option = (name: string, dn?: string): string => this.#options.text(name, dn);
    const accessPoint = config.accessPoint;
    const contact = `<sip:n${application.serverId}@${accessPoint}>`;
    const newTag = (): string => this.#newTag();

    this.#membership = new MembershipService<Heartbeat>({ bus, clock, log }, () => this.#heartbeat());
    this.#proxies = new OutboundProxies(config, application.geoLocation, { clock, living: () => this.#livingProxies() });
    this.#layer = new TransactionLayer({ transport, clock, entropy, log, meter });
    const sender = new SipSender({ layer: this.#layer, clock, proxies: this.#proxies, accessPoint });
    this.#trunks = new TrunkService(config, {
      clock, entropy, log, meter, sender, option, accessPoint, contact, proxyAlive: () => this.#proxies.anyAlive,
      proxyCheck: new ProxyCheck({ layer: this.#layer, proxies: this.#proxies, clock, entropy, log, meter, accessPoint }),
    });
    this.#streams = new EventStreams({
      bus, clock, meter, callsOf: (dn) => this.#directory.viewsOf(dn), kept: (dn, kept) => this.#replica?.keep(dnKey(dn), kept, true),
    }, node, String(this.#bootMs));
    this.#outcomes = new RequestOutcomes({
      clock, instance: this.instance, session: (id) => this.#sessions.get(id),
      lateError: (dn, event, origin) => {
        this.#streams.push(dn, { event, business: false, origin });
        this.#streams.flush();
      },
      acceptedForNow: (call) => this.#replica?.changed(call),
    });
    const reporting = new CallReporting(() => clock.nowMs(), { ...REPORTING_LIMITS, ...(application.ports.has('IPport') ? {} : { events: 0 }) });
    meter.gauge('sc_reporting_events_kept', 'Call-monitoring events kept for a client of IPport to come', () => reporting.kept);
    meter.gauge('sc_calls_unreported', 'Calls that no client of IPport will hear of, since the start', () => reporting.dropped);
    this.#returning = new ReturningRouters({
      clock, back: (point) => this.#tellCallsAt(point, 'routersBack'), gone: (point) => this.#routersGone(point),
    });
    this.routing = new RoutingClients(this.instance, {
      routersGone: (point) => this.#routersGone(point), routerCame: (point) => this.#routerCame(point),
    });

    const environment = this.#environment(new DialPlan(config, {
      option, geoLocation: application.geoLocation, trunkInService: (trunk) => this.#trunks.inService(trunk),
    }));
    this.#slots = new CallSlotsDesk(this.#teller(given));
    const names = new CallNames(application.serverId, this.#bootMs, (count) => entropy.bytes(count), lastCallID(this.#replica?.restored));
    this.#directory = new CallDirectory({
      clock, log, meter,
      nextIdentity: () => names.next(clock.nowMs()),
      makeMachine: (identity) => new Call(identity, environment),
      perform: (call, effect) => this.#effects.perform(call, effect),
      settled: () => this.#streams.flush(),
      changed: (call) => {
        this.#slots.changed(call);
        this.#replica?.changed(call);
      },
      abandon: (call) => this.#legs.abandon(call),
      unsaid: (dn) => this.#streams.claimed(dn, Infinity),
      dnActive: (dn, active) => this.#dnActive(dn, active),
    }, {
      callsMax: this.#options.number('max-calls'),
      retainMs: this.#options.number('sip-call-retain-timeout') * 1000,
      idleMs: this.#options.number('cleanup-idle-tout') * 60_000,
    });
    const replica = this.#replica;
    this.#owed = new Owed({ sender, life: String(this.#bootMs), changed: replica && ((id, debt) => replica.owed(id, debt)) });
    this.#legs = new LegLayer({
      sender, owed: this.#owed, clock, entropy, log, meter, accessPoint, contact, option, newTag,
      input: (call, input) => this.#directory.feed(call, input),
      alive: (call) => this.#directory.touch(call),
      changed: (call) => this.#replica?.changed(call),
    });
    this.#effects = new CallEffects(config, {
      clock, directory: this.#directory, legs: this.#legs, streams: this.#streams, routing: this.routing,
      reporting, outcomes: this.#outcomes, offers: new AgentOffers({ bus, clock }, node),
    });

    const gate = new DigestGate({ clock, entropy, meter }, {
      realm: accessPoint, secret: nonceSecret(config), nonceLifetimeMs: this.#options.number('nonce-lifetime') * 1000,
      algorithms: this.#options.list('digest-algorithms') as DigestAlgorithm[],
    });
    this.#registrar = new Registrar(config, node, { bus, clock, log, meter, gate, newTag, option });
    this.#overload = new OverloadGuard(this.#options.number('overload-lateness'), { clock, log, meter, loop: given.loop });
    this.#intake = new InviteIntake(config, {
      clock, log, meter, gate, newTag, option, legs: this.#legs, directory: this.#directory, slots: this.#slots, overload: this.#overload,
      draining: () => this.#draining,
    });
    this.#forwarded = new ForwardedRequests(node, {
      bus, clock, directory: this.#directory, streams: this.#streams, outcomes: this.#outcomes, overload: this.#overload, draining: () => this.#draining,
    });
    const routingPort = new RoutingPort(config, {
      clock, instance: this.instance, directory: this.#directory, routing: this.routing, outcomes: this.#outcomes,
    });
    const admin = adminCommands({ clock, directory: this.#directory, trunks: this.#trunks, legs: this.#legs });
    this.#entrances = this.#replica === undefined
      ? { routingPort, reporting, admin, session: (session) => session }
      : turnedEntrances({ routingPort, reporting, admin }, this.#replica.turns);
    this.#restoreCalls = new RestoreCalls({
      clock, log, meter, environment, directory: this.#directory, legs: this.#legs, effects: this.#effects, outcomes: this.#outcomes, reporting,
      discard: (key) => this.#replica?.keep(key, false),
    });
  }

  /** The default port of T-Library. */
  get routingPort(): RoutingEntrance {
    return this.#entrances.routingPort;
  }

  /** IPport. */
  get reporting(): ReportingEntrance {
    return this.#entrances.reporting;
  }

  get admin(): AdminCommands {
    return this.#entrances.admin;
  }

  /** From now on it listens, checks trunks and says that it lives. */
  start(): void {
    this.#turn(() => this.#start());
  }

  #start(): void {
    this.#layer.onRequest = (request, transaction, flow) => this.#onRequest(request, transaction, flow);
    this.#layer.onAck = (request) => this.#legs.onAck(request);
    this.#layer.onCancel = (_cancel, invite) => this.#legs.onCancel(invite);
    this.#layer.onStrayResponse = (response) => this.#legs.onStrayResponse(response);
    this.#started = true;
    this.#forwarded.start();
    this.#membership.onChange((change) => this.#onMember(change));
    this.#membership.start();
    this.#trunks.start();
    this.#overload.start();
    if (this.#replica !== undefined) this.#goOn(this.#replica);
    this.#repeatAffinity();
    this.#listen();
  }

  /** From where the other half of the pair stopped, if it ran (docs/specs/pairs.md). */
  #goOn(replica: NodeReplica): void {
    const { restored } = replica;
    replica.started({ bootMs: this.#bootMs });
    this.#returning.await(pointsOf(restored));
    this.#restoreCalls.run(restored);
    for (const [id, debt] of debtsOf(restored)) this.#owed.restore(id, debt);
    for (const dn of new Set([...dnsOf(restored), ...this.#directory.activeDns()])) this.#streams.resync(dn);
    for (const point of pointsOf(restored)) if (this.routing.routers(point) > 0) this.#returning.came(point);
  }

  /** Of what the process before this one told it is the same teller. */
  #teller({ limiter: store, clock, log, meter }: SessionControllerPorts): LimitsTeller | undefined {
    return store && new LimitsTeller({ store, clock, log, meter }, {
      by: `session-controller/${this.application.name}`, tier: 'session-controller', leaseMs: this.#options.number('limiter-lease') * 1_000,
    });
  }

  #turn(work: () => void): void {
    if (this.#replica === undefined) work();
    else this.#replica.turns.run(work);
  }

  ready(): boolean {
    return this.#started && !this.#draining;
  }

  /** Live calls. */
  get calls(): number {
    return this.#directory.live;
  }

  /** SC-26: what EventServerInfo says beside who the server is. */
  info(): KVSource {
    return { role: PRIMARY, draining: this.#draining ? 1 : 0, calls: this.#directory.live };
  }

  /** A client of the default port opened its session. */
  clientConnected(session: ClientSession): void {
    this.#sessions.set(session.id, this.#entrances.session(session));
  }

  /** The session will not come back. */
  clientGone(sessionId: string): void {
    this.#turn(() => this.routing.closed(sessionId));
    this.#sessions.delete(sessionId);
  }

  /** New calls are refused at once; established ones go on until `deadlineMs`, then they get their BYE. */
  drain(deadlineMs: number): Promise<void> {
    this.#draining = true;
    this.#membership.announce();
    const { clock } = this.#ports;
    const clearAtMs = clock.nowMs() + Math.max(0, deadlineMs - DRAIN_TAIL_MS);
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.#directory.live === 0) return void clock.setTimer(DRAIN_TAIL_MS, resolve);
        if (clock.nowMs() < clearAtMs) return void clock.setTimer(DRAIN_CHECK_MS, check);
        this.#clearAll('the node is shutting down');
        clock.setTimer(DRAIN_TAIL_MS, resolve);
      };
      check();
    });
  }

  close(): void {
    this.#started = false;
    this.#affinityTimer?.cancel();
    this.#returning.close();
    this.#forwarded.close();
    this.#membership.close();
    this.#trunks.close();
    this.#overload.close();
    this.#legs.close();
    this.#directory.close();
    this.#slots.close();
    this.#streams.close();
    this.#outcomes.close();
    this.#layer.close();
  }

  #clearAll(reason: string): void {
    for (const call of [...this.#directory.calls()]) {
      this.#directory.feed(call, { kind: 'clear', reason, nowMs: this.#ports.clock.nowMs() });
    }
  }

  #onRequest(request: SipRequest, transaction: ServerTransaction, flow: Flow): void {
    // docs/specs/sip-routing.md: the inside talks to proxies only.
    if (!this.#proxies.isProxyHost(flow.host)) return this.#answer(request, transaction, 403);
    if (request.to.tag !== undefined) return this.#legs.onRequest(request, transaction);
    switch (request.method) {
      case 'REGISTER': return this.#registrar.onRegister(request, transaction);
      case 'INVITE': return this.#intake.onInvite(request, transaction);
      case 'OPTIONS': return this.#onOptions(request, transaction);
      case 'CANCEL': return this.#answer(request, transaction, this.#legs.onStrayCancel(request) ? 200 : 481);
      // Of an INVITE that is not known: its answer was lost with it.
      case 'BYE': case 'PRACK': case 'UPDATE': return this.#answer(request, transaction, 481);
      default:
        return transaction.respond(makeResponse(request, 405, undefined, { toTag: this.#newTag(), headers: [['Allow', `${ALLOW}, REGISTER`]] }));
    }
  }

  /** A proxy asks whether it may send new calls (PRX-10, PRX-24). */
  #onOptions(request: SipRequest, transaction: ServerTransaction): void {
    if (this.ready()) return this.#answer(request, transaction, 200);
    transaction.respond(makeResponse(request, 503, undefined, { toTag: this.#newTag(), headers: [['Retry-After', '30']] }));
  }

  #answer(request: SipRequest, transaction: ServerTransaction, status: number): void {
    transaction.respond(makeResponse(request, status, undefined, { toTag: this.#newTag() }));
  }

  /** docs/specs/sip-routing.md: names the node for senders that know no Contact. */
  #newTag(): string {
    return `n${this.application.serverId}.${this.#ports.entropy.hex(16)}`;
  }

  #environment(plan: DialPlan): CallEnvironment {
    return {
      resolve: (dialled, from) => plan.resolve(dialled, from),
      option: (name, dn) => this.#options.text(name, dn),
      routers: (point) => Math.max(this.routing.routers(point), this.#returning.awaits(point) ? 1 : 0),
      dnType: (name) => this.config.dns.get(name)?.type,
      node: this.application.name,
      geoLocation: this.application.geoLocation,
    };
  }

  #routerCame(routingPoint: string): void {
    this.#replica?.keep(pointKey(routingPoint), true);
    this.#returning.came(routingPoint);
  }

  #routersGone(routingPoint: string): void {
    this.#replica?.keep(pointKey(routingPoint), false);
    this.#tellCallsAt(routingPoint, 'routersGone');
  }

  #tellCallsAt(routingPoint: string, kind: 'routersGone' | 'routersBack'): void {
    for (const call of this.#directory.callsAt(routingPoint)) {
      this.#directory.feed(call, { kind, routingPoint, nowMs: this.#ports.clock.nowMs() });
    }
  }

  #dnActive(dn: string, active: boolean): void {
    if (!active) this.#streams.lastCallEnded(dn);
    // Those that were taken over are told with all others, once they are there.
    if (active && this.#affinityTimer === undefined) return;
    if (this.config.dns.get(dn)?.type === 'Extension') this.#tellAffinity(dn, active);
  }

  #tellAffinity(dn: string, active: boolean): void {
    const notice: AffinityNotice = { dn, node: this.application.name, active };
    this.#ports.bus.publish(subjects.affinity(this.application.geoLocation), notice);
  }

  /** A proxy forgets what is not repeated (docs/specs/cluster-protocol.md, "Affinity"). */
  #repeatAffinity(): void {
    for (const dn of this.#directory.activeDns()) {
      if (this.config.dns.get(dn)?.type === 'Extension') this.#tellAffinity(dn, true);
    }
    this.#affinityTimer = this.#ports.clock.setTimer(AFFINITY_MS, () => this.#repeatAffinity());
  }

  /** Proxies answer BYE with 481 as long as they take this node for dead (docs/specs/sip-routing.md). */
  #onMember(change: MembershipChange<Heartbeat>): void {
    const isProxy = change.kind !== 'paused' && change.member.tier === 'sip-proxy';
    if (change.kind === 'paused' || (isProxy && (change.kind === 'up' || change.kind === 'restarted'))) this.#legs.audit();
    if (isProxy) this.#legs.proxyForgot(this.#proxies.hostOf(change.member.node));
  }

  /** One that drains may be gone before the answer comes, so others are asked as long as there are any. */
  #livingProxies(): string[] {
    const members = this.#membership.members('sip-proxy', this.application.geoLocation);
    const staying = members.filter(({ draining }) => !draining);
    return (staying.length > 0 ? staying : members).map(({ node }) => node);
  }

  #heartbeat(): Heartbeat {
    return {
      instance: this.instance, node: this.application.name, tier: 'session-controller',
      dataCentre: this.application.geoLocation, role: PRIMARY, bootEpoch: this.#bootMs,
      draining: this.#draining, load: this.#directory.live, ...lifeOf(this.#ports.pair),
    };
  }
}
