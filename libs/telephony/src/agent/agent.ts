/** One agent on one DN: login, ready, not ready, after-call work, legal guard (tlibrary §7; TC-16, 18, 22, 24, 25). */
import type { Machine, Out } from '#kernel';
import { EMPTY_KV, type KVList, TError } from '#tlib';
import type { AgentView } from '../messages/index.js';
import type { AgentEffect, AgentEventName, AgentInput, AgentRules, AgentState, WorkMode, WrapUpTime } from './agent.types.js';
import { AGENT_MOVES } from './moves.js';

type Input<K extends AgentInput['kind']> = Extract<AgentInput, { readonly kind: K }>;

/** What an agent falls back to when after-call work is over. */
interface Rest {
  readonly state: 'Ready' | 'NotReady';
  readonly workMode: WorkMode;
  readonly reasons: KVList;
}

/** AgentStatus of §4.4.1. */
const STATUS: Readonly<Record<AgentState, number>> = { LoggedOut: 0, NotReady: 3, Ready: 2, AfterCallWork: 4, LegalGuard: 3 };
const READY: Rest = { state: 'Ready', workMode: 'Unknown', reasons: EMPTY_KV };

export class Agent implements Machine<AgentInput, AgentEffect> {
  #state: AgentState = 'LoggedOut';
  #agentID = '';
  #agentSessionID = '';
  #workMode: WorkMode = 'Unknown';
  #reasons: KVList = EMPTY_KV;
  #loginWrapUp: WrapUpTime | undefined;
  #rest: Rest = READY;
  /** A timed after-call work or the guard runs. */
  #timerRuns = false;
  /** After-call work follows a call, so that the legal guard follows it. */
  #afterBusiness = false;
  #loginAtMs = 0;
  #sinceMs = 0;

  constructor(private readonly rules: AgentRules) {}

  /** The agent as a former owner left it. After-call work asked for by hand is not restored (§7.6). */
  static restore(rules: AgentRules, view: AgentView): Agent {
    const agent = new Agent(rules);
    agent.#agentID = view.agentID;
    agent.#agentSessionID = view.agentSessionID;
    agent.#workMode = view.agentStatus === STATUS.AfterCallWork ? 'Unknown' : view.workMode as WorkMode;
    agent.#reasons = view.reasons;
    agent.#loginAtMs = view.loginAtMs;
    agent.#sinceMs = view.sinceMs;
    agent.#state = view.agentStatus === STATUS.Ready ? 'Ready' : 'NotReady';
    return agent;
  }

  get state(): AgentState {
    return this.#state;
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

  /** §7.4: the same agent again is legal; another one is not. */
  #loginAgain(input: Input<'login'>, out: Out<AgentEffect>): void {
    if (input.agentID !== this.#agentID) {
      return refuse(TError.IncompatibleWithObject, `agent ${this.#agentID} is logged in on this DN: log that agent out first`, out);
    }
    if (input.wrapUpTime !== undefined) this.#loginWrapUp = input.wrapUpTime;
    this.#say('EventAgentLogin', input.reasons, out);
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
    this.#enterAcw(timed ? seconds : 'untimed', input.reasons, input.nowMs, out);
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
    if (seconds !== 'untimed') this.#startTimer(seconds, out);
  }

  #endAcw(nowMs: number, out: Out<AgentEffect>): void {
    this.#timerRuns = false;
    const { state, workMode, reasons } = this.#rest;
    if (state === 'Ready' && this.#startGuard(nowMs, out)) return;
    this.#enter(state, workMode, reasons, nowMs, out);
  }

  /** Answers whether a guard follows: only a business call earns one. */
  #startGuard(nowMs: number, out: Out<AgentEffect>): boolean {
    if (!this.#afterBusiness || this.rules.legalGuardTime === 0) return false;
    this.#afterBusiness = false;
    this.#enter('LegalGuard', 'LegalGuard', EMPTY_KV, nowMs, out);
    this.#startTimer(this.rules.legalGuardTime, out);
    return true;
  }

  #asRest(): Rest {
    return { state: this.#state === 'Ready' ? 'Ready' : 'NotReady', workMode: this.#workMode, reasons: this.#reasons };
  }

  #enter(
    state: AgentState, workMode: WorkMode, reasons: KVList, nowMs: number, out: Out<AgentEffect>, wrapUpTime?: WrapUpTime,
  ): void {
    this.#state = state;
    this.#workMode = workMode;
    this.#reasons = reasons;
    this.#sinceMs = nowMs;
    if (state === 'Ready' || state === 'LegalGuard') this.#timerRuns = false;
    this.#say(state === 'Ready' ? 'EventAgentReady' : 'EventAgentNotReady', reasons, out, wrapUpTime);
  }

  #say(msg: AgentEventName, reasons: KVList, out: Out<AgentEffect>, wrapUpTime?: WrapUpTime): void {
    out.push({
      kind: 'event', msg, agentID: this.#agentID, agentSessionID: this.#agentSessionID, workMode: this.#workMode, reasons,
      ...(wrapUpTime === undefined ? {} : { wrapUpTime }),
    });
  }

  #startTimer(seconds: number, out: Out<AgentEffect>): void {
    this.#timerRuns = true;
    out.push({ kind: 'setTimer', delayMs: seconds * 1_000 });
  }

  #stopTimer(out: Out<AgentEffect>): void {
    if (!this.#timerRuns) return;
    this.#timerRuns = false;
    out.push({ kind: 'cancelTimer' });
  }
}

function refuse(code: number, message: string, out: Out<AgentEffect>): void {
  out.push({ kind: 'refused', code, message });
}
