import { EMPTY_KV } from '#tlib';
import { Agent } from './agent.js';
import type { AgentEffect, AgentInput, AgentRules, AgentState } from './agent.types.js';
import { AGENT_MOVES } from './moves.js';

const RULES: AgentRules = {
  emulatedLoginState: 'not_ready', wrapUpTime: 10, legalGuardTime: 5, timedAcwInIdle: true, acwInIdleForceReady: true, acwPersistentReasons: false,
};
const LOGIN: AgentInput = { kind: 'login', agentID: 'a1', agentSessionID: 's', hasCall: false, reasons: EMPTY_KV, nowMs: 0 };
const READY: AgentInput = { kind: 'ready', reasons: EMPTY_KV, nowMs: 1 };
const INPUTS: Readonly<Record<AgentInput['kind'], AgentInput>> = {
  login: LOGIN, ready: READY, logout: { kind: 'logout', reasons: EMPTY_KV, nowMs: 1 }, notReady: { kind: 'notReady', reasons: EMPTY_KV, nowMs: 1 },
  businessCall: { kind: 'businessCall', nowMs: 1 }, businessReleased: { kind: 'businessReleased', nowMs: 1 }, timer: { kind: 'timer', nowMs: 1 },
};
const PATHS: Readonly<Record<AgentState, readonly AgentInput[]>> = {
  LoggedOut: [], NotReady: [LOGIN], Ready: [LOGIN, READY], AfterCallWork: [LOGIN, READY, INPUTS.businessReleased],
  LegalGuard: [LOGIN, READY, INPUTS.businessReleased, INPUTS.timer],
};

function walk(inputs: readonly AgentInput[], rules: Partial<AgentRules> = {}): { agent: Agent; last: string[] } {
  const agent = new Agent({ ...RULES, ...rules });
  let out: AgentEffect[] = [];
  for (const input of inputs) agent.on(input, out = []);
  return { agent, last: out.map(name) };
}

function name(effect: AgentEffect): string {
  if (effect.kind === 'event') return `${effect.msg}(${effect.workMode})`;
  if (effect.kind === 'refused') return String(effect.code);
  return effect.kind === 'setTimer' ? `timer ${effect.delayMs}` : effect.kind;
}

/** State and what is said, for every state and input: the table of docs/specs/agent.md. */
const EXPECTED: Readonly<Record<AgentState, Readonly<Record<AgentInput['kind'], string>>>> = {
  LoggedOut: {
    login: 'NotReady EventAgentLogin(Unknown) EventAgentNotReady(Unknown)', logout: 'LoggedOut 187', ready: 'LoggedOut 187', notReady: 'LoggedOut 187',
    businessCall: 'LoggedOut', businessReleased: 'LoggedOut', timer: 'LoggedOut',
  },
  NotReady: {
    login: 'NotReady EventAgentLogin(Unknown) EventAgentNotReady(Unknown)', logout: 'LoggedOut EventAgentLogout(Unknown)', ready: 'Ready EventAgentReady(Unknown)',
    notReady: 'NotReady EventAgentNotReady(Unknown)', businessCall: 'NotReady',
    businessReleased: 'AfterCallWork EventAgentNotReady(AfterCallWork) timer 10000', timer: 'NotReady',
  },
  Ready: {
    login: 'Ready EventAgentLogin(Unknown) EventAgentReady(Unknown)', logout: 'LoggedOut EventAgentLogout(Unknown)', ready: 'Ready 43',
    notReady: 'NotReady EventAgentNotReady(Unknown)', businessCall: 'Ready',
    businessReleased: 'AfterCallWork EventAgentNotReady(AfterCallWork) timer 10000', timer: 'Ready',
  },
  AfterCallWork: {
    login: 'AfterCallWork EventAgentLogin(AfterCallWork) EventAgentNotReady(AfterCallWork)', logout: 'LoggedOut cancelTimer EventAgentLogout(AfterCallWork)',
    ready: 'LegalGuard cancelTimer EventAgentNotReady(LegalGuard) timer 5000', notReady: 'NotReady cancelTimer EventAgentNotReady(Unknown)',
    businessCall: 'AfterCallWork cancelTimer', businessReleased: 'AfterCallWork cancelTimer EventAgentNotReady(AfterCallWork) timer 10000',
    timer: 'LegalGuard EventAgentNotReady(LegalGuard) timer 5000',
  },
  LegalGuard: {
    login: 'LegalGuard EventAgentLogin(LegalGuard) EventAgentNotReady(LegalGuard)', logout: 'LoggedOut cancelTimer EventAgentLogout(LegalGuard)', ready: 'LegalGuard 185',
    notReady: 'NotReady cancelTimer EventAgentNotReady(Unknown)', businessCall: 'LegalGuard cancelTimer',
    businessReleased: 'AfterCallWork cancelTimer EventAgentNotReady(AfterCallWork) timer 10000', timer: 'Ready EventAgentReady(Unknown)',
  },
};

const ROWS = Object.keys(AGENT_MOVES).flatMap((state) => Object.keys(INPUTS).map((input) => [state, input] as [AgentState, AgentInput['kind']]));

it.each(ROWS)('%s, %s', (state, input) => {
  const { agent, last } = walk([...PATHS[state], INPUTS[input]]);
  expect([agent.state, ...last].join(' ')).toBe(EXPECTED[state][input]);
});

it('another agent is refused, a call in progress keeps login out', () => {
  expect(walk([LOGIN, { ...LOGIN, agentID: 'a2' } as AgentInput]).last).toEqual(['1141']);
  expect(walk([{ ...LOGIN, hasCall: true } as AgentInput]).last).toEqual(['185']);
});

it('after-call work asked for in idle ends in Ready, or in the state before it', () => {
  const acw: AgentInput = { kind: 'notReady', workMode: 'AfterCallWork', reasons: EMPTY_KV, nowMs: 1 };
  expect(walk([LOGIN, acw, INPUTS.timer]).agent.state).toBe('Ready');
  expect(walk([LOGIN, acw, INPUTS.timer], { acwInIdleForceReady: false }).agent.state).toBe('NotReady');
  expect(walk([LOGIN, acw], { timedAcwInIdle: false }).last).toEqual(['EventAgentNotReady(AfterCallWork)']);
});

it('without after-call work the guard alone follows a call', () => {
  expect(walk([...PATHS.AfterCallWork], { wrapUpTime: 0 }).last).toEqual(['EventAgentNotReady(LegalGuard)', 'timer 5000']);
});

it('a restored agent is the same, and its timer runs on for the rest of its time', () => {
  const { agent } = walk(PATHS.AfterCallWork);
  const restored = Agent.restore(RULES, structuredClone(agent.memory()));
  expect(restored.view()).toEqual(agent.view());
  let out: AgentEffect[] = [];
  restored.rearm(4_001, out);
  expect(out).toEqual([{ kind: 'setTimer', delayMs: 6_000 }]);
  restored.on({ kind: 'timer', nowMs: 10_001 }, out = []);
  expect(out.map(name)).toEqual(['EventAgentNotReady(LegalGuard)', 'timer 5000']);
});

it('who logs in again during after-call work hears how much of it is left', () => {
  const { agent } = walk(PATHS.AfterCallWork);
  const out: AgentEffect[] = [];
  agent.on({ ...LOGIN, nowMs: 4_001 } as AgentInput, out);
  expect(out[1]).toMatchObject({ msg: 'EventAgentNotReady', workMode: 'AfterCallWork', wrapUpTime: 6 });
});

it('the last request before after-call work is honoured after it', () => {
  const { agent } = walk([...PATHS.Ready, INPUTS.notReady, INPUTS.businessReleased, INPUTS.timer]);
  expect(agent.state).toBe('NotReady');
});
