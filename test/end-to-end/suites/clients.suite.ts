/** Routers that compete for agents, and monitoring clients of the SmartProxy port (VQ-02, VQ-03, VQ-06, SP-01, SP-03, SP-07, SP-08). */
import { connect, type Socket } from 'node:net';
import type { TEvent } from '#tlib';
import { type TlibClient, TlibRequestError } from '#tlib/client';
import { CallCenter, went } from '../../support/call-center.js';
import { DnSequences } from '../../support/dn-sequences.js';
import { type RunningSwitch, startSwitch, type SwitchShape } from '../../support/running-switch.js';

const ROUTED_POINTS = ['5001', '5002', '5003', '5004'] as const;
const CUT_MS = 30_000;

export function clients(shape: SwitchShape): void {
  let running: RunningSwitch;
  let center: CallCenter;
  let desk: TlibClient;

  beforeAll(async () => {
    running = await startSwitch(shape, { points: Object.fromEntries(ROUTED_POINTS.map((point) => [point, { 'router-timeout': 0 }])) });
    center = new CallCenter(running);
  }, 90_000);
  beforeEach(async () => { desk = await running.client('TCport', 'desk'); });
  afterEach(async () => {
    await center.close(desk);
    running.closeClients();
  }, 60_000);
  afterAll(() => running.stop(), 30_000);

  it('of two reservations within the collection time the higher priority wins, and the other takes the second agent', async () => {
    const [low, high] = [await running.client('VQ', 'router-low'), await running.client('VQ', 'router-high')];
    const lost = low.reserveAgent({ AgentID: 'agent7001' }, 1, 5_000);
    const won = high.reserveAgent({ AgentID: 'agent7001' }, 2, 5_000);
    await expect(lost).rejects.toMatchObject({ code: 42 });
    expect(await won).toMatchObject({ msg: 'EventAgentReserved', AgentID: 'agent7001', Timeout: 5_000 });
    expect(await low.reserveAgent({ AgentID: 'agent7002' }, 1, 5_000)).toMatchObject({ msg: 'EventAgentReserved', AgentID: 'agent7002' });
  }, 30_000);

  it('four routers, one free agent, a hundred calls: he is never offered two at once, and takes them all', async () => {
    await center.seat(desk, '7012', 'phone-answers', { pauseMs: 1 });
    let live = new Set<string>();
    let most = 0;
    let taken = 0;
    desk.on('*', (event) => {
      if (event['ThisDN'] !== '7012') return;
      const connID = event['ConnID'] as string;
      if (event.msg === 'EventRinging') live = live.add(connID);
      if (event.msg === 'EventReleased' || event.msg === 'EventAbandoned') live.delete(connID);
      if (event.msg === 'EventEstablished') taken += 1;
      most = Math.max(most, live.size);
    });
    const conflicts = await Promise.all(ROUTED_POINTS.map((point, i) => compete(running, point, i, '7012')));
    const calls = ROUTED_POINTS.map((point, i) => center.carrier('carrier-calls', point, {
      calls: 25, perSecond: 5, pauseMs: 1, timeoutS: 150, local: `${running.plan.carrier}:${5_090 + i}`,
    }, i));
    await Promise.all(calls.map(went));
    expect({ most, taken }).toEqual({ most: 1, taken: 100 });
    expect(conflicts.reduce((sum, count) => sum + count(), 0)).toBeGreaterThan(0);
    expect(await center.callsLeft()).toEqual([]);
  }, 180_000);

  it(`a monitor sees every DN gap-free by DNSequence, before and after a cut of ${CUT_MS / 1_000} s`, async () => {
    const monitor = await running.client('SmartProxy', 'monitor', { reconnectDelayMs: CUT_MS });
    const sequences = new DnSequences(monitor);
    await monitor.registerAddress('*');
    await center.seat(desk, '7013', 'phone-answers', { pauseMs: 10 });
    await went(center.carrier('carrier-calls', '5000', { pauseMs: 10 }));
    const back = monitor.next('EventServerConnected', () => true, CUT_MS + 20_000);
    monitor.cut();
    for (let n = 0; n < 3; n += 1) {
      await desk.agentNotReady('7013');
      await desk.agentReady('7013');
      await went(center.carrier('carrier-calls', '5000', { pauseMs: 10 }));
    }
    expect(await back).toMatchObject({ Resumed: true });
    const last = monitor.next('EventAgentNotReady', (event) => event['AgentWorkMode'] === 'AuxWork');
    await desk.agentNotReady('7013', { AgentWorkMode: 'AuxWork' });
    await last;
    expect(sequences.gaps).toEqual([]);
    expect(sequences.dns).toEqual(expect.arrayContaining(['5000', '7013']));
    expect(sequences.seen('7013')).toBeGreaterThan(20);
  }, 90_000);

  it('a monitor registered for all DNs is told about each of them', async () => {
    const monitor = await running.client('SmartProxy', 'monitor', { node: 1 });
    for (const dn of ['7014', '7015']) await center.register([dn], desk);
    const told = new Set<string>();
    monitor.on('*', (event) => { if (event['ThisDN'] !== undefined) told.add(event['ThisDN'] as string); });
    await monitor.registerAddress('*');
    const points = Array.from({ length: 10 }, (_, i) => String(5000 + i));
    for (const dn of ['7014', '7015', ...points]) {
      expect((await monitor.request('RequestQueryAddress', { ThisDN: dn, AddressInfoType: 'DNStatus' }))['ThisDN']).toBe(dn);
    }
    expect([...told]).toEqual(expect.arrayContaining(['7014', '7015', ...points]));
  }, 60_000);

  it('a client that stops reading is cut, and twenty others see no delay', async () => {
    const others = await Promise.all(Array.from({ length: 20 }, (_, i) => running.client('SmartProxy', `monitor-${i}`)));
    let heardInAll = 0;
    let longestLag = 0;
    for (const other of others) {
      await other.registerAddress('*');
      other.on('EventAgentReady', (event) => {
        heardInAll += 1;
        longestLag = Math.max(longestLag, lagOf(event));
      });
    }
    await center.seat(desk, '7016');
    const deaf = deafClient(running.plan.nodes[0]!.host);
    const cut = new Promise<void>((resolve) => deaf.once('close', () => resolve()));
    let over = false;
    void cut.then(() => { over = true; });
    let rounds = 0;
    while (!over) {
      const heard = others.map((other) => other.next('EventAgentReady'));
      await desk.agentNotReady('7016');
      await desk.agentReady('7016');
      await Promise.all(heard);
      rounds += 1;
      // A socket that is not read learns of its end by writing only.
      deaf.write('\n');
    }
    const heard = others.map((other) => other.next('EventAgentNotReady', (event) => event['AgentWorkMode'] === 'AuxWork'));
    await desk.agentNotReady('7016', { AgentWorkMode: 'AuxWork' });
    await Promise.all(heard);
    expect(heardInAll).toBe((rounds + 1) * others.length);
    expect(longestLag).toBeLessThan(1);
  }, 60_000);

  it.each([
    'RequestAgentLogin', 'RequestAgentReady', 'RequestAgentNotReady', 'RequestAgentLogout', 'RequestMakeCall', 'RequestAnswerCall', 'RequestRegisterAll',
  ])('a monitor may not send %s', async (msg) => {
    const monitor = await running.client('SmartProxy', 'monitor');
    await monitor.registerAddress('7001');
    const more = { ThisDN: '7001', AgentID: 'agent7001', OtherDN: '7002', ConnID: '0010000000000001' };
    await expect(monitor.request(msg, more)).rejects.toMatchObject({ code: 51 });
  }, 30_000);
}

/**
 * A routing client as any user would write it: it reserves the one agent, routes, and asks again when it lost. Answers how often that was.
 */
async function compete(running: RunningSwitch, point: string, index: number, dn: string): Promise<() => number> {
  const reservations = await running.client('VQ', `router-${index}`);
  let conflicts = 0;
  const serve = async (client: TlibClient, connID: string): Promise<void> => {
    for (;;) {
      try {
        await reservations.reserveAgent({ ThisDN: dn, AgentID: `agent${dn}` }, 1 + (index % 2), 1_000);
        await client.routeCall(point, connID, dn);
        return;
      } catch (error) {
        if (!(error instanceof TlibRequestError) || error.event === undefined) return;
        conflicts += 1;
      } finally {
        await reservations.reserveAgent({ ThisDN: dn, AgentID: `agent${dn}` }, 1, 0).catch(() => undefined);
      }
    }
  };
  for (const node of running.plan.nodes.keys()) {
    const client = await running.client('default', `router-${index}`, { node });
    let queue = Promise.resolve();
    client.on('EventRouteRequest', (event) => { queue = queue.then(() => serve(client, event['ConnID'] as string)); });
    await client.registerAddress(point);
  }
  return () => conflicts;
}

/** Asks for more than the kernel buffers, and reads nothing. */
function deafClient(host: string): Socket {
  const socket = connect(7003, host);
  socket.pause();
  socket.on('error', () => {});
  const ask = `${JSON.stringify({ msg: 'RequestRegisterAddress', ThisDN: '*' })}\n`;
  socket.write(`${JSON.stringify({ msg: 'RequestRegisterClient', ApplicationName: 'deaf', ProtocolVersion: 1 })}\n${ask.repeat(10_000)}`);
  return socket;
}

function lagOf(event: TEvent): number {
  const { sec, usec } = event['Time'] as { sec: number; usec: number };
  return Date.now() / 1e3 - (sec + usec / 1e6);
}
