/** Calls through Routing Point 5000 and the built-in router, with foreign user agents at both ends (SC-16..21, RT-10). */
import type { TlibClient } from '#tlib/client';
import { about, CallCenter, went } from '../../support/call-center.js';
import { Outcomes } from '../../support/outcomes.js';
import { type RunningSwitch, startSwitch, type SwitchShape } from '../../support/running-switch.js';

const DEFAULT_DN = '7050';
const NO_ANSWER_S = 2;

export function routedCalls(shape: SwitchShape): void {
  let running: RunningSwitch;
  let center: CallCenter;
  let desk: TlibClient;
  let monitor: TlibClient;

  beforeAll(async () => {
    running = await startSwitch(shape, {
      options: { 'agent-no-answer-timeout': NO_ANSWER_S, 'session-backlog-time': 3 },
      points: { 5000: { 'router-timeout': 5, 'default-dn': DEFAULT_DN }, 5001: { 'router-timeout': 1, 'default-dn': DEFAULT_DN } },
    });
    center = new CallCenter(running);
  }, 90_000);
  beforeEach(async () => {
    desk = await running.client('TCport', 'desk');
    monitor = await running.client('SmartProxy', 'monitor', { node: 1 });
    await monitor.registerAddress('*');
  });
  afterEach(async () => {
    await center.close(desk);
    running.closeClients();
  }, 60_000);
  afterAll(() => running.stop(), 30_000);

  /** Nothing is live, so nothing may be busy (architecture §9, 5). */
  async function expectQuiet(): Promise<void> {
    expect(await center.callsLeft()).toEqual([]);
    const queue = await (await running.client('VQ', 'stat')).registerAddress('VQ_Support');
    expect(queue).toMatchObject({ InfoStatus: 0 });
    for (const { result } of await running.ask('dn list')) {
      for (const dn of result['dns'] as { dn: string; calls: number }[]) expect(dn).toMatchObject({ calls: 0 });
    }
  }

  it('lets the longest-idle agent ring, and the next call goes to the other one', async () => {
    await center.seat(desk, '7001', 'phone-answers', { pauseMs: 50 });
    await center.seat(desk, '7002', 'phone-answers', { pauseMs: 50 });
    for (const dn of ['7001', '7002', '7001']) {
      const released = about(desk, 'EventReleased', dn);
      await went(center.carrier('carrier-calls', '5000', { pauseMs: 100 }));
      expect(await released).toMatchObject({ ThisQueue: '5000', CallType: 'Inbound' });
    }
    await expectQuiet();
  }, 60_000);

  if (shape !== 'one process') {
    it('an agent owned by one node takes calls of the other one', async () => {
      await center.seat(desk, '7011', 'phone-answers', { pauseMs: 10 });
      const nodes = running.plan.nodes.map(({ name }) => name);
      const pairs = new Set<string>();
      for (let call = 0; call < 4; call += 1) {
        const [established, released] = [about(desk, 'EventEstablished', '7011'), about(monitor, 'EventReleased', '7011')];
        await went(center.carrier('carrier-calls', '5000', { pauseMs: 20 }, call));
        const { ConnID, Server } = await established;
        // The first three digits of a ConnID are the server-id of the call's node; Server is the owner of the DN.
        pairs.add(`call of ${nodes[Number.parseInt((ConnID as string).slice(0, 3), 16) - 1]}, agent of ${Server as string}`);
        expect(await released).toMatchObject({ Server });
      }
      expect([...pairs].filter((pair) => nodes.every((node) => pair.includes(node)))).toHaveLength(1);
    }, 60_000);

    it('when the router dies calls follow default routing, and its successor takes up where it was', async () => {
      await center.register([DEFAULT_DN], desk);
      center.phone(DEFAULT_DN, 'phone-answers', { pauseMs: 10 });
      const queue = await running.client('VQ', 'statistics');
      await queue.registerAddress('VQ_Support');
      const queued = about(queue, 'EventQueued', 'VQ_Support');
      const waiting = center.carrier('carrier-calls', '5000', { pauseMs: 50 });
      const { ConnID } = await queued;
      const used = about(monitor, 'EventRouteUsed', '5000');
      // The queue's entry is a lease of the router that made it.
      const forgotten = queue.next('EventDiverted', (event) => event['ConnID'] === ConnID, 30_000);
      const router = `${running.plan.router}/router`;
      await running.kill(router);
      expect(await used).toMatchObject({ RouteType: 'Default', ThirdPartyDN: DEFAULT_DN });
      await went(waiting);
      await went(center.carrier('carrier-calls', '5000', { pauseMs: 50 }));
      await running.begin(router);
      await center.seat(desk, '7017', 'phone-answers', { pauseMs: 10 });
      const released = about(desk, 'EventReleased', '7017');
      await went(center.carrier('carrier-calls', '5000', { pauseMs: 50 }));
      await released;
      await forgotten;
      await expectQuiet();
    }, 60_000);
  }

  it('carries a hang-up by the agent to the caller', async () => {
    await center.seat(desk, '7003', 'phone-hangs-up', { pauseMs: 200 });
    const released = about(desk, 'EventReleased', '7003');
    await went(center.carrier('carrier-waits', '5000'));
    await released;
    await expectQuiet();
  }, 60_000);

  it.each([['486', 'busy'], ['603', 'declined']])('an agent who answers %s (%s) is passed over for the next one', async (status) => {
    await center.seat(desk, '7004', 'phone-refuses', { keys: { status } });
    await center.register(['7005'], desk);
    center.phone('7005', 'phone-answers', { pauseMs: 50 });
    const notReady = status === '486' ? about(desk, 'EventAgentNotReady', '7004') : undefined;
    const talked = center.carrier('carrier-calls', '5000', { pauseMs: 100 });
    // The second agent comes while the call waits, so that the first one is tried first.
    await about(monitor, 'EventRouteRequest', '5000');
    await notReady;
    const released = about(desk, 'EventReleased', '7005');
    await center.ready(desk, '7005');
    await went(talked);
    await released;
    await expectQuiet();
  }, 60_000);

  it('an agent who does not answer in agent-no-answer-timeout gets NotReady, and the call the next agent', async () => {
    await center.seat(desk, '7006', 'phone-rings');
    const ringing = about(desk, 'EventRinging', '7006');
    const released = about(desk, 'EventReleased', '7006');
    const notReady = about(desk, 'EventAgentNotReady', '7006');
    const talked = center.carrier('carrier-calls', '5000', { pauseMs: 100 });
    const rangAt = timeOf(await ringing);
    await center.seat(desk, '7007', 'phone-answers', { pauseMs: 50 });
    expect(timeOf(await notReady) - rangAt).toBeGreaterThanOrEqual(NO_ANSWER_S - 0.1);
    await released;
    await went(talked);
    await expectQuiet();
  }, 60_000);

  it('a phone that goes away while its agent is ready takes him along, and gets no call', async () => {
    await center.seat(desk, '7008', 'phone-answers');
    await center.hangUp();
    const logout = about(desk, 'EventAgentLogout', '7008');
    await center.unregister(desk, '7008');
    await logout;
    await center.seat(desk, '7009', 'phone-answers', { pauseMs: 50 });
    const released = about(desk, 'EventReleased', '7009');
    await went(center.carrier('carrier-calls', '5000', { pauseMs: 100 }));
    await released;
  }, 60_000);

  it('a caller who gives up while queued or while the agent rings leaves nothing behind', async () => {
    const abandoned = about(monitor, 'EventAbandoned', '5000');
    await went(center.carrier('carrier-gives-up', '5000', { pauseMs: 200 }));
    await abandoned;
    await center.seat(desk, '7010', 'phone-rings');
    const [ringing, gone] = [about(desk, 'EventRinging', '7010'), about(desk, 'EventAbandoned', '7010')];
    await went(center.carrier('carrier-gives-up', '5000', { pauseMs: 700 }));
    await ringing;
    await gone;
    await expectQuiet();
  }, 60_000);

  it('follows default routing at router-timeout, and at once when nobody has registered the point', async () => {
    await center.register([DEFAULT_DN], desk);
    center.phone(DEFAULT_DN, 'phone-answers', { pauseMs: 10 });
    for (const silent of [false, true]) {
      const router = silent ? await running.client('default', 'silent') : undefined;
      const other = silent && shape !== 'one process' ? await running.client('default', 'silent', { node: 1 }) : undefined;
      for (const client of [router, other]) await client?.registerAddress('5001');
      const [queued, used] = [about(monitor, 'EventQueued', '5001'), about(monitor, 'EventRouteUsed', '5001')];
      await went(center.carrier('carrier-calls', '5001', { pauseMs: 50 }));
      const waited = timeOf(await used) - timeOf(await queued);
      expect(await used).toMatchObject({ RouteType: 'Default', ThirdPartyDN: DEFAULT_DN });
      expect(waited >= 0.95).toBe(silent);
      for (const client of [router, other]) client?.close();
    }
  }, 60_000);

  it('1,000 calls at 50 a second: each is answered, abandoned or default-routed, and nothing stays busy', async () => {
    const agents = Array.from({ length: 8 }, (_, i) => String(7020 + i));
    await center.register(agents, desk);
    await center.register([DEFAULT_DN], desk);
    center.phone(agents[0] as string, 'phone-answers', { pauseMs: 100 });
    center.phone(DEFAULT_DN, 'phone-answers', { pauseMs: 10 });
    for (const dn of agents) await center.ready(desk, dn);
    const outcomes = new Outcomes(monitor, '5000', DEFAULT_DN);
    const over = outcomes.ended(1_000);
    const load = { pauseMs: 200, timeoutS: 90 };
    const patient = center.carrier('carrier-calls', '5000', { ...load, calls: 800, perSecond: 40 });
    const impatient = center.carrier('carrier-impatient', '5000', { ...load, calls: 200, perSecond: 10, local: `${running.plan.carrier}:5091` }, 1);
    await went(patient);
    await went(impatient);
    await over;
    const { unfinished, doubled, refused, ...ends } = outcomes.counts();
    console.log(`1,000 calls, ${shape}: ${JSON.stringify(ends)}`);
    expect({ queued: outcomes.queued, unfinished, doubled, refused }).toEqual({ queued: 1_000, unfinished: 0, doubled: 0, refused: 0 });
    expect(Math.min(...Object.values(ends))).toBeGreaterThan(0);
    await expectQuiet();
    for (const dn of agents) expect((await desk.registerAddress(dn))['Extensions']).toContainEqual(['AgentStatus', 2]);
  }, 120_000);
}

const timeOf = (event: Readonly<Record<string, unknown>>): number => {
  const { sec, usec } = event['Time'] as { sec: number; usec: number };
  return sec + usec / 1e6;
};
