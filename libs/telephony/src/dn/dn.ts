/** One DN at its owner: service state, calls, offers, its agent, and the numbering of its events (docs/specs/dn.md). */
import type { Machine, Out } from '#kernel';
import { EMPTY_KV, kv, kvGet, type KVList, kvUpdate, TError, type TEvent, type TRequest, tTime } from '#tlib';
import { Agent, MANUAL_ACW } from '../agent/agent.js';
import type { AgentEffect, AgentInput, WorkMode, WrapUpTime } from '../agent/agent.types.js';
import type { AgentView, CallView, DnMemory, DnReply, DnSnapshot, RequestOrigin } from '../messages/index.js';
import { CallBook, endsCall, isAnswered } from './call-book.js';
import { Desktop } from './desktop.js';
import type { DnEffect, DnIdentity, DnInput, DnRules } from './dn.types.js';
import { Offers } from './offers.js';
import { controlNotice, SilentCalls } from './silent-calls.js';

type Input<K extends DnInput['kind']> = Extract<DnInput, { readonly kind: K }>;

const ACCEPTED: DnReply = { kind: 'accepted' };

export class Dn implements Machine<DnInput, DnEffect> {
  readonly #calls = new CallBook();
  readonly #silent = new SilentCalls();
  readonly #offers = new Offers();
  readonly #agentEffects: AgentEffect[] = [];
  /** Where the agent is: the place of the owner (TC-17). */
  readonly #site: KVList;
  #agent: Agent;
  #seq = 0;
  /** Nothing was said yet, and nothing handed over. */
  #fresh: boolean;
  #inService = false;
  #dnd = false;
  #messageWaiting = false;
  #loginEpoch = 0;
  /** Of a login that is being decided. */
  #enteringEpoch: number | undefined;
  #activeAtMs = 0;
  /** Epoch of the owner before, until the first event has said so. */
  #handedFrom: number | undefined;
  readonly #desktop = new Desktop();
  /** A node of another data centre may claim it: it is offered no call until then. */
  #leavesUntilMs = 0;

  /** `from`: the DN as a former owner left it; its first input is then `tookOver`. `lastSeq`: the number to go on from. */
  constructor(readonly identity: DnIdentity, private readonly rules: DnRules, from?: DnSnapshot, lastSeq = 0) {
    this.#site = kv({ site: identity.geoLocation });
    const memory = from?.memory;
    this.#agent = memory?.agent === undefined ? new Agent(rules) : Agent.restore(rules, memory.agent);
    this.#seq = from?.seq ?? lastSeq;
    this.#fresh = from === undefined;
    if (from === undefined) return;
    this.#handedFrom = memory?.after ?? from.epoch;
    this.#inService = from.inService;
    this.#dnd = from.dnd;
    this.#messageWaiting = from.messageWaiting === true;
    this.#calls.replaceAll(from.calls);
    if (memory !== undefined) this.#remember(memory);
  }

  get seq(): number {
    return this.#seq;
  }

  get inService(): boolean {
    return this.#inService;
  }

  get loginEpoch(): number {
    return this.#loginEpoch;
  }

  get agentID(): string | undefined {
    return this.#agent.agentID;
  }

  /** Who could take a call here now. */
  get readyAgent(): string | undefined {
    return this.#inService && this.#agent.state === 'Ready' && this.#calls.size === 0 ? this.#agent.agentID : undefined;
  }

  /** A call, a lease of one, or after-call work of one: the DN stays where it is. */
  isBusy(nowMs: number): boolean {
    return this.#calls.size > 0 || this.#offers.taken(undefined, nowMs) || (this.#agent.state === 'AfterCallWork' && !this.#agent.isOwnAcw);
  }

  call(connID: string): CallView | undefined {
    return this.#calls.get(connID);
  }

  /** The node of any call of the DN, if it is heard: a new call goes there too. */
  get nodeOfCalls(): string | undefined {
    return this.#calls.views().find((call) => !this.#silent.has(call.node))?.node;
  }

  /** Whether nothing can be asked of that session controller for now. */
  isSilent(node: string): boolean {
    return this.#silent.has(node);
  }

  hasCallOf(node: string): boolean {
    return this.#calls.of(node).length > 0;
  }

  snapshot(): DnSnapshot {
    const { dn, node, epoch } = this.identity;
    return {
      dn, owner: node, epoch, seq: this.#seq, inService: this.#inService, agent: this.#agentView(), calls: this.#calls.views(), dnd: this.#dnd,
      messageWaiting: this.#messageWaiting,
    };
  }

  #agentView(): AgentView | undefined {
    const view = this.#agent.view();
    return view === undefined ? undefined : { ...view, reasons: this.#withSite(view.reasons) };
  }

  #withSite(reasons: KVList): KVList {
    return kvUpdate(reasons, this.#site);
  }

  /** The snapshot for the next owner. */
  handOver(): DnSnapshot {
    return {
      ...this.snapshot(),
      memory: {
        agent: this.#agent.state === 'LoggedOut' ? undefined : this.#agent.memory(), ...this.#desktop.memory(), loginEpoch: this.#loginEpoch,
        activeAtMs: this.#activeAtMs, offers: this.#offers.entries(), ...(this.#handedFrom === undefined ? {} : { after: this.#handedFrom }),
      },
    };
  }

  on(input: DnInput, out: Out<DnEffect>): void {
    switch (input.kind) {
      case 'inService': return this.#backInService(input.nowMs, out);
      case 'outOfService': return this.#outOfService(input.nowMs, out);
      case 'tookOver': return this.#tookOver(input.moved, input.nowMs, out);
      case 'leave': return this.#leave(input.untilMs, input.nowMs, out);
      case 'item': return this.#item(input, out);
      case 'picture': return this.#picture(input, out);
      case 'scDown': return this.#picture({ kind: 'picture', node: input.node, calls: [], nowMs: input.nowMs }, out);
      case 'scSilent': return this.#silent.silent(input.node);
      case 'scBack': return this.#silent.back(input.node);
      case 'scCutOff': return this.#cutOff(input, out);
      case 'releaseGhost': return this.#releaseGhost(input, out);
      case 'offer': return this.#offer(input, out);
      case 'withdraw': return this.#offers.end(input.connID);
      case 'request': return this.#request(input, out);
      case 'agentAction': return this.#agentAction(input, out);
      case 'clientGone': return this.#clientGone(input, out);
      case 'clientAway': return this.#clientAway(input);
      case 'desktopLost': return this.#desktopLost(input, out);
      case 'clientHere': return this.#clientHere(input, out);
      case 'loginElsewhere': return this.#loginElsewhere(input, out);
      case 'timer': return this.#timer(input, out);
    }
  }

  // ---- taken over

  #remember(memory: DnMemory): void {
    this.#desktop.restore(memory);
    this.#loginEpoch = memory.loginEpoch;
    this.#activeAtMs = memory.activeAtMs;
    for (const lease of memory.offers) this.#offers.grant(...lease);
  }

  /** The agent comes along; to another data centre only by `agent-state-auto-restore`. */
  #tookOver(moved: boolean, nowMs: number, out: Out<DnEffect>): void {
    if (this.#agent.state === 'LoggedOut') return;
    if (moved && !this.#comesAlong) return this.#logoutForMove(nowMs, out);
    this.#watchIdle(nowMs, out);
    this.#watchDesktop(nowMs, out);
    this.#agent.rearm(nowMs, this.#agentEffects);
    if (moved) this.#agent.announce(nowMs, this.#agentEffects);
    this.#performAgent(undefined, nowMs, out);
  }

  #leave(untilMs: number, nowMs: number, out: Out<DnEffect>): void {
    this.#leavesUntilMs = untilMs;
    if (!this.#comesAlong) this.#logoutForMove(nowMs, out);
  }

  /** §7.6: who asked for after-call work by hand is not restored. */
  get #comesAlong(): boolean {
    return this.rules.agentStateAutoRestore && !this.#agent.isOwnAcw;
  }

  #logoutForMove(nowMs: number, out: Out<DnEffect>): void {
    this.#logoutIfIn(this.#agent.isOwnAcw ? MANUAL_ACW : EMPTY_KV, nowMs, out);
  }

  // ---- service state (§8.1)

  #backInService(nowMs: number, out: Out<DnEffect>): void {
    if (this.#inService) return;
    this.#inService = true;
    this.#publish({ msg: 'EventDNBackInService', ThisDN: this.identity.dn }, undefined, nowMs, out);
  }

  #outOfService(nowMs: number, out: Out<DnEffect>): void {
    if (!this.#inService) return;
    this.#inService = false;
    this.#publish({ msg: 'EventDNOutOfService', ThisDN: this.identity.dn }, undefined, nowMs, out);
    if (this.rules.logoutOnOutOfService) this.#logoutIfIn(EMPTY_KV, nowMs, out);
    // Whoever owns the DN next knows of no lease, and an agent who logs in there gets a call.
    for (const [connID, , node] of this.#offers.revoke(nowMs)) out.push({ kind: 'revoked', connID, node });
  }

  // ---- calls

  #item({ item: { event, business, origin }, node, nowMs }: Input<'item'>, out: Out<DnEffect>): void {
    // A number that one client hears would be missing at all others.
    if (event.msg === 'EventError' && origin !== undefined) {
      return void out.push({ kind: 'refused', event: { Time: tTime(nowMs), ...event, Server: this.identity.node }, origin });
    }
    if (!this.#silent.isOfGhost(event)) this.#callEvent(event, business, node, origin, nowMs, out);
  }

  #callEvent(
    event: TEvent, business: boolean, node: string, origin: RequestOrigin | undefined, nowMs: number, out: Out<DnEffect>,
  ): void {
    const connID = event['ConnID'] as string | undefined;
    this.#activeAtMs = nowMs;
    if (connID !== undefined) this.#offers.end(connID);
    const before = connID === undefined ? undefined : this.#calls.get(connID);
    this.#calls.apply(event, node, business);
    const isBusiness = business || before?.business === true;
    if (isBusiness && event.msg === 'EventEstablished') this.#feedAgent({ kind: 'businessCall', nowMs }, undefined, out);
    // §7.2: after-call work is announced before the event that ends the call.
    if (isBusiness && before !== undefined && endsCall(event.msg)) this.#businessEnded(before, event, nowMs, out);
    this.#publish(this.#ofOwner(event, isBusiness), origin, nowMs, out);
  }

  /** §7.2: none starts while another business call lasts, nor for a call that was never answered. */
  #businessEnded(call: CallView, event: TEvent, nowMs: number, out: Out<DnEffect>): void {
    if (!isAnswered(call) || this.#calls.views().some((other) => other.business)) return;
    this.#feedAgent({ kind: 'businessReleased', wrapUpTime: wrapUpOf(event['Extensions'] as KVList | undefined), nowMs }, undefined, out);
  }

  /** The owner's attributes: the agent, and on EventEstablished the after-call work that will follow. */
  #ofOwner(event: TEvent, business: boolean): TEvent {
    const agentID = this.#agent.agentID;
    if (agentID === undefined) return event;
    if (!business || event.msg !== 'EventEstablished') return { ...event, AgentID: agentID };
    const extensions = (event['Extensions'] as KVList | undefined) ?? EMPTY_KV;
    const wrapUp = this.#agent.wrapUpTime(wrapUpOf(extensions));
    if (wrapUp === undefined) return { ...event, AgentID: agentID };
    return { ...event, AgentID: agentID, Extensions: kvUpdate(extensions, kv({ WrapUpTime: wrapUp })) };
  }

  #picture(input: Input<'picture'>, out: Out<DnEffect>): void {
    const { dn } = this.identity;
    for (const event of this.#calls.eventsTowards(dn, input.node, input.calls)) {
      this.#silent.toldAgain(event['ConnID'] as string);
      const business = input.calls.some((call) => call.connID === event['ConnID'] && call.business);
      this.#callEvent(event, business, input.node, undefined, input.nowMs, out);
    }
    const wasCutOff = this.#silent.over(input.node);
    if (wasCutOff !== undefined) this.#noticeControl(input.node, wasCutOff, true, input.nowMs, out);
  }

  // ---- calls of session controllers that are not heard

  #cutOff({ node, dataCentre, nowMs }: Input<'scCutOff'>, out: Out<DnEffect>): void {
    this.#silent.cutOff(node, dataCentre);
    this.#noticeControl(node, dataCentre, false, nowMs, out);
  }

  #noticeControl(node: string, dataCentre: string, restored: boolean, nowMs: number, out: Out<DnEffect>): void {
    const { dn } = this.identity;
    for (const call of this.#calls.of(node)) this.#publish(controlNotice(dn, call, dataCentre, restored), undefined, nowMs, out);
  }

  #releaseGhost({ connID, origin, nowMs }: Input<'releaseGhost'>, out: Out<DnEffect>): void {
    const call = this.#calls.get(connID);
    if (call !== undefined) {
      this.#callEvent(this.#calls.end(this.identity.dn, call), call.business, call.node, origin, nowMs, out);
      this.#silent.endedByClient(connID);
    }
    out.push({ kind: 'answer', reply: ACCEPTED });
  }

  // ---- offers

  #offer(input: Input<'offer'>, out: Out<DnEffect>): void {
    const refusal = this.#offerProblem(input);
    if (refusal !== undefined) return void out.push({ kind: 'answer', reply: refusal });
    this.#offers.grant(input.connID, input.nowMs + input.leaseMs, input.node);
    out.push({ kind: 'answer', reply: { kind: 'offered', agentID: this.#agent.agentID } });
  }

  #offerProblem({ connID, nowMs }: Input<'offer'>): DnReply | undefined {
    const { dn } = this.identity;
    if (!this.#inService) return refusal(TError.OutOfService, `${dn} is out of service`);
    if (nowMs < this.#leavesUntilMs) return refusal(TError.DNBusy, `${dn} is moving to another data centre: offer the call again`);
    if (this.#dnd) return refusal(TError.DNBusy, `${dn} is set to do not disturb`);
    // Without an agent the phone rings like any other; it may have several calls.
    if (this.#agent.state === 'LoggedOut') return undefined;
    if (this.#agent.state !== 'Ready') return refusal(TError.WrongState, `the agent of ${dn} is not ready`);
    if (this.#desktop.away) return refusal(TError.WrongState, `the desktop of ${dn}'s agent has lost its connection`);
    const otherCall = this.#calls.views().some((call) => call.connID !== connID);
    if (otherCall || this.#offers.taken(connID, nowMs)) return refusal(TError.DNBusy, `the agent of ${dn} has another call`);
    return undefined;
  }

  // ---- requests

  #request(input: Input<'request'>, out: Out<DnEffect>): void {
    switch (input.request.msg) {
      case 'RequestAgentLogin': return this.#login(input, out);
      case 'RequestAgentLogout':
      case 'RequestAgentReady':
      case 'RequestAgentNotReady': return this.#agentRequest(agentInput(input.request, input.nowMs), input.origin, out);
      case 'RequestSetDNDOn': return this.#setDnd(true, input, out);
      case 'RequestSetDNDOff': return this.#setDnd(false, input, out);
      case 'RequestSetMessageWaitingOn': return this.#setMessageWaiting(true, input, out);
      case 'RequestSetMessageWaitingOff': return this.#setMessageWaiting(false, input, out);
      case 'RequestCallForwardSet':
      case 'RequestCallForwardCancel': return void out.push({
        kind: 'answer', reply: refusal(TError.UnsupportedOperation, 'this cluster forwards no calls by device: set the forwarding at the phone'),
      });
      default: return void out.push({
        kind: 'answer', reply: refusal(TError.UnsupportedOperation, `${input.request.msg} is not served by this cluster; docs/limits.md says what is`),
      });
    }
  }

  #login(input: Input<'request'>, out: Out<DnEffect>): void {
    const { request, origin, nowMs } = input;
    const { dn, routingPoint } = this.identity;
    if (routingPoint) {
      const reply = refusal(TError.IncompatibleWithObject, `${dn} is a Routing Point: agents log in on extensions`);
      return void out.push({ kind: 'answer', reply });
    }
    if (!this.#inService) return void out.push({ kind: 'answer', reply: refusal(TError.OutOfService, `${dn} is out of service: register its phone first`) });
    this.#enteringEpoch = this.#agent.state === 'LoggedOut' ? input.loginEpoch : undefined;
    this.#agentRequest({
      kind: 'login', agentID: request['AgentID'] as string, agentSessionID: input.agentSessionID, hasCall: this.#callComes(nowMs),
      wrapUpTime: wrapUpOf(request['Extensions'] as KVList | undefined), workMode: request['AgentWorkMode'] as WorkMode | undefined,
      reasons: reasonsOf(request), nowMs,
    }, origin, out);
    this.#enteringEpoch = undefined;
    if (this.#agent.agentID !== request['AgentID']) return;
    this.#takeOver(() => this.#desktop.loggedIn(origin), out);
  }

  /** Or is there. Whoever logs in while a routed call is on its way would have it unasked. */
  #callComes(nowMs: number): boolean {
    return this.#hasCallThatIsHeard || this.#offers.taken(undefined, nowMs);
  }

  /** One behind a cut is no reason to refuse a login: it may be over, and nobody can end it (the guide's third disaster, agent 2). */
  get #hasCallThatIsHeard(): boolean {
    return this.#calls.views().some((call) => !this.#silent.has(call.node));
  }

  /** Said before EventAgentLogin. */
  #entered(agentID: string, epoch: number, nowMs: number, out: Out<DnEffect>): void {
    this.#loginEpoch = epoch;
    this.#activeAtMs = nowMs;
    out.push({ kind: 'loggedIn', agentID, epoch });
    this.#watchIdle(nowMs, out);
  }

  /** The same agent on two DNs: the later login stays (§14 row 11). */
  #loginElsewhere({ agentID, epoch, nowMs }: Input<'loginElsewhere'>, out: Out<DnEffect>): void {
    if (this.#agent.agentID === agentID && epoch > this.#loginEpoch) this.#logoutIfIn(EMPTY_KV, nowMs, out);
  }

  #agentRequest(input: AgentInput, origin: RequestOrigin, out: Out<DnEffect>): void {
    const refused = this.#feedAgent(input, origin, out);
    out.push({ kind: 'answer', reply: refused ?? ACCEPTED });
  }

  #setDnd(on: boolean, { origin, nowMs }: Input<'request'>, out: Out<DnEffect>): void {
    this.#dnd = on;
    this.#publish({ msg: on ? 'EventDNDOn' : 'EventDNDOff', ThisDN: this.identity.dn }, origin, nowMs, out);
    out.push({ kind: 'answer', reply: ACCEPTED });
  }

  /** A lamp of T-Library's alone: the phone is told nothing (§3.6). */
  #setMessageWaiting(on: boolean, { origin, nowMs }: Input<'request'>, out: Out<DnEffect>): void {
    this.#messageWaiting = on;
    this.#publish({ msg: on ? 'EventMessageWaitingOn' : 'EventMessageWaitingOff', ThisDN: this.identity.dn }, origin, nowMs, out);
    out.push({ kind: 'answer', reply: ACCEPTED });
  }

  #agentAction({ action, reasons, nowMs }: Input<'agentAction'>, out: Out<DnEffect>): void {
    if (action === 'logout') this.#logoutIfIn(reasons, nowMs, out);
    else if (this.#agent.state === 'Ready') this.#feedAgent({ kind: 'notReady', reasons, nowMs }, undefined, out);
  }

  /** §7.6: the agent goes with the session that logged it in; calls go on. */
  #clientGone(input: Input<'clientGone'>, out: Out<DnEffect>): void {
    if (!this.#desktop.isOf(input.instance, input.session)) return;
    if (input.unregistered) return this.rules.logoutOnUnregister ? this.#logoutIfIn(EMPTY_KV, input.nowMs, out) : undefined;
    this.#desktopGone(input.nowMs, out);
  }

  /** An agent who stays in without a desktop gets calls again: nobody is waited for. */
  #desktopGone(nowMs: number, out: Out<DnEffect>): void {
    if (this.rules.logoutOnDisconnect) this.#logoutIfIn(EMPTY_KV, nowMs, out);
    else this.#takeOver(() => this.#desktop.back(), out);
  }

  #clientAway({ instance, session, away }: Input<'clientAway'>): void {
    if (this.#desktop.isOf(instance, session)) this.#desktop.setAway(away);
  }

  // ---- the client's process is gone (docs/adr/0005-desktops-of-a-pair.md)

  #desktopLost({ instance, untilMs, nowMs }: Input<'desktopLost'>, out: Out<DnEffect>): void {
    if (this.#agent.state === 'LoggedOut' || !this.#desktop.isOf(instance)) return;
    this.#desktop.lost(untilMs);
    this.#watchDesktop(nowMs, out);
  }

  #clientHere({ origin }: Input<'clientHere'>, out: Out<DnEffect>): void {
    let reply = refusal(TError.WrongState, `no agent of ${this.identity.dn} waits for a client of ${origin.applicationName}`);
    this.#takeOver(() => { if (this.#desktop.takenOverBy(origin)) reply = ACCEPTED; }, out);
    out.push({ kind: 'answer', reply });
  }

  #watchDesktop(nowMs: number, out: Out<DnEffect>): void {
    const { untilMs } = this.#desktop;
    if (untilMs !== undefined) out.push({ kind: 'setTimer', timer: 'desktop', delayMs: Math.max(0, untilMs - nowMs) });
  }

  /** Whatever ends the wait for a client. */
  #takeOver(change: () => void, out: Out<DnEffect>): void {
    const waited = this.#desktop.untilMs !== undefined;
    change();
    if (waited && this.#desktop.untilMs === undefined) out.push({ kind: 'cancelTimer', timer: 'desktop' });
  }

  // ---- agent

  #logoutIfIn(reasons: KVList, nowMs: number, out: Out<DnEffect>): void {
    if (this.#agent.state !== 'LoggedOut') this.#feedAgent({ kind: 'logout', reasons, nowMs }, undefined, out);
  }

  #timer({ timer, nowMs }: Input<'timer'>, out: Out<DnEffect>): void {
    switch (timer) {
      case 'agent': return void this.#feedAgent({ kind: 'timer', nowMs }, undefined, out);
      case 'idle': return this.#idleCheck(nowMs, out);
      case 'desktop': return this.#desktop.untilMs === undefined ? undefined : this.#desktopGone(nowMs, out);
    }
  }

  #watchIdle(nowMs: number, out: Out<DnEffect>): void {
    const { autoLogoutMs } = this.rules;
    if (autoLogoutMs > 0) out.push({ kind: 'setTimer', timer: 'idle', delayMs: Math.max(0, this.#activeAtMs + autoLogoutMs - nowMs) });
  }

  /** §7.6. One timer looks back instead of being set again by each event. */
  #idleCheck(nowMs: number, out: Out<DnEffect>): void {
    if (this.#agent.state === 'LoggedOut') return;
    if (this.#calls.size > 0 || this.#spared()) this.#activeAtMs = nowMs;
    if (nowMs - this.#activeAtMs >= this.rules.autoLogoutMs) this.#logoutIfIn(EMPTY_KV, nowMs, out);
    else this.#watchIdle(nowMs, out);
  }

  #spared(): boolean {
    if (this.rules.autoLogoutReady) return false;
    return this.#agent.state !== 'NotReady' || this.#agent.workMode === 'AuxWork';
  }

  /** Answers the refusal, if there is one. */
  #feedAgent(input: AgentInput, origin: RequestOrigin | undefined, out: Out<DnEffect>): DnReply | undefined {
    this.#agent.on(input, this.#agentEffects);
    return this.#performAgent(origin, input.nowMs, out);
  }

  /** Only the first event carries `origin`: it answers the request. */
  #performAgent(origin: RequestOrigin | undefined, nowMs: number, out: Out<DnEffect>): DnReply | undefined {
    let answered = origin;
    let refused: DnReply | undefined;
    for (const effect of this.#agentEffects.splice(0)) {
      if (effect.kind === 'refused') refused = refusal(effect.code, effect.message);
      else if (effect.kind === 'event') {
        if (this.#enteringEpoch !== undefined && effect.msg === 'EventAgentLogin') this.#entered(effect.agentID, this.#enteringEpoch, nowMs, out);
        this.#activeAtMs = nowMs;
        this.#publish(this.#agentEvent(effect), answered, nowMs, out);
        answered = undefined;
      } else out.push({ ...effect, timer: 'agent' });
    }
    if (this.#agent.state === 'LoggedOut') this.#takeOver(() => this.#desktop.loggedOut(), out);
    return refused;
  }

  #agentEvent(effect: Extract<AgentEffect, { readonly kind: 'event' }>): TEvent {
    return {
      msg: effect.msg, ThisDN: this.identity.dn, AgentID: effect.agentID, AgentSessionID: effect.agentSessionID,
      AgentWorkMode: effect.workMode, Reasons: this.#withSite(effect.reasons),
      ...(effect.wrapUpTime === undefined ? {} : { Extensions: kv({ WrapUpTime: effect.wrapUpTime }) }),
    };
  }

  #publish(event: TEvent, origin: RequestOrigin | undefined, nowMs: number, out: Out<DnEffect>): void {
    const { dn, node, epoch } = this.identity;
    this.#seq += 1;
    const numbered: TEvent = { Time: tTime(nowMs), ...event, Server: node, DNSequence: this.#seq, OwnerEpoch: epoch };
    const after = this.#handedFrom;
    this.#handedFrom = undefined;
    out.push({
      kind: 'event',
      event: {
        dn, owner: node, epoch, seq: this.#seq, event: numbered, ...(origin === undefined ? {} : { origin }), ...(after === undefined ? {} : { after }),
        ...(this.#fresh ? { fresh: true } : {}),
      },
    });
    this.#fresh = false;
  }
}

const refusal = (code: number, message: string): DnReply => ({ kind: 'error', code, message });
const reasonsOf = (request: TRequest): KVList => (request['Reasons'] as KVList | undefined) ?? EMPTY_KV;

/** Seconds or `untimed`; anything else is passed over. */
function wrapUpOf(extensions: KVList | undefined): WrapUpTime | undefined {
  const value = kvGet(extensions, 'WrapUpTime');
  if (value === 'untimed') return value;
  const seconds = typeof value === 'string' ? Number(value) : value;
  return typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 0 ? seconds : undefined;
}

function agentInput(request: TRequest, nowMs: number): AgentInput {
  const reasons = reasonsOf(request);
  const workMode = request['AgentWorkMode'] as WorkMode | undefined;
  switch (request.msg) {
    case 'RequestAgentLogout': return { kind: 'logout', reasons, nowMs };
    case 'RequestAgentReady': return { kind: 'ready', workMode, reasons, nowMs };
    default: return { kind: 'notReady', workMode, reasons, wrapUpTime: wrapUpOf(request['Extensions'] as KVList | undefined), nowMs };
  }
}
