/** One agent at one DN: logged in or not, ready or not, in after-call work, under legal guard (docs/specs/agent.md). */
import { assert, type Machine, type Out, unreachable } from '#kernel';
import { type KVList, TError } from '#tlib';
import type { AgentView, RequestOrigin } from '../messages/index.js';
import { AGENT_MOVES, type AgentMoves, NOT_READY_MODES, READY_MODES } from './agent.states.js';
import type { AgentAcw, AgentEffect, AgentInput, AgentOptions, AgentReturn, AgentState, AgentStateName, WrapUp } from './agent.types.js';

type Input<K extends AgentInput['kind']> = Extract<AgentInput, { readonly kind: K }>;
type AgentOut = Out<AgentEffect>;

const NOBODY: AgentState = {
  version: 1, state: 'LoggedOut', agentID: '', agentSessionID: '', client: { instance: '', session: '' }, workMode: 'Unknown', reasons: [],
  loginAtMs: 0, sinceMs: 0, loginWrapUp: undefined, busy: false, acw: undefined, deadlineMs: undefined, guardUntilMs: 0,
};

/** tlibrary §4.4.1 */
const AGENT_STATUS: Readonly<Record<AgentStateName, number>> = { LoggedOut: 0, Ready: 2, NotReady: 3, LegalGuard: 3, AfterCallWork: 4 };

/** How a state is entered; what is not said is as after a plain request. */
interface Entry {
  readonly workMode?: string;
  readonly reasons?: KVList;
  readonly acw?: AgentAcw;
  readonly deadlineMs?: number | undefined;
  readonly origin?: RequestOrigin | undefined;
}

export class Agent implements Machine<AgentInput, AgentEffect> {
  #at: AgentState;

  constructor(private readonly options: AgentOptions, from: AgentState = NOBODY) {
    this.#at = from;
  }

  on(input: AgentInput, out: AgentOut): void {
    switch (input.kind) {
      case 'login': return this.#login(input, out);
      case 'logout': return this.#logout(input, out);
      case 'ready': return this.#ready(input, out);
      case 'notReady': return this.#notReady(input, out);
      case 'callStarted': return this.#callStarted(out);
      case 'callEnded': return this.#callEnded(input, out);
      case 'timer': return this.#timer(input.nowMs, out);
      default: return unreachable(input);
    }
  }

  get state(): AgentStateName {
    return this.#at.state;
  }

  get loggedIn(): boolean {
    return this.#at.state !== 'LoggedOut';
  }

  snapshot(): AgentState {
    return this.#at;
  }

  /** As others see the agent; nobody is nobody. */
  view(): AgentView | undefined {
    if (!this.loggedIn) return undefined;
    const { agentID, agentSessionID, state, workMode, reasons, loginAtMs, sinceMs } = this.#at;
    return { agentID, agentSessionID, agentStatus: AGENT_STATUS[state], workMode, reasons, loginAtMs, sinceMs };
  }

  /** Call over login over option (tlibrary §7.3). */
  wrapUpFor(call: WrapUp | undefined): WrapUp {
    return call ?? this.#at.loginWrapUp ?? this.options.wrapUp;
  }

  // ---- requests

  #login(input: Input<'login'>, out: AgentOut): void {
    const { agentID, client, wrapUp, origin, nowMs } = input;
    if (this.loggedIn && agentID !== this.#at.agentID) {
      return refuse(out, TError.IncompatibleWithObject, `agent ${this.#at.agentID} is logged in here: log it out first`);
    }
    if (this.loggedIn) return this.#loginAgain(input, out);
    const { loginState } = this.options;
    this.#at = { ...NOBODY, agentID, agentSessionID: input.agentSessionID, client, loginWrapUp: wrapUp, loginAtMs: nowMs };
    this.#tell('EventAgentLogin', out, { workMode: 'Unknown', reasons: input.reasons, origin });
    const fits = (loginState === 'Ready' ? READY_MODES : NOT_READY_MODES).has(input.workMode) && input.workMode !== 'AfterCallWork';
    this.#move('login', 'LoggedOut', loginState, nowMs, { workMode: fits ? input.workMode : 'Unknown', reasons: input.reasons }, out);
  }

  /** tlibrary §7.4: legal, answered like the first one; the login belongs to this client from now on. */
  #loginAgain({ client, reasons, wrapUp, origin }: Input<'login'>, out: AgentOut): void {
    this.#at = { ...this.#at, client, loginWrapUp: wrapUp ?? this.#at.loginWrapUp };
    this.#tell('EventAgentLogin', out, { workMode: 'Unknown', reasons, origin });
    this.#tellState(out);
  }

  #logout({ reasons, origin }: Input<'logout'>, out: AgentOut): void {
    if (!this.loggedIn) return refuseLoggedOut(out);
    this.#check('logout', this.#at.state, 'LoggedOut');
    if (this.#at.deadlineMs !== undefined) out.push({ kind: 'clearTimer' });
    this.#tell('EventAgentLogout', out, { workMode: 'Unknown', reasons, origin });
    this.#at = NOBODY;
  }

  #ready({ workMode, reasons, origin, nowMs }: Input<'ready'>, out: AgentOut): void {
    const { state } = this.#at;
    if (!this.loggedIn) return refuseLoggedOut(out);
    if (!READY_MODES.has(workMode)) return refuse(out, TError.InvalidAttribute, badMode(workMode, READY_MODES));
    if (state === 'LegalGuard') return refuse(out, TError.WrongState, 'the legal guard time is running; Ready follows by itself');
    if (state === 'Ready' && workMode === this.#at.workMode) return refuse(out, TError.InSameState, 'the agent is ready already');
    this.#startGuardAfterCall(nowMs);
    this.#toReady('ready', { workMode, reasons, origin }, nowMs, out);
  }

  #notReady(input: Input<'notReady'>, out: AgentOut): void {
    const { workMode, reasons, origin, nowMs } = input;
    if (!this.loggedIn) return refuseLoggedOut(out);
    if (!NOT_READY_MODES.has(workMode)) return refuse(out, TError.InvalidAttribute, badMode(workMode, NOT_READY_MODES));
    if (workMode === 'AfterCallWork') return this.#acwOnRequest(input, out);
    if (this.#at.state === 'NotReady' && workMode === this.#at.workMode && sameReasons(reasons, this.#at.reasons)) {
      return refuse(out, TError.InSameState, 'the agent is not ready already, with this work mode and these reasons');
    }
    this.#startGuardAfterCall(nowMs);
    this.#move('notReady', this.#at.state, 'NotReady', nowMs, { workMode, reasons, origin }, out);
  }

  /** tlibrary §7.2: with a call it begins when the call ends; without one it may be timed. In after-call work it starts anew. */
  #acwOnRequest({ wrapUp, reasons, origin, nowMs }: Input<'notReady'>, out: AgentOut): void {
    const length = wrapUp ?? this.wrapUpFor(undefined);
    const before = this.#at.acw;
    const idle = before === undefined ? !this.#at.busy : before.idle && !this.#at.busy;
    const acw = { wrapUp: length, idle, returnTo: this.#returnTo() };
    this.#enterAcw('notReady', acw, { reasons, origin }, nowMs, out);
  }

  // ---- calls

  #callStarted(out: AgentOut): void {
    // A second business call interrupts after-call work, which starts again after it.
    const interrupts = this.#at.state === 'AfterCallWork' && this.#at.deadlineMs !== undefined;
    if (interrupts) out.push({ kind: 'clearTimer' });
    this.#at = { ...this.#at, busy: true, deadlineMs: interrupts ? undefined : this.#at.deadlineMs };
  }

  #callEnded({ talked, wrapUp, nowMs }: Input<'callEnded'>, out: AgentOut): void {
    this.#at = { ...this.#at, busy: false };
    const { state, acw } = this.#at;
    if (state === 'LoggedOut') return;
    const length = this.wrapUpFor(wrapUp);
    if (state === 'AfterCallWork' && acw !== undefined) {
      const renewed: AgentAcw = talked ? { ...acw, idle: false, wrapUp: length === 0 ? acw.wrapUp : length } : acw;
      return this.#enterAcw('callEnded', renewed, { reasons: this.#at.reasons }, nowMs, out);
    }
    if (!talked) return;
    if (length !== 0) {
      const reasons = this.options.acwPersistentReasons ? this.#at.reasons : [];
      return this.#enterAcw('callEnded', { wrapUp: length, idle: false, returnTo: this.#returnTo() }, { reasons }, nowMs, out);
    }
    this.#guardFrom(nowMs);
    if (state === 'Ready' && this.options.legalGuardMs > 0) {
      this.#toReady('callEnded', { workMode: this.#at.workMode, reasons: this.#at.reasons }, nowMs, out);
    }
  }

  // ---- time

  #timer(nowMs: number, out: AgentOut): void {
    const { deadlineMs, acw } = this.#at;
    if (deadlineMs === undefined) return;
    if (deadlineMs > nowMs) return void out.push({ kind: 'setTimer', delayMs: deadlineMs - nowMs });
    if (acw === undefined) return this.#toReady('timer', { reasons: this.#at.reasons }, nowMs, out);
    this.#startGuardAfterCall(nowMs);
    const { returnTo } = acw;
    if (returnTo.state === 'Ready' || (acw.idle && this.options.acwInIdleForceReady)) {
      const { workMode, reasons } = returnTo.state === 'Ready' ? returnTo : { workMode: 'Unknown', reasons: [] };
      return this.#toReady('timer', { workMode, reasons }, nowMs, out);
    }
    this.#move('timer', 'AfterCallWork', 'NotReady', nowMs, returnTo, out);
  }

  // ---- moves

  #enterAcw(by: AgentInput['kind'], acw: AgentAcw, entry: Entry, nowMs: number, out: AgentOut): void {
    const timed = acw.wrapUp !== 'untimed' && acw.wrapUp > 0 && !this.#at.busy && (!acw.idle || this.options.timedAcwInIdle);
    const deadlineMs = timed ? nowMs + (acw.wrapUp as number) * 1_000 : undefined;
    this.#move(by, this.#at.state, 'AfterCallWork', nowMs, { ...entry, workMode: 'AfterCallWork', acw, deadlineMs }, out);
  }

  /** By way of the legal guard while that lasts (TC-25). */
  #toReady(by: AgentInput['kind'], entry: Entry, nowMs: number, out: AgentOut): void {
    const { state, guardUntilMs } = this.#at;
    if (nowMs >= guardUntilMs || state === 'LegalGuard') return this.#move(by, state, 'Ready', nowMs, entry, out);
    this.#move(by, state, 'LegalGuard', nowMs, { ...entry, workMode: 'LegalGuard', deadlineMs: guardUntilMs }, out);
  }

  #move(by: AgentInput['kind'], from: AgentStateName, to: AgentStateName, nowMs: number, entry: Entry, out: AgentOut): void {
    this.#check(by, from, to);
    if (this.#at.deadlineMs !== undefined) out.push({ kind: 'clearTimer' });
    const { workMode = 'Unknown', reasons = [], acw, deadlineMs, origin } = entry;
    this.#at = { ...this.#at, state: to, workMode, reasons, acw, deadlineMs, sinceMs: nowMs };
    this.#tellState(out, origin);
    if (deadlineMs !== undefined) out.push({ kind: 'setTimer', delayMs: deadlineMs - nowMs });
  }

  #check(by: AgentInput['kind'], from: AgentStateName, to: AgentStateName): void {
    assert((AGENT_MOVES as AgentMoves)[from][by]?.includes(to), `an agent does not go from ${from} to ${to} by ${by}`);
  }

  /** Where after-call work that begins now leads back to. */
  #returnTo(): AgentReturn {
    const { state, workMode, reasons, acw } = this.#at;
    if (acw !== undefined) return acw.returnTo;
    return state === 'NotReady' ? { state, workMode, reasons } : { state: 'Ready', workMode: state === 'Ready' ? workMode : 'Unknown', reasons };
  }

  /** After-call work of a call ends now: the break that follows it is counted from here. */
  #startGuardAfterCall(nowMs: number): void {
    if (this.#at.acw !== undefined && !this.#at.acw.idle && !this.#at.busy) this.#guardFrom(nowMs);
  }

  #guardFrom(nowMs: number): void {
    this.#at = { ...this.#at, guardUntilMs: nowMs + this.options.legalGuardMs };
  }

  // ---- events

  #tellState(out: AgentOut, origin?: RequestOrigin): void {
    const { state, workMode, reasons, acw } = this.#at;
    const msg = state === 'Ready' ? 'EventAgentReady' : 'EventAgentNotReady';
    this.#tell(msg, out, { workMode, reasons, wrapUp: acw?.wrapUp, origin });
  }

  #tell(
    msg: Extract<AgentEffect, { readonly kind: 'event' }>['msg'], out: AgentOut,
    more: Pick<Extract<AgentEffect, { readonly kind: 'event' }>, 'workMode' | 'reasons' | 'wrapUp' | 'origin'>,
  ): void {
    const { agentID, agentSessionID } = this.#at;
    out.push({ kind: 'event', msg, agentID, agentSessionID, ...more });
  }
}

function refuse(out: AgentOut, code: number, message: string): void {
  out.push({ kind: 'refused', code, message });
}

function refuseLoggedOut(out: AgentOut): void {
  refuse(out, TError.LoggedOut, 'no agent is logged in at this DN: send RequestAgentLogin first');
}

function badMode(workMode: string, allowed: ReadonlySet<string>): string {
  return `AgentWorkMode ${workMode} does not fit: use one of ${[...allowed].join(', ')}`;
}

function sameReasons(a: KVList, b: KVList): boolean {
  return a.length === b.length && a.every(([key, value], i) => b[i]?.[0] === key && b[i]?.[1] === value);
}
