/** Runs the machine of one owned DN: commands in from the bus, numbered events out (docs/specs/dn.md). */
import { type Bus, type BusDelivery, EventRing, subjects } from '#cluster';
import { type Clock, type Entropy, type Timer, unreachable } from '#kernel';
import {
  type CallView, type DepartureState, Dn, type DnCommand, type DnEffect, type DnEvent, type DnIdentity, type DnInput, type DnReply, type DnRules,
  type DnSnapshot, type DnTimer, type RequestOrigin, type ScCommand, type TcCommand,
} from '#telephony';
import { TError, type TRequest } from '#tlib';
import { CallStreams } from './call-streams.js';
import type { CommandInbox } from './command-inbox.js';

export interface OwnedDnPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly ring: EventRing<DnEvent>;
  /** Greater than that of every login heard of. */
  nextLoginEpoch(): number;
  /** Comes before EventAgentLogin. */
  loggedIn(dn: string, agentID: string, epoch: number): void;
  /** The agent of the DN, if any, may have changed. */
  agentMoved(dn: string, before: string | undefined, after: string | undefined): void;
  /** The DN may have changed: for the other half of the pair, before what reveals it leaves. */
  keep(dn: string): void;
  /** An accepted offer of that session controller does not hold any more. */
  revoked(dn: string, connID: string, node: string): void;
  /** For clients of this node that hear all DNs of it. */
  published(event: DnEvent): void;
  /** The phone was seen at another node of this data centre (`seen`), or a proxy knows how long what is left of it lasts. */
  refreshed(dn: string, untilMs: number, seen: boolean): void;
  /** A node of another data centre wants the DN. */
  askedToMove(dn: string, question: Extract<DnCommand, { readonly kind: 'move' }>): DnReply | undefined;
  /** Its calls or its agent may have changed. */
  changed(dn: string): void;
}

/** Decided here; everything else is for the SC of the call. */
const OWN_REQUESTS: ReadonlySet<string> = new Set([
  'RequestAgentLogin', 'RequestAgentLogout', 'RequestAgentReady', 'RequestAgentNotReady', 'RequestAgentSetIdleReason',
  'RequestSetDNDOn', 'RequestSetDNDOff', 'RequestCallForwardSet', 'RequestCallForwardCancel', 'RequestSetMessageWaitingOn',
  'RequestSetMessageWaitingOff',
]);
/** Inputs that change a DN and say nothing. */
const QUIET_CHANGES: ReadonlySet<DnInput['kind']> = new Set(['withdraw', 'clientAway', 'clientGone', 'tookOver']);
const SC_TIMEOUT_MS = 4_500;
/** Session controllers that hear the claim tell their calls in this time; until then no client's request is decided (TC-18). */
const CALLS_KNOWN_MS = 150;
/** Beyond it they are decided with what is known. */
const EARLY_MAX = 64;
/** Nodes' clocks may differ by so much. */
const CLOCK_SKEW_MS = 5_000;
/** What an event weighs in the ring beside its user data: an estimate, since nothing is serialised in process. */
const EVENT_BYTES = 1_024;

export class OwnedDn {
  readonly #dn: Dn;
  readonly #streams: CallStreams;
  /** Absent until the first one: a DN without an agent has none. */
  #timers: Map<DnTimer, Timer> | undefined;
  readonly #callsKnownAtMs: number;
  /** Clients' requests that wait for the calls to be known, in order. */
  #early: (() => void)[] | undefined;

  /** `ports` are those of all DNs of the node. */
  constructor(
    identity: DnIdentity, rules: DnRules, from: DnSnapshot | undefined, lastSeq: number, private readonly inbox: CommandInbox,
    private readonly ports: OwnedDnPorts,
  ) {
    this.#dn = new Dn(identity, rules, from, lastSeq);
    this.#callsKnownAtMs = from === undefined ? ports.clock.nowMs() + CALLS_KNOWN_MS : 0;
    this.#streams = new CallStreams(identity.dn, identity.epoch, from !== undefined, ports, {
      onItem: (node, item) => void this.feed({ kind: 'item', node, item, nowMs: ports.clock.nowMs() }),
      onPicture: (node, calls) => void this.feed({ kind: 'picture', node, calls, nowMs: ports.clock.nowMs() }),
    });
  }

  /** Takes commands from now on, those first that came before. */
  serve(): void {
    this.inbox.serve((command, delivery) => this.#command(command, delivery));
  }

  get epoch(): number {
    return this.#dn.identity.epoch;
  }

  get seq(): number {
    return this.#dn.seq;
  }

  get loginEpoch(): number {
    return this.#dn.loginEpoch;
  }

  get agentID(): string | undefined {
    return this.#dn.agentID;
  }

  get readyAgent(): string | undefined {
    return this.#dn.readyAgent;
  }

  departureState(nowMs: number): DepartureState {
    return { busy: this.#dn.isBusy(nowMs), loggedIn: this.#dn.agentID !== undefined };
  }

  snapshot(): DnSnapshot {
    return this.#dn.snapshot();
  }

  handOver(): DnSnapshot {
    return this.#dn.handOver();
  }

  /** Performs what the machine says; answers its reply, if the input was a question. */
  feed(input: DnInput): DnReply | undefined {
    const effects: DnEffect[] = [];
    const before = this.#dn.agentID;
    this.#dn.on(input, effects);
    if (effects.length > 0 || QUIET_CHANGES.has(input.kind)) this.ports.keep(this.#dn.identity.dn);
    let reply: DnReply | undefined;
    for (const effect of effects) {
      if (effect.kind === 'answer') reply = effect.reply;
      else this.#perform(effect);
    }
    if (this.#dn.agentID !== before) this.ports.agentMoved(this.#dn.identity.dn, before, this.#dn.agentID);
    this.ports.changed(this.#dn.identity.dn);
    return reply;
  }

  /** The session controller of that node is not heard any more: its calls are over here. */
  scDown(node: string): void {
    this.#streams.lost(node);
    this.feed({ kind: 'scDown', node, nowMs: this.ports.clock.nowMs() });
  }

  /** It is not heard, but may be behind a cut: its calls stay as they are, and what it says next begins with a picture. */
  scSilent(node: string): void {
    this.#streams.lost(node);
    this.feed({ kind: 'scSilent', node, nowMs: this.ports.clock.nowMs() });
  }

  scCutOff(node: string, dataCentre: string): void {
    this.feed({ kind: 'scCutOff', node, dataCentre, nowMs: this.ports.clock.nowMs() });
  }

  /** It is heard again, in the same life: calls that it still has are told anew. */
  scUp(node: string): void {
    if (this.#dn.isSilent(node) && this.#dn.hasCallOf(node)) this.#streams.expect(node);
    this.feed({ kind: 'scBack', node, nowMs: this.ports.clock.nowMs() });
    this.#streams.back(node);
  }

  /** It went on from the other half of its pair, or this owner did: its calls go on when it tells them. */
  doubt(node: string): void {
    const hasCalls = this.#dn.snapshot().calls.some((call) => call.node === node);
    if (hasCalls || this.#streams.has(node)) this.#streams.doubt(node);
  }

  doubtAllCalls(): void {
    for (const node of new Set(this.#dn.snapshot().calls.map((call) => call.node))) this.#streams.doubt(node);
  }

  /** Nodes that told no calls since then. */
  endDoubts(sinceMs: number): readonly string[] {
    return this.#streams.endDoubts(sinceMs);
  }

  close(): void {
    this.inbox.close();
    this.#early = undefined;
    for (const timer of this.#timers?.values() ?? []) timer.cancel();
    this.#streams.close();
  }

  #perform(effect: Exclude<DnEffect, { readonly kind: 'answer' }>): void {
    switch (effect.kind) {
      case 'event':
        this.ports.ring.push(effect.event, EVENT_BYTES);
        this.ports.bus.publish(subjects.dnEvent(effect.event.dn), effect.event);
        return this.ports.published(effect.event);
      case 'refused': {
        const { event, origin } = effect;
        const command: TcCommand = { kind: 'refused', dn: this.#dn.identity.dn, event, origin };
        return this.ports.bus.publish(subjects.tcCommand(nodeOf(origin.instance)), command);
      }
      case 'revoked': return this.ports.revoked(this.#dn.identity.dn, effect.connID, effect.node);
      case 'loggedIn': return this.ports.loggedIn(this.#dn.identity.dn, effect.agentID, effect.epoch);
      case 'setTimer': return this.#setTimer(effect.timer, effect.delayMs);
      case 'cancelTimer': return this.#timers?.get(effect.timer)?.cancel();
      default: return unreachable(effect);
    }
  }

  #setTimer(timer: DnTimer, delayMs: number): void {
    const { clock } = this.ports;
    this.#timers ??= new Map();
    this.#timers.get(timer)?.cancel();
    this.#timers.set(timer, clock.setTimer(delayMs, () => void this.feed({ kind: 'timer', timer, nowMs: clock.nowMs() })));
  }

  #command(command: DnCommand, delivery: BusDelivery): void {
    const nowMs = this.ports.clock.nowMs();
    const respond = (reply: DnReply | undefined): void => void (reply !== undefined && delivery.respond?.(reply));
    switch (command.kind) {
      case 'frame':
      case 'resync': return this.#streams.heard(command);
      case 'request': return this.#request(command, respond);
      case 'offer': return respond(this.feed({ kind: 'offer', connID: command.connID, node: command.node, leaseMs: command.leaseMs, nowMs }));
      case 'withdraw': return void this.feed({ kind: 'withdraw', connID: command.connID, nowMs });
      case 'snapshot': return respond({ kind: 'snapshot', snapshot: this.#dn.snapshot() });
      case 'refresh': return this.ports.refreshed(this.#dn.identity.dn, command.untilMs, command.seen === true);
      case 'move': return respond(this.ports.askedToMove(this.#dn.identity.dn, command));
      case 'clientHere': return respond(this.feed({ ...command, nowMs }));
      case 'clientAway':
      case 'clientGone': return void this.feed({ ...command, nowMs });
      case 'agentAction': {
        return void this.feed({ kind: 'agentAction', action: command.action, reasons: [['ReasonCode', command.reason]], nowMs });
      }
      default: return unreachable(command);
    }
  }

  /** Whether the decision waits: who begins without a hand-over does not know the DN's calls yet. */
  #isEarly(decide: () => void): boolean {
    const { clock } = this.ports;
    const leftMs = this.#callsKnownAtMs - clock.nowMs();
    if (this.#early === undefined && leftMs <= 0) return false;
    if (this.#early === undefined) clock.setTimer(leftMs, () => this.#decideEarly());
    this.#early ??= [];
    if (this.#early.length >= EARLY_MAX) return false;
    this.#early.push(decide);
    return true;
  }

  #decideEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const decide of early) decide();
  }

  #request(command: Extract<DnCommand, { readonly kind: 'request' }>, respond: (reply: DnReply | undefined) => void): void {
    const { request, origin, untilMs = Infinity } = command;
    if (this.ports.clock.nowMs() > untilMs + CLOCK_SKEW_MS) return;
    if (this.#isEarly(() => this.#request(command, respond))) return;
    if (OWN_REQUESTS.has(request.msg)) {
      const { clock, entropy } = this.ports;
      const loginEpoch = request.msg === 'RequestAgentLogin' ? this.ports.nextLoginEpoch() : 0;
      return respond(this.feed({ kind: 'request', request, origin, agentSessionID: entropy.hex(16), loginEpoch, nowMs: clock.nowMs() }));
    }
    const connID = request['ConnID'] as string | undefined;
    const call = connID === undefined ? undefined : this.#dn.call(connID);
    if (connID !== undefined && call === undefined) {
      return respond({ kind: 'error', code: TError.InvalidConnID, message: `${this.#dn.identity.dn} has no call ${connID}` });
    }
    if (call !== undefined && this.#dn.isSilent(call.node)) return respond(this.#ofSilent(call, request, origin));
    const node = call?.node ?? this.#dn.nodeOfCalls ?? nodeOf(origin.instance);
    const forSc: ScCommand = { kind: 'request', request, origin };
    this.ports.bus.request(subjects.scCommand(node), forSc, SC_TIMEOUT_MS, (reply) => {
      if (reply.kind === 'reply') respond(this.#answered(reply.message as DnReply, request, origin));
      else {
        const code = reply.kind === 'timeout' ? TError.Timeout : TError.OutOfService;
        respond({ kind: 'error', code, message: `the session controller of ${node} does not answer` });
      }
    });
  }

  /** TC-30: the agent takes a call off the desktop that cannot be asked for. */
  #ofSilent(call: CallView, request: TRequest, origin: RequestOrigin): DnReply | undefined {
    return request.msg === 'RequestReleaseCall' ? this.#releaseGhost(call.connID, origin) : unheard(request, call);
  }

  /** A call that its session controller does not know is over, whatever was lost of it. */
  #answered(reply: DnReply, request: TRequest, origin: RequestOrigin): DnReply | undefined {
    const isUnknown = reply.kind === 'error' && reply.code === TError.InvalidConnID && request.msg === 'RequestReleaseCall';
    const connID = request['ConnID'] as string;
    return isUnknown && this.#dn.call(connID) !== undefined ? this.#releaseGhost(connID, origin) : reply;
  }

  #releaseGhost(connID: string, origin: RequestOrigin): DnReply | undefined {
    return this.feed({ kind: 'releaseGhost', connID, origin, nowMs: this.ports.clock.nowMs() });
  }
}

/** What only its SC could do. */
const unheard = (request: TRequest, { connID, node }: CallView): DnReply => ({
  kind: 'error', code: TError.OutOfService,
  message: `${request.msg}: ${node}, which has call ${connID}, does not answer; RequestReleaseCall takes a call that is over off the desktop`,
});

/** The node of an instance such as `SIPS_dc1_1/t-controller`. */
const nodeOf = (instance: string): string => instance.slice(0, instance.indexOf('/'));
