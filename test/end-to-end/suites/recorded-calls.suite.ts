/** History of real calls, exactly one record of each thing that happened (architecture §9, 8; HR-01, 06, 15, 16). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { TEvent } from '#tlib';
import type { TlibClient } from '#tlib/client';
import { about, CallCenter, went } from '../../support/call-center.js';
import type { CassandraWish } from '../../support/switch.js';
import { type RunningSwitch, startSwitch, type SwitchShape } from '../../support/running-switch.js';

type Row = Record<string, unknown>;

/** Agents of this suite sit on the node with this index, where there are two; calls come in on the first. */
const AGENTS_NODE = 1;

/** `prepare` answers where Cassandra keeps the history, instead of a file. */
export function recordedCalls(shape: SwitchShape, prepare?: () => Promise<CassandraWish>): void {
  const stateDirectory = mkdtempSync(`${tmpdir()}/cordboard-history-`);
  let running: RunningSwitch;
  let center: CallCenter;
  let desk: TlibClient;
  let monitor: TlibClient;
  let startedAtMs = 0;

  beforeAll(async () => {
    const cassandra = await prepare?.();
    running = await startSwitch(shape, {
      recorder: { stateDirectory, ...(cassandra === undefined ? {} : { cassandra }) }, options: { 'agent-no-answer-timeout': 2, 'wrap-up-time': 0 },
      points: { 5000: { 'router-timeout': 30 }, 5001: { 'router-timeout': 30 } },
    });
    center = new CallCenter(running);
  }, prepare === undefined ? 120_000 : 360_000);
  beforeEach(async () => {
    startedAtMs = Date.now();
    desk = await running.client('TCport', 'desk', { node: AGENTS_NODE });
    monitor = await running.client('SmartProxy', 'monitor', { node: AGENTS_NODE });
    await monitor.registerAddress('*');
  });
  afterEach(async () => {
    await center.close(desk);
    running.closeClients();
  }, 60_000);
  afterAll(async () => {
    await running.stop();
    rmSync(stateDirectory, { recursive: true, force: true });
  }, 30_000);

  async function history(path: string): Promise<Row[]> {
    const response = await fetch(`http://${running.plan.console.host}:8080/api/v1/history/${path}`);
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return (JSON.parse(text) as { rows: Row[] }).rows;
  }

  /** What was recorded of this test, once it is `count` rows or more and all of it is over. */
  async function rows(list: string, count: number, more = ''): Promise<Row[]> {
    for (let tries = 0; ; tries += 1) {
      const found = (await history(`${list}?from=${startedAtMs}&limit=500${more}`)).reverse();
      const over = found.length >= count && found.every((row) => list === 'cdrs' || row['endedAtMs'] !== undefined);
      if (over || tries > 100) return found;
      await wait(100);
    }
  }

  const cdrs = async (count: number): Promise<Row[]> => rows('cdrs', count);

  it('joins a routed call with its agent, whoever told of them, and states with their reasons', async () => {
    await center.seat(desk, '7001', 'phone-answers', { pauseMs: 50 });
    const released = about(monitor, 'EventReleased', '7001');
    await went(center.carrier('carrier-calls', '5000', { pauseMs: 300 }));
    const { ConnID, Server } = await released;
    await desk.request('RequestAgentNotReady', { ThisDN: '7001', AgentWorkMode: 'AuxWork', Reasons: { code: 'lunch' } });
    await desk.request('RequestAgentLogout', { ThisDN: '7001' });
    const calls = await rows('calls', 1);
    expect(calls).toMatchObject([{
      connID: ConnID, result: 'handled', dn: '7001', agent: 'agent7001', callType: 'Inbound', dnis: '5000', attempts: 1, complete: true,
    }]);
    const [{ talkMs, durationMs, waitMs, pickupMs, parties }] = calls as [Row & { parties: Row[] }];
    expect(talkMs).toBeGreaterThanOrEqual(250);
    expect(durationMs).toBeGreaterThanOrEqual((talkMs as number) + (waitMs as number) + (pickupMs as number) - 5);
    expect(parties.map(({ dn, agent, partyType }) => [dn, agent, partyType])).toEqual([
      [calls[0]!['ani'], '', 'External'], ['5000', '', 'RoutingPoint'], ['7001', 'agent7001', 'Internal'],
    ]);
    expect(await rows('calls', 1, '&agent=agent7001')).toHaveLength(1);
    expect(await rows('calls', 0, '&agent=agent7002')).toEqual([]);
    expect(await history(`calls?connid=${ConnID as string}`)).toHaveLength(1);
    const states = await rows('states', 3, '&agent=agent7001');
    expect(states.map(({ state, reasons, endCause }) => [state, reasons, endCause])).toEqual([
      ['NotReady', {}, 'EventAgentReady'], ['Ready', {}, 'EventAgentNotReady'], ['NotReady', { code: 'lunch' }, 'EventAgentLogout'],
    ]);
    expect(await rows('agents', 1)).toMatchObject([{ agent: 'agent7001', dn: '7001', node: Server, endCause: 'EventAgentLogout' }]);
    expect(await rows('queues', 1)).toMatchObject([{ queue: 'VQ_Support', result: 'diverted', target: '7001', connID: ConnID }]);
    expect((await history('resources?limit=500')).map(({ dn }) => dn)).toEqual(expect.arrayContaining(['5000', '7001', 'VQ_Support']));
  }, 60_000);

  it('rejected by A, answered by B: a row each, as they were tried', async () => {
    await center.seat(desk, '7004', 'phone-refuses', { keys: { status: '603' } });
    await center.register(['7005'], desk);
    center.phone('7005', 'phone-answers', { pauseMs: 50 });
    const talked = center.carrier('carrier-calls', '5000', { pauseMs: 100 });
    await about(monitor, 'EventRouteRequest', '5000');
    await center.ready(desk, '7005');
    await went(talked);
    const found = await cdrs(2);
    expect(found.map(({ type, dn, agent, queue, attempt, rejected, media }) => [type, dn, agent, queue, attempt, rejected, media])).toEqual([
      [-2, '7004', 'agent7004', '5000', 1, true, 'voice'], [0, '7005', 'agent7005', '5000', 2, false, 'voice'],
    ]);
    expect(await rows('calls', 1)).toMatchObject([{ result: 'handled', dn: '7005', agent: 'agent7005', attempts: 2 }]);
  }, 60_000);

  it('dropped in the queue', async () => {
    await went(center.carrier('carrier-gives-up', '5000', { pauseMs: 300 }));
    const found = await cdrs(1);
    expect(found.map(({ type, dn, queue, talkMs, pickupMs }) => [type, dn, queue, talkMs, pickupMs])).toEqual([[1, '5000', '5000', 0, 0]]);
    expect(found[0]!['waitMs']).toBeGreaterThanOrEqual(200);
    expect((await rows('queues', 1)).map(({ result }) => result)).toEqual(['abandoned']);
  }, 60_000);

  it('internal error: the phone answers 500', async () => {
    await center.register(['7006'], desk);
    center.phone('7006', 'phone-refuses', { keys: { status: '500' } });
    const routers = await Promise.all(running.plan.nodes.map((_, node) => running.client('default', 'own router', { node })));
    const refused = routers.map(async (router) => {
      const waiting = router.next('EventRouteRequest', () => true, 30_000);
      await router.registerAddress('5001');
      const { ConnID } = await waiting;
      return router.routeCall('5001', ConnID as string, '7006');
    });
    const caller = center.carrier('carrier-gives-up', '5001', { pauseMs: 2_000 });
    await expect(Promise.race(refused)).rejects.toMatchObject({ code: 234 });
    for (const each of refused) each.catch(() => undefined);
    await went(caller);
    const found = await cdrs(2);
    expect(found.map(({ type, dn, queue, attempt, cause }) => [type, dn, queue, attempt, cause])).toEqual([
      [1, '5001', '5001', 2, 'Empty'], [-1, '7006', '5001', 1, 'Reject'],
    ]);
  }, 60_000);

  it('has exactly one record of each call, attempt, agent state and queue entry under load', async () => {
    const CALLS = 40;
    const heard: TEvent[] = [];
    monitor.on('*', (event) => heard.push(event));
    for (const dn of ['7011', '7012', '7013', '7014']) await center.seat(desk, dn, 'phone-answers', { pauseMs: 10 });
    const run = center.carrier('carrier-calls', '5000', { calls: CALLS, perSecond: 10, pauseMs: 150, timeoutS: 60 });
    const { successful } = await went(run);
    expect(successful).toBe(CALLS);
    expect(await center.callsLeft()).toEqual([]);
    for (const dn of ['7011', '7012', '7013', '7014']) await desk.request('RequestAgentLogout', { ThisDN: dn });
    const calls = await rows('calls', CALLS);
    expect([calls.length, new Set(calls.map(({ connID }) => connID)).size]).toEqual([CALLS, CALLS]);
    expect(calls.every(({ result, agent }) => result === 'handled' && agent !== '')).toBe(true);
    const established = heard.filter(({ msg, ThisDN }) => msg === 'EventEstablished' && String(ThisDN).startsWith('70'))
      .map(({ ThisDN, ConnID }) => `${ThisDN as string} ${ConnID as string}`);
    const handled = (await cdrs(CALLS)).filter(({ type }) => type === 0).map(({ dn, connID }) => `${dn as string} ${connID as string}`);
    expect(handled.sort()).toEqual(established.sort());
    const spoken = heard.filter(({ msg }) => msg === 'EventAgentReady' || msg === 'EventAgentNotReady').length;
    const states = await rows('states', spoken);
    expect([states.length, states.filter(({ endedAtMs }) => endedAtMs === undefined).length]).toEqual([spoken, 0]);
    const queues = await rows('queues', CALLS);
    expect([queues.length, queues.filter(({ result }) => result !== 'diverted').length]).toEqual([CALLS, 0]);
  }, 120_000);

  if (shape !== 'one process') {
    it('a recorder that is killed between calls and in the middle of one leaves no hole and no double', async () => {
      const recorder = `${running.plan.recorder}/recorder`;
      await center.seat(desk, '7021', 'phone-answers', { pauseMs: 50 });
      await went(center.carrier('carrier-calls', '5000', { pauseMs: 50 }));
      const established = about(monitor, 'EventEstablished', '7021');
      const long = center.carrier('carrier-calls', '5000', { pauseMs: 1_500 });
      await established;
      await running.kill(recorder);
      await went(long);
      await went(center.carrier('carrier-calls', '5000', { pauseMs: 50 }));
      await running.begin(recorder);
      await went(center.carrier('carrier-calls', '5000', { pauseMs: 50 }));
      const calls = await rows('calls', 4);
      expect(calls.map(({ result, agent, complete, parties }) => [result, agent, complete, (parties as Row[]).length])).toEqual(
        Array.from({ length: 4 }, () => ['handled', 'agent7021', true, 3]));
      expect(calls[1]!['talkMs']).toBeGreaterThanOrEqual(1_400);
      await desk.request('RequestAgentLogout', { ThisDN: '7021' });
      const states = await rows('states', 2, '&agent=agent7021');
      expect(states.map(({ state, endCause }) => [state, endCause])).toEqual([['NotReady', 'EventAgentReady'], ['Ready', 'EventAgentLogout']]);
      expect(await cdrs(4)).toHaveLength(4);
    }, 120_000);
  }
}
