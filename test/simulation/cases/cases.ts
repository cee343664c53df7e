/**
 * Races of one routed call, by name; each seed is another interleaving. How each must end stands in the features SC-17 (no
 * answer), SC-20 (busy), CC-51 (caller gone while the agent answers), CC-52 (agent gone while he is being joined).
 */
import type { World } from '#simulation';
import type { Desktop } from '../actors/desktop.js';
import type { CallPlan } from '../actors/phone.js';
import { SERVED_POINT } from '../switch.js';
import { type Caller, expectThat, Stage } from './stage.js';

export type Case = (world: World) => Promise<void>;

const NO_ANSWER_MS = 12_000;
const AFTER_ROUTING_MS = 18_000;
/** How long an originator's 2xx may stay unacknowledged (docs/specs/call.md, timer acknowledge). */
const ACKNOWLEDGE_MS = 16_000;
/** From the end of an attempt until the next agent has answered: signalling with a few losses. */
const NEXT_AGENT_MS = 15_000;

/** SC-20. */
async function busy(world: World): Promise<void> {
  const stage = await Stage.set(world);
  const rings = stage.random.chance(0.3);
  stage.first.plan = () => ({ kind: 'reject', status: 486, afterMs: stage.smallMs(), ...(rings ? { ringMs: stage.smallMs() } : {}) });
  const caller = stage.call();
  await servedBySecond(stage, caller);
  expectThat(stage.atFirst.agent === 'NotReady', `the agent whose phone was busy is ${stage.atFirst.agent}`);
  expectThat(stage.namesAt(stage.atFirst).filter((name) => name === 'EventAgentNotReady').length === 1, 'EventAgentNotReady must come once');
  expectThat(!stage.namesAt(stage.atFirst).includes('EventEstablished'), 'a busy phone was established');
}

async function declined(world: World): Promise<void> {
  const stage = await Stage.set(world);
  stage.first.plan = () => ({ kind: 'reject', status: 603, ringMs: stage.smallMs(), afterMs: stage.smallMs() });
  const caller = stage.call();
  await servedBySecond(stage, caller);
  expectThat(stage.atFirst.agent === 'Ready', `the agent who declined is ${stage.atFirst.agent}`);
  expectThat(!stage.namesAt(stage.atFirst).includes('EventEstablished'), 'a call that was declined was established');
}

/**
 * SC-17: back to the strategy after `agent-no-answer-timeout`, the agent NotReady. A 180 that is lost leaves the switch without a
 * ringing to supervise: then `after-routing-timeout` brings the call back, and the agent stays as he is.
 */
async function silent(world: World): Promise<void> {
  const stage = await Stage.set(world);
  stage.first.plan = () => ({ kind: 'silent', ringMs: stage.smallMs() });
  const startedMs = stage.nowMs;
  const caller = stage.call();
  await servedBySecond(stage, caller);
  const rang = stage.namesAt(stage.atFirst).includes('EventRinging');
  const expected = rang ? 'EventRinging EventAgentNotReady EventReleased' : '';
  const names = stage.namesAt(stage.atFirst).join(' ');
  expectThat(names === expected, `the agent who did not answer saw "${names}"`);
  expectThat(stage.atFirst.agent === (rang ? 'NotReady' : 'Ready'), `the agent who did not answer is ${stage.atFirst.agent}`);
  const waitedMs = (caller.connectedMs ?? 0) - startedMs;
  expectThat(waitedMs >= (rang ? NO_ANSWER_MS : AFTER_ROUTING_MS), `the next agent answered after ${waitedMs} ms already`);
}

/** The phone leaves, or dies, at about the moment when the call is offered. */
async function unregistered(world: World): Promise<void> {
  const stage = await Stage.set(world);
  const dies = stage.random.chance(0.4);
  if (dies) stage.first.plan = () => ({ kind: 'dead' });
  else stage.after(stage.random.between(0, 800), () => stage.first.unregister());
  if (!dies) stage.first.plan = () => ({ kind: 'reject', status: 480, afterMs: stage.smallMs() });
  const caller = stage.call();
  await servedBySecond(stage, caller);
  if (dies) return;
  await world.until(() => stage.atFirst.agent === 'LoggedOut', 20_000);
  expectThat(!stage.namesAt(stage.atFirst).includes('EventEstablished'), 'a phone that left was established');
}

/** CC-51, early: while he waits, or while the phone rings. */
async function callerGoneBefore(world: World): Promise<void> {
  const stage = await Stage.set(world);
  stage.first.plan = () => ({ kind: 'silent', ringMs: stage.smallMs() });
  const caller = stage.call();
  stage.after(stage.random.between(0, 2_500), () => caller.call.hangUp());
  await stage.over();
  expectThat(caller.connectedMs === undefined, 'a caller who gave up was connected');
  agentsUntouched(stage);
}

/** CC-51: CANCEL and the agent's 200 cross somewhere. */
async function callerGoneDuring(world: World): Promise<void> {
  const stage = await Stage.set(world);
  const answerMs = stage.random.between(0, 400);
  const plan: CallPlan = { kind: 'answer', ringMs: 0, answerMs };
  stage.first.plan = () => plan;
  let caller: Caller | undefined;
  stage.first.onCall = () => stage.after(Math.max(0, answerMs + stage.random.between(-250, 250)), () => caller?.call.hangUp());
  caller = stage.call();
  await stage.over();
  agentsUntouched(stage);
}

/** The caller's BYE follows the answer at once, perhaps before the agent's ACK has arrived. */
async function callerGoneAfter(world: World): Promise<void> {
  const stage = await Stage.set(world);
  stage.first.plan = () => ({ kind: 'answer', ringMs: stage.smallMs(), answerMs: stage.smallMs() });
  const caller = stage.call({ connected: () => stage.after(stage.random.between(0, 300), () => caller.call.hangUp()) });
  await stage.over();
  expectThat(caller.how === 'byUs', `the call ended ${caller.how ?? 'never'}`);
  const names = stage.namesAt(stage.atFirst).join(' ');
  expectThat(names === 'EventRinging EventEstablished EventReleased', `the agent saw ${names}`);
  agentsUntouched(stage);
}

/** The agent hangs up right after his answer: both are released. A BYE that overtakes the answer is a refusal: the next agent gets the call. */
async function agentGoneAfter(world: World): Promise<void> {
  const stage = await Stage.set(world);
  stage.first.plan = () => ({
    kind: 'answer', ringMs: stage.smallMs(), answerMs: stage.smallMs(), talkMs: stage.random.between(0, 300), hasty: stage.random.chance(0.5),
  });
  const caller = stage.call({ connected: () => stage.after(1_000, () => caller.call.hangUp()) });
  await stage.over();
  expectThat(caller.connectedMs !== undefined, 'the caller was not connected with anybody');
  expectThat(isEstablished(stage, stage.atFirst) || isEstablished(stage, stage.atSecond), 'no agent got the call');
  agentsUntouched(stage);
}

/**
 * CC-52. The caller is a phone that was called on request and has waited until its 2xx had to be acknowledged, so that an agent is
 * joined by a re-INVITE. The agent who hangs up meanwhile costs the caller nothing but time: another one gets the call.
 */
async function agentGoneWhileJoining(world: World): Promise<void> {
  const stage = await Stage.set(world, 3);
  const { phones, desktops } = stage.cluster;
  const [caller, desk] = [phones[2], desktops[2]] as const;
  if (caller === undefined || desk === undefined) throw new Error('the stage has no third phone');
  for (const desktop of [desk, stage.atSecond]) desktop.want('NotReady');
  await world.until(() => [desk, stage.atSecond].every(({ agent }) => agent === 'NotReady'), 20_000);
  caller.plan = () => ({ kind: 'answer', ringMs: 0, answerMs: 100 });
  stage.first.plan = () => ({ kind: 'silent', ringMs: 0 });
  stage.second.plan = () => ({
    kind: 'answer', ringMs: stage.smallMs(), answerMs: stage.smallMs(), talkMs: stage.random.between(0, 250), hasty: true,
  });
  desk.client.request('RequestMakeCall', { ThisDN: desk.dn, OtherDN: SERVED_POINT }).catch(() => {});
  await world.until(() => caller.ua.liveCalls.some(({ state }) => state === 'Answered'), 20_000);
  await world.advance(ACKNOWLEDGE_MS + stage.random.between(500, 1_500));
  stage.atSecond.want('Ready');
  stage.first.plan = () => ({ kind: 'answer', ringMs: stage.smallMs(), answerMs: stage.smallMs() });
  stage.after(stage.random.between(0, 3_000), () => stage.atFirst.want('Ready'));
  await world.until(() => caller.ua.liveCalls.length === 0 || isEstablished(stage, stage.atFirst), 60_000);
  for (const call of caller.ua.liveCalls) call.hangUp();
  await stage.over();
  expectThat(isEstablished(stage, stage.atFirst) || isEstablished(stage, stage.atSecond), 'no agent got the call');
}

const isEstablished = (stage: Stage, desktop: Desktop): boolean => stage.namesAt(desktop).includes('EventEstablished');

/** The call ended up with the second agent, talked, and was released; he is ready again. */
async function servedBySecond(stage: Stage, caller: Caller): Promise<void> {
  const limitMs = 2 * NO_ANSWER_MS + NEXT_AGENT_MS;
  await stage.world.until(() => caller.connectedMs !== undefined || caller.endedMs !== undefined, limitMs);
  expectThat(caller.connectedMs !== undefined, `the caller got ${caller.how ?? ''} ${caller.status}`);
  await stage.world.advance(500);
  expectThat(stage.second.ua.liveCalls.length === 1, 'the caller is connected, but not with the second agent');
  caller.call.hangUp();
  await stage.over();
  expectThat(stage.atSecond.agent === 'Ready', `the agent who served is ${stage.atSecond.agent}`);
}

function agentsUntouched(stage: Stage): void {
  for (const desktop of [stage.atFirst, stage.atSecond]) {
    expectThat(desktop.agent === 'Ready', `the agent of ${desktop.dn} is ${desktop.agent}`);
  }
}

export const CASES: Readonly<Record<string, Case>> = {
  busy, declined, silent, unregistered, callerGoneBefore, callerGoneDuring, callerGoneAfter, agentGoneAfter, agentGoneWhileJoining,
};
