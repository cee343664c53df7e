/** One agent on one DN: login, ready, not ready, after-call work, legal guard (tlibrary §7; TC-16, 18, 22, 24, 25). */
import type { Machine, Out } from '#kernel';
import { EMPTY_KV, kv, kvGet, type KVList, kvUpdate, TError } from '#tlib';
import type { AgentView } from '../messages/index.js';
import type {
  AgentEffect, AgentEventName, AgentInput, AgentMemory, AgentRest, AgentRules, AgentState, WorkMode, WrapUpTime,
} from './agent.types.js';
import { AGENT_MOVES } from './moves.js';

type Input<K extends AgentInput['kind']> = Extract<AgentInput, { readonly kind: K }>;

/** AgentStatus of §4.4.1. */
const STATUS: Readonly<Record<AgentState, number>> = { LoggedOut: 0, NotReady: 3, Ready: 2, AfterCallWork: 4, LegalGuard: 3 };
/** Says that the agent asked for after-call work, and no call (§7.6). */
export const MANUAL_ACW = kv({ ReasonCode: 'ManualSetACWPeriod' });
const READY: AgentRest = { state: 'Ready', workMode: 'Unknown', reasons: EMPTY_KV };

export class Agent implements Machine<AgentInput, AgentEffect> {
  #state: AgentState = 'LoggedOut';
  #agentID = '';
  #agentSessionID = '';
  #workMode: WorkMode = 'Unknown';
  #reasons: KVList = EMPTY_KV;
  #loginWrapUp: WrapUpTime | undefined;
  #rest: AgentRest = READY;
  /** When timed after-call work or the guard ends; undefined when neither runs. */
  #timerUntilMs: number | undefined;
  /** After-call work follows a call, so that the legal guard follows it. */
  #afterBusiness = false;
  #loginAtMs = 0;
  #sinceMs = 0;

  constructor(private readonly rules: AgentRules) {}

  /** The agent as a former owner left it; {@link rearm} starts its timer again. */
  static restore(rules: AgentRules, from: AgentMemory): Agent {
    const agent = new Agent(rules);
    agent.#state = from.state;
    agent.#agentID = from.agentID;
    agent.#agentSessionID = from.agentSessionID;
    agent.#workMode = from.workMode;
    agent.#reasons = from.reasons;
    agent.#loginWrapUp = from.loginWrapUp;
    agent.#rest = from.rest;
    agent.#timerUntilMs = from.timerUntilMs;
    agent.#afterBusiness = from.afterBusiness;
    agent.#loginAtMs = from.loginAtMs;
    agent.#sinceMs = from.sinceMs;
    return agent;
  }

  memory(): AgentMemory {
    return {
      state: this.#state, agentID: this.#agentID, agentSessionID: this.#agentSessionID, workMode: this.#workMode, reasons: this.#reasons,
      loginWrapUp: this.#loginWrapUp, rest: this.#rest, timerUntilMs: this.#timerUntilMs, afterBusiness: this.#afterBusiness,
      loginAtMs: this.#loginAtMs, sinceMs: this.#sinceMs,
    };
  }

  /** The timer that ran at the former owner runs on for the rest of its time. */
  rearm(nowMs: number, out: Out<AgentEffect>): void {
    if (this.#timerUntilMs !== undefined) out.push({ kind: 'setTimer', delayMs: Math.max(0, this.#timerUntilMs - nowMs) });
  }

  /** Says the state again, with the site of the owner of now (TC-17). */
  announce(nowMs: number, out: Out<AgentEffect>): void {
    if (this.#state !== 'LoggedOut') this.#sayState(out, this.#wrapUpLeft(nowMs));
  }

  get state(): AgentState {
    return this.#state;
  }

  get workMode(): WorkMode {
    return this.#workMode;
  }

  /** After-call work that the agent asked for, not a call (§7.6: it does not move with the agent). */
  get isOwnAcw(): boolean {
    return this.#state === 'AfterCallWork' && !this.#afterBusiness;
  }

  get agentID(): string | undefined {
    return this.#state === 'LoggedOut' ? undefined : this.#agentID;
  }

  view(): AgentView | undefined {
    if (this.#state === 'LoggedOut') return undefined;
    return {
      agentID: this.#agentID, agentSessionID: this.#agentSessionID, agentStatus: STATUS[this.#state], workMode: this.#workMode,
      reasons: this.#reasons, loginAtMs: this.#loginAtMs, sinceMs: this.#sinceMs,
    };
  }

  /** After-call work that a business call without a wish of its own earns now; undefined = none. */
  wrapUpTime(ofCall?: WrapUpTime): WrapUpTime | undefined {
    if (this.#state === 'LoggedOut') return undefined;
    const seconds = ofCall ?? this.#loginWrapUp ?? this.rules.wrapUpTime;
    return seconds === 0 ? undefined : seconds;
  }

  on(input: AgentInput, out: Out<AgentEffect>): void {
    switch (AGENT_MOVES[this.#state][input.kind]) {
      case 'login': return this.#login(input as Input<'login'>, out);
      case 'loginAgain': return this.#loginAgain(input as Input<'login'>, out);
      case 'logout': return this.#logout(input as Input<'logout'>, out);
      case 'goReady': return this.#goReady(input as Input<'ready'>, out);
      case 'goNotReady': return this.#goNotReady(input as Input<'notReady'>, out);
      case 'startAcw': return this.#businessReleased(input as Input<'businessReleased'>, out);
      case 'interrupt': return this.#stopTimer(out);
      case 'endAcw': return this.#endAcw(input.nowMs, out);
      case 'endGuard': return this.#enter('Ready', 'Unknown', EMPTY_KV, input.nowMs, out);
      case 'notLoggedIn': return refuse(TError.LoggedOut, 'no agent is logged in on this DN: send RequestAgentLogin first', out);
      case 'sameState': return refuse(TError.InSameState, 'the agent is ready already', out);
      case 'guardHolds': return refuse(TError.WrongState, 'the legal guard time after a call is not over; the agent gets ready by itself', out);
      case 'none': return undefined;
    }
  }

  #login(input: Input<'login'>, out: Out<AgentEffect>): void {
    if (input.agentID === '') return refuse(TError.AgentIDInvalid, 'AgentID must name the agent', out);
    if (input.hasCall) {
      return refuse(TError.WrongState, 'a call is in progress on this DN: finish it, then log in; the call can be controlled meanwhile', out);
    }
    this.#agentID = input.agentID;
    this.#agentSessionID = input.agentSessionID;
    this.#loginWrapUp = input.wrapUpTime;
    this.#loginAtMs = input.nowMs;
    this.#afterBusiness = false;
    this.#workMode = 'Unknown';
    this.#say('EventAgentLogin', input.reasons, out);
    const state = this.rules.emulatedLoginState === 'ready' ? 'Ready' : 'NotReady';
    this.#enter(state, input.workMode ?? 'Unknown', input.reasons, input.nowMs, out);
  }

  /** §7.4: the same agent again is legal; another one is not. The login alone is no state (§4.5), so it is said again too. */
  #loginAgain(input: Input<'login'>, out: Out<AgentEffect>): void {
    if (input.agentID !== this.#agentID) {
      return refuse(TError.IncompatibleWithObject, `agent ${this.#agentID} is logged in on this DN: log that agent out first`, out);
    }
    if (input.wrapUpTime !== undefined) this.#loginWrapUp = input.wrapUpTime;
    this.#say('EventAgentLogin', input.reasons, out);
    this.#sayState(out, this.#wrapUpLeft(input.nowMs));
  }

  #logout(input: Input<'logout'>, out: Out<AgentEffect>): void {
    this.#stopTimer(out);
    this.#say('EventAgentLogout', input.reasons, out);
    this.#state = 'LoggedOut';
    this.#loginWrapUp = undefined;
  }

  #goReady(input: Input<'ready'>, out: Out<AgentEffect>): void {
    this.#stopTimer(out);
    if (this.#state === 'AfterCallWork' && this.#startGuard(input.nowMs, out)) return;
    this.#enter('Ready', input.workMode ?? 'Unknown', input.reasons, input.nowMs, out);
  }

  #goNotReady(input: Input<'notReady'>, out: Out<AgentEffect>): void {
    const workMode = input.workMode ?? 'Unknown';
    if (workMode === 'AfterCallWork') return this.#acwOnRequest(input, out);
    this.#stopTimer(out);
    this.#enter('NotReady', workMode, input.reasons, input.nowMs, out);
  }

  /** §7.2: an idle agent's own after-call work; of one already in it, prolonged. */
  #acwOnRequest(input: Input<'notReady'>, out: Out<AgentEffect>): void {
    const seconds = input.wrapUpTime ?? this.wrapUpTime() ?? 'untimed';
    if (this.#state !== 'AfterCallWork') {
      this.#rest = this.rules.acwInIdleForceReady ? READY : this.#asRest();
      this.#afterBusiness = false;
    }
    const timed = this.rules.timedAcwInIdle || this.#afterBusiness;
    const isOwn = !this.#afterBusiness && kvGet(input.reasons, 'ReasonCode') === undefined;
    this.#enterAcw(timed ? seconds : 'untimed', isOwn ? kvUpdate(input.reasons, MANUAL_ACW) : input.reasons, input.nowMs, out);
  }

  #businessReleased(input: Input<'businessReleased'>, out: Out<AgentEffect>): void {
    if (this.#state === 'Ready' || this.#state === 'NotReady') this.#rest = this.#asRest();
    if (this.#state === 'LegalGuard') this.#rest = READY;
    this.#afterBusiness = true;
    const seconds = this.wrapUpTime(input.wrapUpTime);
    if (seconds !== undefined) {
      const reasons = this.rules.acwPersistentReasons ? this.#reasons : EMPTY_KV;
      return this.#enterAcw(seconds, reasons, input.nowMs, out);
    }
    if (this.#state === 'AfterCallWork') return this.#endAcw(input.nowMs, out);
    if (this.#rest.state === 'Ready') this.#startGuard(input.nowMs, out);
  }

  #enterAcw(seconds: WrapUpTime, reasons: KVList, nowMs: number, out: Out<AgentEffect>): void {
    this.#stopTimer(out);
    this.#enter('AfterCallWork', 'AfterCallWork', reasons, nowMs, out, seconds);
    if (seconds !== 'untimed') this.#startTimer(seconds, nowMs, out);
  }

  #endAcw(nowMs: number, out: Out<AgentEffect>): void {
    this.#timerUntilMs = undefined;
    const { state, workMode, reasons } = this.#rest;
    if (state === 'Ready' && this.#startGuard(nowMs, out)) return;
    this.#enter(state, workMode, reasons, nowMs, out);
  }

  /** Answers whether a guard follows: only a business call earns one. */
  #startGuard(nowMs: number, out: Out<AgentEffect>): boolean {
    if (!this.#afterBusiness || this.rules.legalGuardTime === 0) return false;
    this.#afterBusiness = false;
    this.#enter('LegalGuard', 'LegalGuard', EMPTY_KV, nowMs, out);
    this.#startTimer(this.rules.legalGuardTime, nowMs, out);
    return true;
  }

  #asRest(): AgentRest {
    return { state: this.#state === 'Ready' ? 'Ready' : 'NotReady', workMode: this.#workMode, reasons: this.#reasons };
  }

  #enter(
    state: AgentState, workMode: WorkMode, reasons: KVList, nowMs: number, out: Out<AgentEffect>, wrapUpTime?: WrapUpTime,
  ): void {
    this.#state = state;
    this.#workMode = workMode;
    this.#reasons = reasons;
    this.#sinceMs = nowMs;
    if (state === 'Ready' || state === 'LegalGuard') this.#timerUntilMs = undefined;
    this.#sayState(out, wrapUpTime);
  }

  #sayState(out: Out<AgentEffect>, wrapUpTime?: WrapUpTime): void {
    this.#say(this.#state === 'Ready' ? 'EventAgentReady' : 'EventAgentNotReady', this.#reasons, out, wrapUpTime);
  }

  /** What is left of after-call work; undefined in every other state. */
  #wrapUpLeft(nowMs: number): WrapUpTime | undefined {
    if (this.#state !== 'AfterCallWork') return undefined;
    return this.#timerUntilMs === undefined ? 'untimed' : Math.max(0, Math.ceil((this.#timerUntilMs - nowMs) / 1_000));
  }

  #say(msg: AgentEventName, reasons: KVList, out: Out<AgentEffect>, wrapUpTime?: WrapUpTime): void {
    out.push({
      kind: 'event', msg, agentID: this.#agentID, agentSessionID: this.#agentSessionID, workMode: this.#workMode, reasons,
      ...(wrapUpTime === undefined ? {} : { wrapUpTime }),
    });
  }

  #startTimer(seconds: number, nowMs: number, out: Out<AgentEffect>): void {
    this.#timerUntilMs = nowMs + seconds * 1_000;
    out.push({ kind: 'setTimer', delayMs: seconds * 1_000 });
  }

  #stopTimer(out: Out<AgentEffect>): void {
    if (this.#timerUntilMs === undefined) return;
    this.#timerUntilMs = undefined;
    out.push({ kind: 'cancelTimer' });
  }
}

function refuse(code: number, message: string, out: Out<AgentEffect>): void {
  out.push({ kind: 'refused', code, message });
}
