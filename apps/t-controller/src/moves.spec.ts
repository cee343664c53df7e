/** DNs that move between data centres (docs/specs/ownership.md, "Moves"; TC-05 to TC-09, TC-32, HA-08). */
import { subjects } from '#cluster';
import type { DnSnapshot } from '#telephony';
import { CONN, type Desk, extension, reason, TcWorld } from './fixtures/tc-world.fixture.js';

let tc: TcWorld;
afterEach(() => tc.close());

async function stand(options = ''): Promise<TcWorld> {
  tc = new TcWorld(options);
  await tc.start('N1', 'N2', 'N3');
  return tc;
}

async function agentAt(node: 'N1' | 'N3', dn: string, application = 'desk'): Promise<Desk> {
  const desk = tc.desk(node, application);
  desk.register(dn);
  desk.ask('RequestAgentLogin', { ThisDN: dn, AgentID: 'a1' });
  desk.ask('RequestAgentReady', { ThisDN: dn });
  await tc.advance(300);
  expect(desk.names()).toContain('EventAgentReady');
  return desk;
}

const agent = async (dn: string): Promise<string | undefined> =>
  ((await tc.ask('N1', dn, { kind: 'snapshot' })) as { snapshot: DnSnapshot }).snapshot.agent?.agentID;

/** What one receiver was told of the DN leaves no gap, whoever owned it. */
function gapless(desk: Desk): void {
  const told = desk.events.filter((event) => event['DNSequence'] !== undefined && event.msg !== 'EventRegistered').map((event) => event['DNSequence'] as number);
  expect(told).toEqual(told.map((_, i) => (told[0] as number) + i));
}

describe('TC-08: a phone without a call', () => {
  it('takes its DN along at once; the old owner logs the agent out first', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001');
    const watcher = tc.desk('N2');
    watcher.register('7001');
    await tc.advance(100);
    tc.phone('N3', '7001');
    await tc.advance(100);
    expect(tc.owners('7001')).toEqual(['N3']);
    expect(desk.last('EventAgentLogout')).toMatchObject({ Server: 'N1' });
    expect(desk.names()).not.toContain('EventDNOutOfService');
    desk.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
    await tc.advance(300);
    expect(desk.last('EventAgentLogin')).toMatchObject({ Server: 'N3' });
    gapless(desk);
    gapless(watcher);
  });

  it('TC-06: keeps its owner when it registers through another node of the data centre', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001');
    tc.phone('N2', '7001');
    tc.desk('N2').register('7001');
    await tc.advance(10_000);
    expect(tc.owners('7001')).toEqual(['N1']);
    expect(desk.names()).not.toContain('EventAgentLogout');
  });

  it('moves also when claim and hand-over are lost once', async () => {
    await stand(', agent-state-auto-restore: true');
    tc.phone('N1', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001');
    let cut = false;
    tc.bus('N3').subscribe(subjects.dnOwner('7001'), () => {
      if (!cut) tc.world.partition(['N1'], ['N3']);
      cut = true;
    });
    tc.phone('N3', '7001');
    await tc.advance(100);
    tc.world.heal();
    await tc.advance(1_000);
    expect(tc.owners('7001')).toEqual(['N3']);
    expect(desk.last('EventAgentReady')).toMatchObject({ Server: 'N3' });
    gapless(desk);
  });

  it('HA-08, DNS-09: stays where it renews when its first data centre is back', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(500);
    tc.world.crash('N1');
    tc.cores.delete('N1');
    tc.phone('N3', '7001');
    await tc.advance(5_000);
    expect(tc.owners('7001')).toEqual(['N3']);
    const desk = await agentAt('N3', '7001');
    await tc.world.restart('N1');
    await tc.advance(5_000);
    tc.phone('N3', '7001');
    await tc.advance(5_000);
    expect(tc.owners('7001')).toEqual(['N3']);
    expect(desk.names()).not.toContain('EventAgentLogout');
    // The phone returns, as softphones do at a login.
    tc.phone('N1', '7001');
    await tc.advance(200);
    expect(tc.owners('7001')).toEqual(['N1']);
    expect(desk.last('EventAgentLogout')).toMatchObject({ Server: 'N3' });
  });

  it('HA-08: of a short break nothing is seen: within its registration the DN stays in service', async () => {
    await stand();
    tc.phone('N1', '7001', 60_000);
    await tc.advance(300);
    const desk = await agentAt('N1', '7001');
    await tc.advance(50_000);
    tc.phone('N1', '7001', 60_000);
    await tc.advance(50_000);
    expect(desk.names()).not.toContain('EventDNOutOfService');
    expect(desk.names()).not.toContain('EventAgentLogout');
  });
});

describe('TC-05: a phone that moves while its agent talks', () => {
  async function talking(options = ''): Promise<{ desk: Desk; watcher: Desk }> {
    await stand(`, wrap-up-time: 10${options}`);
    tc.phone('N1', '7001', 5_000);
    await tc.advance(300);
    const desk = await agentAt('N1', '7001');
    const watcher = tc.desk('N3');
    watcher.register('7001');
    await tc.advance(100);
    tc.call('N1', '7001', 1, 'EventRinging', 'EventEstablished');
    await tc.advance(100);
    tc.phone('N3', '7001');
    await tc.advance(1_000);
    return { desk, watcher };
  }

  /** Exactly one owner, looked at every 10 ms; answers how long it was not N3. */
  async function untilMoved(ms: number): Promise<number> {
    for (let waited = 0; waited < ms; waited += 10) {
      const owners = tc.owners('7001');
      expect(owners.length).toBeLessThanOrEqual(1);
      if (owners[0] === 'N3') return waited;
      await tc.advance(10);
    }
    return Infinity;
  }

  it('moves when call and after-call work are over, although the first registration has ended', async () => {
    const { desk, watcher } = await talking();
    expect(tc.owners('7001')).toEqual(['N1']);
    await tc.advance(6_000);
    expect(tc.owners('7001')).toEqual(['N1']);
    tc.call('N1', '7001', 3, 'EventReleased');
    const waitedMs = await untilMoved(12_000);
    expect(waitedMs).toBeGreaterThanOrEqual(10_000);
    expect(waitedMs).toBeLessThan(10_500);
    expect(desk.names().slice(-4)).toEqual(['EventAgentNotReady', 'EventReleased', 'EventAgentReady', 'EventAgentLogout']);
    expect(desk.last('EventAgentLogout')).toMatchObject({ Server: 'N1' });
    expect(desk.names()).not.toContain('EventDNOutOfService');
    gapless(desk);
    gapless(watcher);
  });

  it('until then the old owner decides what desktops of either data centre ask', async () => {
    const { desk, watcher } = await talking();
    const [here, there] = [desk, watcher].map((each) => each.ask('RequestAgentNotReady', { ThisDN: '7001' })) as [number, number];
    await tc.advance(300);
    expect([desk.answerTo(here), watcher.answerTo(there)]).toMatchObject([{ Server: 'N1' }, { Server: 'N1' }]);
  });

  it('TC-09: with agent-state-auto-restore the agent comes along, ready, with the new site', async () => {
    const { desk } = await talking(', agent-state-auto-restore: true');
    tc.call('N1', '7001', 3, 'EventReleased');
    await tc.advance(11_000);
    expect(tc.owners('7001')).toEqual(['N3']);
    expect(desk.names()).not.toContain('EventAgentLogout');
    expect(desk.last('EventAgentReady')).toMatchObject({ Server: 'N3', AgentID: 'a1' });
    expect(reason(desk.last('EventAgentReady'), 'site')).toBe('dc2');
    desk.cut(tc.nowMs());
    await tc.advance(90_000);
    expect(await agent('7001')).toBeDefined();
    tc.core('N1').closed(desk.session);
    await tc.advance(300);
    expect(await agent('7001')).toBeUndefined();
  });

  it.each(['', ', agent-state-auto-restore: true'])('TC-09: after-call work by hand holds nothing back and is not restored ("%s")', async (options) => {
    await stand(options);
    tc.phone('N1', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001');
    desk.ask('RequestAgentNotReady', { ThisDN: '7001', AgentWorkMode: 'AfterCallWork' });
    await tc.advance(100);
    expect(reason(desk.last('EventAgentNotReady'), 'ReasonCode')).toBe('ManualSetACWPeriod');
    tc.phone('N3', '7001');
    await tc.advance(300);
    expect(tc.owners('7001')).toEqual(['N3']);
    expect(reason(desk.last('EventAgentLogout'), 'ReasonCode')).toBe('ManualSetACWPeriod');
    expect(await agent('7001')).toBeUndefined();
  });

  it('and comes back before the call is over does not move at all', async () => {
    await talking();
    tc.phone('N1', '7001');
    tc.call('N1', '7001', 3, 'EventReleased');
    await tc.advance(30_000);
    expect(tc.owners('7001')).toEqual(['N1']);
  });

  it('moves when its new node has to be asked again, and again', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    tc.call('N1', '7001', 1, 'EventRinging', 'EventEstablished');
    tc.world.partition(['N1'], ['N3']);
    tc.phone('N3', '7001');
    await tc.advance(2_500);
    tc.world.heal();
    await tc.advance(1_000);
    tc.world.partition(['N1'], ['N3']);
    tc.call('N1', '7001', 3, 'EventReleased');
    await tc.advance(3_000);
    tc.world.heal();
    await tc.advance(6_000);
    expect(tc.owners('7001')).toEqual(['N3']);
  });

  it('TC-33: whose owner stands still meanwhile is owned in the new data centre once, and the old owner changes nothing', async () => {
    const { watcher } = await talking();
    tc.world.pause('N1');
    await tc.advance(20_000);
    expect(tc.owners('7001')).toContain('N3');
    const heard = watcher.events.length;
    tc.world.resume('N1');
    await tc.advance(8_000);
    expect(tc.owners('7001')).toEqual(['N3']);
    expect(watcher.events.slice(heard).filter((event) => event['Server'] === 'N1')).toEqual([]);
  });
});

describe('TC-07: an outside line whose application goes to another data centre', () => {
  async function withCall(): Promise<{ first: Desk; second: Desk }> {
    await stand(', agent-logout-on-unreg: false');
    const first = await agentAtLine('N1');
    tc.call('N1', '7501', 1, 'EventRinging', 'EventEstablished');
    await tc.advance(100);
    const second = tc.desk('N3', 'GWS');
    return { first, second };
  }

  const agentAtLine = (node: 'N1' | 'N3'): Promise<Desk> => agentAt(node, '7501', 'GWS');

  it('HA-05: stays while the first one neither unregisters nor leaves, and moves after the call when it does', async () => {
    const { first, second } = await withCall();
    const registered = second.register('7501');
    await tc.advance(300);
    expect(extension(second.answerTo(registered), 'conn-1')).toBe(CONN);
    first.ask('RequestUnregisterAddress', { ThisDN: '7501' });
    await tc.advance(1_000);
    expect(tc.owners('7501')).toEqual(['N1']);
    second.ask('RequestAgentLogout', { ThisDN: '7501' });
    tc.call('N1', '7501', 3, 'EventReleased');
    await tc.advance(500);
    expect(tc.owners('7501')).toEqual(['N3']);
    second.ask('RequestAgentLogin', { ThisDN: '7501', AgentID: 'a1' });
    await tc.advance(300);
    expect(second.last('EventAgentLogin')).toMatchObject({ Server: 'N3' });
    expect(second.names()).not.toContain('EventDNOutOfService');
  });

  it('HA-06: waits 30 s for an agent who is logged in, logs out, moves', async () => {
    const { first, second } = await withCall();
    second.register('7501');
    await tc.advance(300);
    first.ask('RequestUnregisterAddress', { ThisDN: '7501' });
    tc.call('N1', '7501', 3, 'EventReleased');
    await tc.advance(29_500);
    expect(tc.owners('7501')).toEqual(['N1']);
    expect(second.names()).not.toContain('EventAgentLogout');
    await tc.advance(1_000);
    expect(tc.owners('7501')).toEqual(['N3']);
    expect(second.last('EventAgentLogout')).toMatchObject({ Server: 'N1' });
  });

  it('HA-06: a desktop server that is lost leaves the call; the line is served until it is over', async () => {
    const { first } = await withCall();
    first.cut(tc.nowMs());
    tc.core('N1').closed(first.session);
    await tc.advance(500);
    const again = tc.desk('N2');
    const registered = again.register('7501');
    await tc.advance(300);
    expect(extension(again.answerTo(registered), 'conn-1')).toBe(CONN);
    expect(tc.owners('7501')).toEqual(['N1']);
    const login = again.ask('RequestAgentLogin', { ThisDN: '7501', AgentID: 'a1' });
    await tc.advance(300);
    expect(again.answerTo(login)).toMatchObject({ ErrorCode: 185 });
    tc.call('N1', '7501', 3, 'EventReleased');
    await tc.advance(500);
    expect(tc.owners('7501')).toEqual([]);
    expect(again.names().slice(-2)).toEqual(['EventReleased', 'EventDNOutOfService']);
  });
});

describe('TC-32: who monitors a DN', () => {
  it('hears it before and after the move, in either data centre, each event once', async () => {
    await stand();
    tc.phone('N1', '7001');
    const monitors = (['N1', 'N2', 'N3'] as const).map((node) => tc.desk(node));
    for (const monitor of monitors) monitor.ask('RequestRegisterAddress', { ThisDN: '7001', RegisterMode: 'ModeMonitor' });
    await tc.advance(300);
    const desk = tc.desk('N1');
    desk.register('7001');
    desk.ask('RequestSetDNDOn', { ThisDN: '7001' });
    await tc.advance(100);
    tc.phone('N3', '7001');
    await tc.advance(300);
    desk.ask('RequestSetDNDOff', { ThisDN: '7001' });
    await tc.advance(300);
    for (const monitor of monitors) {
      expect(monitor.names('7001')).toEqual(['EventRegistered', 'EventDNBackInService', 'EventDNDOn', 'EventDNDOff']);
      expect([monitor.last('EventDNDOn'), monitor.last('EventDNDOff')]).toMatchObject([{ Server: 'N1' }, { Server: 'N3' }]);
      gapless(monitor);
    }
  });
});
