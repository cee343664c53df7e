import { subjects } from '#cluster';
import type { LoginNotice, OwnerNotice, ScCommand } from '#telephony';
import { CONN, type Desk, extension, TcWorld } from './fixtures/tc-world.fixture.js';

let tc: TcWorld;
afterEach(() => tc.close());

async function stand(options = '', ...names: readonly ('N1' | 'N2' | 'N3')[]): Promise<TcWorld> {
  tc = new TcWorld(options);
  await tc.start(...(names.length === 0 ? ['N1', 'N2'] as const : names));
  return tc;
}

/** A desktop whose agent is logged in and ready on the DN. */
async function agentAt(node: 'N1' | 'N2' | 'N3', dn: string, agentID: string): Promise<Desk> {
  const desk = tc.desk(node);
  desk.register(dn);
  desk.ask('RequestAgentLogin', { ThisDN: dn, AgentID: agentID });
  desk.ask('RequestAgentReady', { ThisDN: dn });
  await tc.advance(300);
  expect(desk.names()).toContain('EventAgentReady');
  return desk;
}

describe('ownership', () => {
  it('TC-01: Routing Points are spread over the nodes, one owner each, and move on when a node dies', async () => {
    await stand();
    const points = Array.from({ length: 20 }, (_, i) => String(5000 + i));
    const owners = points.map((dn) => tc.owners(dn));
    expect(owners.every(({ length }) => length === 1)).toBe(true);
    expect(new Set(owners.flat())).toEqual(new Set(['N1', 'N2']));
    tc.world.crash('N1');
    tc.cores.delete('N1');
    await tc.advance(5_000);
    expect(points.map((dn) => tc.owners(dn))).toEqual(points.map(() => ['N2']));
  });

  it('TC-02: the first node that hears of the phone owns the DN, until the registration ends', async () => {
    await stand();
    tc.phone('N1', '7001', 5_000);
    await tc.advance(300);
    tc.phone('N2', '7001', 8_000);
    await tc.advance(5_500);
    expect(tc.owners('7001')).toEqual(['N1']);
    const desk = tc.desk('N2');
    desk.register('7001');
    await tc.advance(3_000);
    expect(tc.owners('7001')).toEqual([]);
    expect(desk.last('EventDNOutOfService')).toMatchObject({ ThisDN: '7001', Server: 'N1', Time: expect.anything() });
  });

  it('TC-03, TC-04: an outside line belongs to the last owner application that holds it, on whichever node', async () => {
    await stand();
    const [stranger, first, second, far] = [tc.desk('N1', 'CRM'), tc.desk('N1', 'GWS'), tc.desk('N1', 'GWS'), tc.desk('N2', 'GWS')];
    stranger.register('7501');
    await tc.advance(100);
    expect(tc.owners('7501')).toEqual([]);
    for (const owner of [first, second]) owner.register('7501');
    await tc.advance(300);
    far.register('7501');
    await tc.advance(300);
    expect(tc.owners('7501')).toEqual(['N1']);
    stranger.ask('RequestUnregisterAddress', { ThisDN: '7501' });
    first.ask('RequestUnregisterAddress', { ThisDN: '7501' });
    await tc.advance(300);
    expect(tc.owners('7501')).toEqual(['N1']);
    second.ask('RequestUnregisterAddress', { ThisDN: '7501' });
    await tc.advance(300);
    expect(tc.owners('7501')).toEqual(['N2']);
  });

  it('a lost owner application holds its lines for the grace, and takes them up again when it resumes later', async () => {
    await stand(', logout-on-disconnect-delay: 5');
    const owner = tc.desk('N1', 'GWS');
    owner.register('7501');
    await tc.advance(100);
    owner.cut(tc.nowMs());
    await tc.advance(4_000);
    expect(tc.owners('7501')).toEqual(['N1']);
    await tc.advance(2_000);
    expect(tc.owners('7501')).toEqual([]);
    owner.comeBack();
    await tc.advance(300);
    expect(tc.owners('7501')).toEqual(['N1']);
  });

  it('an owner application of another node takes its lines up when the owner dies', async () => {
    await stand();
    tc.desk('N1', 'GWS').register('7501');
    await tc.advance(300);
    tc.desk('N2', 'GWS').register('7501');
    await tc.advance(300);
    tc.world.crash('N1');
    tc.cores.delete('N1');
    await tc.advance(5_000);
    expect(tc.owners('7501')).toEqual(['N2']);
  });

  it('a phone that registers right after it left gets the next number', async () => {
    await stand();
    const watcher = tc.desk('N2');
    watcher.register('7001');
    tc.phone('N1', '7001');
    await tc.advance(300);
    tc.phoneGone('N1', '7001');
    tc.phone('N1', '7001');
    await tc.advance(300);
    expect(watcher.events.map((event) => event['DNSequence']).filter((seq) => seq !== undefined)).toEqual([1, 2, 3]);
  });

  it('a DN that comes back goes on with its numbers, told without asking anybody', async () => {
    await stand();
    const watcher = tc.desk('N2');
    watcher.register('7001');
    await tc.advance(100);
    for (const _ of [1, 2]) {
      tc.phone('N1', '7001');
      await tc.advance(300);
      tc.phoneGone('N1', '7001');
      await tc.advance(300);
    }
    const told = watcher.events.filter(({ msg }) => msg.startsWith('EventDN'));
    expect(told.map(({ msg }) => msg)).toEqual(['EventDNBackInService', 'EventDNOutOfService', 'EventDNBackInService', 'EventDNOutOfService']);
    expect(told.map((event) => event['DNSequence'])).toEqual([1, 2, 3, 4]);
  });

  it('a DN whose phone leaves revokes the offer that it accepted, again while nobody owns it', async () => {
    await stand();
    tc.phone('N1', '7001');
    await agentAt('N1', '7001', 'a1');
    const heard: ScCommand[] = [];
    tc.bus('N2').subscribe(subjects.scCommand('N2'), (message) => void heard.push(message as ScCommand));
    expect(await tc.ask('N2', '7001', { kind: 'offer', connID: CONN, node: 'N2', leaseMs: 30_000 })).toMatchObject({ kind: 'offered' });
    tc.phoneGone('N1', '7001');
    await tc.advance(1_500);
    expect(heard).toEqual([{ kind: 'revoke', connID: CONN, dn: '7001' }, { kind: 'revoke', connID: CONN, dn: '7001' }]);
    tc.phone('N2', '7001');
    await tc.advance(5_000);
    expect(heard.length).toBe(2);
  });

  it('a node that starts late learns from the records and its peers who owns what', async () => {
    await stand('', 'N1');
    tc.phone('N1', '7001');
    await tc.advance(500);
    await tc.start('N2');
    tc.phone('N2', '7001');
    await tc.advance(500);
    expect(tc.owners('7001')).toEqual(['N1']);
  });

  it('a DN heard of before the node has listened is taken over with its agent', async () => {
    await stand('', 'N1');
    tc.phone('N1', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001', 'a1');
    const starting = tc.start('N2');
    await tc.world.until(() => tc.cores.has('N2'));
    tc.phone('N2', '7001');
    await starting;
    expect(tc.owners('7001')).toHaveLength(1);
    expect(desk.names()).not.toContain('EventAgentLogout');
  });

  it('a restarted node brings the DNs of registered phones back by its records, without waiting for a REGISTER', async () => {
    await stand();
    const watcher = tc.desk('N2');
    watcher.register('7001');
    tc.phone('N1', '7001');
    tc.phone('N1', '7002', 2_000);
    await tc.advance(500);
    tc.world.crash('N1');
    await tc.advance(5_000);
    expect(watcher.names().at(-1)).toBe('EventDNOutOfService');
    await tc.world.restart('N1');
    await tc.advance(1_000);
    expect(watcher.names().at(-1)).toBe('EventDNBackInService');
    expect(tc.owners('7002')).toEqual([]);
  });

  it('requests that come while the hand-over is on its way are answered by the new owner', async () => {
    await stand('', 'N1', 'N3');
    tc.phone('N1', '7001');
    await tc.advance(300);
    // The old owner lets the DN go, and stands still before it hears the claim.
    const claims: OwnerNotice[] = [];
    tc.bus('N3').subscribe(subjects.dnOwner('7001'), (notice) => claims.push(notice as OwnerNotice));
    tc.bus('N3').subscribe(subjects.dnOwner('7001'), () => tc.world.pause('N1'));
    tc.phone('N3', '7001');
    await tc.world.until(() => claims.length > 0);
    let reply: unknown;
    tc.bus('N3').request(subjects.dnCommand('7001'), { kind: 'snapshot' }, 5_000, (answer) => { reply = answer; });
    await tc.advance(1_200);
    expect(reply).toMatchObject({ message: { snapshot: { owner: 'N3', inService: true } } });
  });
});

describe('TC-33: a paused owner', () => {
  async function pausedOwner(): Promise<{ desk: Desk; watcher: Desk; epoch: number }> {
    await stand(', wrap-up-time: 5');
    tc.phone('N1', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001', 'a1');
    const watcher = tc.desk('N2');
    watcher.register('7001');
    await tc.advance(100);
    tc.call('N1', '7001', 1, 'EventRinging', 'EventEstablished', 'EventReleased');
    await tc.advance(200);
    expect(watcher.last('EventAgentNotReady')).toMatchObject({ AgentWorkMode: 'AfterCallWork' });
    const epoch = watcher.last('EventAgentNotReady')!['OwnerEpoch'] as number;
    tc.world.pause('N1');
    await tc.advance(6_000);
    tc.phone('N2', '7001');
    await tc.advance(14_000);
    return { desk, watcher, epoch };
  }

  it('is succeeded, and what it says and writes when it wakes is refused', async () => {
    const { watcher, epoch } = await pausedOwner();
    expect(tc.owners('7001')).toContain('N2');
    const heard = watcher.events.length;
    tc.world.resume('N1');
    await tc.advance(3_000);
    expect(tc.owners('7001')).toEqual(['N2']);
    expect(watcher.events.slice(heard).filter((event) => event['OwnerEpoch'] === epoch)).toEqual([]);
    const record = await recordOf('7001');
    expect(record).toMatchObject({ node: 'N2' });
    expect(record.epoch).toBeGreaterThan(epoch);
  });

  it('tells its own clients what the new owner says', async () => {
    const { desk } = await pausedOwner();
    tc.world.resume('N1');
    await tc.advance(3_000);
    tc.phoneGone('N2', '7001');
    await tc.advance(500);
    expect(desk.last('EventDNOutOfService')).toMatchObject({ Server: 'N2' });
  });

  it('says its claims again when it wakes, so that whoever has a higher one answers', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(5_000);
    const claims: OwnerNotice[] = [];
    tc.bus('N2').subscribe(subjects.dnOwner('7001'), (notice) => claims.push(notice as OwnerNotice));
    tc.world.pause('N1');
    await tc.advance(20_000);
    tc.world.resume('N1');
    await tc.advance(500);
    expect(claims).toMatchObject([{ kind: 'claim', node: 'N1' }]);
    expect(tc.owners('7001')).toEqual(['N1']);
  });

  it('does not do late what a client was told that nobody did', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    const desk = tc.desk('N2');
    desk.register('7001');
    tc.call('N1', '7001', 1, 'EventRinging', 'EventEstablished');
    await tc.advance(100);
    const asked: string[] = [];
    tc.bus('N2').subscribe(subjects.scCommand('N1'), (command) => asked.push((command as ScCommand).kind));
    tc.world.pause('N1');
    const release = desk.ask('RequestReleaseCall', { ThisDN: '7001', ConnID: CONN });
    await tc.advance(20_000);
    expect(desk.answerTo(release)).toMatchObject({ ErrorCode: 57 });
    tc.world.resume('N1');
    await tc.advance(3_000);
    expect(asked).not.toContain('request');
  });

  async function recordOf(dn: string): Promise<{ node: string; epoch: number }> {
    let found: { node: string; epoch: number } | undefined;
    await tc.world.start('reader', async ({ keyValues }) => {
      const bucket = await keyValues.bucket('owners-dc1');
      found = (await bucket.get(dn))?.value as { node: string; epoch: number };
      return { close() {} };
    });
    return found!;
  }
});

describe('TC-10: a peer that falls silent', () => {
  it.each([['', 1], [', tc-reconnect-timeout: 10', 0]])('options "%s"', async (options, outages) => {
    await stand(options);
    tc.phone('N1', '7001');
    const watcher = tc.desk('N2');
    watcher.register('7001');
    await tc.advance(500);
    tc.world.partition(['N1'], ['N2']);
    await tc.advance(6_000);
    expect(watcher.names().filter((msg) => msg === 'EventDNOutOfService')).toHaveLength(outages);
    tc.world.heal();
    await tc.advance(8_000);
    expect(watcher.names().filter((msg) => msg === 'EventDNBackInService')).toHaveLength(1 + outages);
    tc.phoneGone('N1', '7001');
    await tc.advance(500);
    expect(watcher.last('EventDNOutOfService')).toMatchObject({ DNSequence: 2 });
  });

  it('logs out agents whose desktop was connected there', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    await agentAt('N2', '7001', 'a1');
    const watcher = tc.desk('N1');
    watcher.register('7001');
    await tc.advance(100);
    tc.world.crash('N2');
    await tc.advance(5_000);
    expect(watcher.names()).toContain('EventAgentLogout');
  });
});

describe('TC-19: a lost desktop', () => {
  it('is given a grace, then its agent is logged out, on whichever node the DN is', async () => {
    await stand(', logout-on-disconnect-delay: 5');
    tc.phone('N2', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001', 'a1');
    const watcher = tc.desk('N2');
    watcher.register('7001');
    tc.call('N2', '7001', 1, 'EventRinging', 'EventEstablished');
    desk.cut(tc.nowMs());
    await tc.advance(4_800);
    expect(watcher.names()).not.toContain('EventAgentLogout');
    await tc.advance(500);
    expect(watcher.names()).toContain('EventAgentLogout');
    expect(watcher.names()).not.toContain('EventReleased');
  });

  it('that unregistered its DN is still responsible for the agent there', async () => {
    await stand(', agent-logout-on-unreg: false');
    tc.phone('N2', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001', 'a1');
    const watcher = tc.desk('N2');
    watcher.register('7001');
    desk.ask('RequestUnregisterAddress', { ThisDN: '7001' });
    await tc.advance(300);
    expect(watcher.names()).not.toContain('EventAgentLogout');
    tc.core('N1').closed(desk.session);
    await tc.advance(300);
    expect(watcher.names()).toContain('EventAgentLogout');
  });

  it('gets no routed call for its agent while it is away, and again when it is back', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001', 'a1');
    desk.ask('RequestAgentReady', { ThisDN: '7001' });
    await tc.advance(100);
    const offer = async (connID: string): Promise<unknown> => {
      let answer: unknown;
      tc.bus('N1').request(subjects.dnCommand('7001'), { kind: 'offer', connID, node: 'N1', leaseMs: 10 }, 1_000, (reply) => { answer = reply; });
      await tc.advance(200);
      return answer;
    };
    expect(await offer('a')).toMatchObject({ message: { kind: 'offered' } });
    desk.cut(tc.nowMs());
    await tc.advance(2_500);
    expect(await offer('b')).toMatchObject({ message: { kind: 'error', code: 185, message: expect.stringContaining('lost its connection') } });
    desk.comeBack();
    await tc.advance(100);
    expect(await offer('c')).toMatchObject({ message: { kind: 'offered' } });
    expect(desk.names()).not.toContain('EventAgentLogout');
  });

  it('that resumes in time keeps its agent', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001', 'a1');
    desk.cut(tc.nowMs());
    await tc.advance(4_000);
    desk.comeBack();
    await tc.advance(60_000);
    expect(desk.names()).not.toContain('EventAgentLogout');
  });

  it('TC-18: sees its call again, controls it, and may not log in until it is over', async () => {
    await stand(', logout-on-disconnect-delay: 0');
    tc.phone('N1', '7001');
    await tc.advance(300);
    const desk = await agentAt('N1', '7001', 'a1');
    tc.call('N1', '7001', 1, 'EventRinging', 'EventEstablished');
    await tc.advance(100);
    desk.cut(tc.nowMs());
    await tc.advance(300);
    const again = tc.desk('N1');
    const registered = again.register('7001');
    const login = again.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
    const release = again.ask('RequestReleaseCall', { ThisDN: '7001', ConnID: CONN });
    await tc.advance(5_000);
    expect(extension(again.answerTo(registered), 'conn-1')).toBe(CONN);
    expect(again.answerTo(login)).toMatchObject({ ErrorCode: 185 });
    // No session controller runs here: that it was asked shows in what the owner says of its silence.
    expect(again.answerTo(release)).toMatchObject({ ErrorCode: 58, ErrorMessage: expect.stringContaining('session controller of N1') });
  });
});

describe('TC-18: an owner that begins from nothing', () => {
  it('decides no login before the session controllers told their calls, and keeps the order of requests', async () => {
    await stand();
    const desk = tc.desk('N1');
    desk.register('7001');
    await tc.advance(100);
    tc.phone('N1', '7001');
    await tc.world.until(() => desk.names().includes('EventDNBackInService'));
    const [login, ready] = [desk.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' }), desk.ask('RequestAgentReady', { ThisDN: '7001' })];
    await tc.advance(20);
    const call = { connID: CONN, callUUID: 'u', callID: 1, callType: 'Inbound', node: 'N2', partyState: 0xc, business: true };
    tc.bus('N2').publish(subjects.dnCommand('7001'), { kind: 'resync', node: 'N2', stream: 'N2/7', seq: 9, calls: [call] });
    await tc.advance(300);
    expect([desk.answerTo(login)?.['ErrorCode'], desk.answerTo(ready)?.['ErrorCode']]).toEqual([185, 187]);
  });

  it('answers both in order when there is no call', async () => {
    await stand();
    const desk = tc.desk('N1');
    desk.register('7001');
    await tc.advance(100);
    tc.phone('N1', '7001');
    await tc.world.until(() => desk.names().includes('EventDNBackInService'));
    const [login, ready] = [desk.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' }), desk.ask('RequestAgentReady', { ThisDN: '7001' })];
    await tc.advance(300);
    expect([desk.answerTo(login)?.msg, desk.answerTo(ready)?.msg]).toEqual(['EventAgentLogin', 'EventAgentReady']);
  });
});

describe('an agent on two DNs', () => {
  it('of one node leaves the first before entering the second', async () => {
    await stand();
    tc.phone('N1', '7001');
    tc.phone('N1', '7002');
    await tc.advance(300);
    await agentAt('N1', '7001', 'a1');
    const both = tc.desk('N1');
    both.register('7001');
    both.register('7002');
    await tc.advance(100);
    both.ask('RequestAgentLogin', { ThisDN: '7002', AgentID: 'a1' });
    await tc.advance(100);
    expect(both.names().slice(-3)).toEqual(['EventAgentLogout', 'EventAgentLogin', 'EventAgentNotReady']);
    expect(both.last('EventAgentLogout')).toMatchObject({ ThisDN: '7001' });
  });

  it('of two nodes stays where it logged in last, also when nobody heard the other for a while', async () => {
    await stand();
    tc.phone('N1', '7001');
    tc.phone('N2', '7002');
    await tc.advance(300);
    const first = await agentAt('N1', '7001', 'a1');
    const second = await agentAt('N2', '7002', 'a1');
    expect(first.names()).toContain('EventAgentLogout');
    tc.world.partition(['N1'], ['N2']);
    const third = await agentAt('N1', '7001', 'a1');
    expect(second.names()).not.toContain('EventAgentLogout');
    await tc.advance(6_000);
    tc.world.heal();
    await tc.advance(3_000);
    expect(second.names()).toContain('EventAgentLogout');
    expect(third.names()).not.toContain('EventAgentLogout');
  });
});

describe('a login that another node did not hear of', () => {
  it('is said again soon', async () => {
    await stand();
    tc.phone('N1', '7001');
    tc.phone('N2', '7002');
    await tc.advance(300);
    const first = await agentAt('N1', '7001', 'a1');
    tc.world.partition(['N1'], ['N2']);
    await agentAt('N2', '7002', 'a1');
    tc.world.heal();
    await tc.advance(1_000);
    expect(first.names()).toContain('EventAgentLogout');
  });

  it('is said to whoever tells of an older one', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    await agentAt('N1', '7001', 'a1');
    await tc.advance(5_000);
    const told: LoginNotice[] = [];
    tc.bus('N2').subscribe(subjects.agentLogin('a1'), (notice) => told.push(notice as LoginNotice));
    tc.bus('N2').publish(subjects.agentLogin('a1'), { agentID: 'a1', dn: '7002', epoch: 1 } satisfies LoginNotice);
    await tc.advance(300);
    expect(told.map(({ dn }) => dn)).toEqual(['7002', '7001']);
  });
});

describe('a client that does not wait for its answers', () => {
  it('may log in right behind its registration', async () => {
    await stand();
    tc.phone('N2', '7001');
    await tc.advance(300);
    const desk = tc.desk('N1');
    const references = [desk.register('7001'), desk.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' })];
    await tc.advance(500);
    expect(references.map((reference) => desk.answerTo(reference)?.msg)).toEqual(['EventRegistered', 'EventAgentLogin']);
  });

  it('whose session ends before its registration leaves nothing behind', async () => {
    await stand();
    tc.phone('N2', '7001');
    await tc.advance(300);
    const desk = tc.desk('N1');
    desk.register('7001');
    tc.core('N1').closed(desk.session);
    await tc.advance(300);
    tc.phoneGone('N2', '7001');
    await tc.advance(300);
    expect(desk.names()).toEqual(['EventLinkConnected']);
  });

  it('that only monitors may not ask', async () => {
    await stand();
    tc.phone('N1', '7001');
    const desk = tc.desk('N1');
    desk.ask('RequestRegisterAddress', { ThisDN: '7001', RegisterMode: 'ModeMonitor' });
    const login = desk.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
    await tc.advance(300);
    expect(desk.answerTo(login)).toMatchObject({ ErrorCode: 41, ErrorMessage: expect.stringContaining('ModeMonitor') });
  });
});

describe('TC-15: a smart client', () => {
  it('gets the snapshots of all owned DNs in chunks, and the events of owned DNs only', async () => {
    await stand();
    for (let dn = 7001; dn <= 7250; dn += 1) tc.phone('N1', String(dn));
    tc.phone('N2', '7300');
    await tc.advance(500);
    await agentAt('N1', '7200', 'a1');
    const smart = tc.desk('N1', 'ICON', 'Smart');
    const reference = smart.ask('RequestRegisterAll');
    await tc.advance(100);
    const chunks = smart.events.filter(({ msg }) => msg === 'EventRegisteredAll');
    expect(chunks.map((event) => [event['InfoStatus'], extension(event, 'more'), event['ReferenceID']])).toEqual([
      [100, 1, undefined], [100, 1, undefined], [tc.core('N1').owned().length - 200, 0, reference],
    ]);
    const owned = Object.assign({}, ...chunks.map((event) => extension(event, 'owned'))) as Record<string, Record<string, unknown>>;
    expect(Object.keys(owned).sort()).toEqual(tc.core('N1').owned().map(({ dn }) => dn).sort());
    expect(owned['7200']).toMatchObject({ AgentID: 'a1', AgentStatus: 2, status: 0, DNSequence: 4 });
    tc.phone('N1', '7260');
    tc.phone('N2', '7301');
    tc.phoneGone('N1', '7001');
    tc.phoneGone('N2', '7300');
    await tc.advance(500);
    expect(smart.names('7260')).toEqual(['EventRegistered', 'EventDNBackInService']);
    expect(extension(smart.events.find((event) => event['ThisDN'] === '7260'), 'cluster-smart')).toBe(1);
    expect(smart.names('7001')).toEqual(['EventDNOutOfService', 'EventUnregistered']);
    expect([...smart.names('7300'), ...smart.names('7301')]).toEqual([]);
  });

  it('may ask for owned DNs, and is told by its ReferenceID', async () => {
    await stand();
    tc.phone('N1', '7001');
    tc.phone('N2', '7002');
    await tc.advance(300);
    const smart = tc.desk('N1', 'ICON', 'Smart');
    smart.ask('RequestRegisterAll');
    const own = smart.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
    const other = smart.ask('RequestAgentLogin', { ThisDN: '7002', AgentID: 'a2' });
    const one = smart.register('7001');
    await tc.advance(300);
    expect([own, other, one].map((reference) => smart.answerTo(reference)?.['ErrorCode'])).toEqual([undefined, 41, 51]);
    expect(smart.names('7001').filter((msg) => msg === 'EventAgentLogin')).toHaveLength(1);
  });

  it('sees a DN that is handed over leave one node and enter the other', async () => {
    await stand(', agent-state-auto-restore: true', 'N1', 'N3');
    tc.phone('N1', '7001');
    await tc.advance(300);
    await agentAt('N1', '7001', 'a1');
    const [before, after] = [tc.desk('N1', 'ICON', 'Smart'), tc.desk('N3', 'ICON', 'Smart')];
    before.ask('RequestRegisterAll');
    after.ask('RequestRegisterAll');
    tc.phone('N3', '7001');
    await tc.advance(500);
    expect(before.events.at(-1)).toMatchObject({ msg: 'EventUnregistered', ThisDN: '7001', ErrorMessage: '7001 is owned by N3 now' });
    expect(extension(before.events.at(-1), 'owner')).toBe('N3');
    expect(after.names('7001')).toEqual(['EventRegistered', 'EventAgentReady']);
    expect(after.events.find(({ msg }) => msg === 'EventRegistered')).toMatchObject({ AgentID: 'a1' });
  });

  it('leaves with RequestUnregisterAll; others may not be one', async () => {
    await stand();
    const [smart, plain] = [tc.desk('N1', 'ICON', 'Smart'), tc.desk('N1')];
    smart.ask('RequestRegisterAll');
    const left = smart.ask('RequestUnregisterAll');
    const refused = plain.ask('RequestRegisterAll');
    tc.phone('N1', '7001');
    await tc.advance(300);
    expect(smart.answerTo(left)).toMatchObject({ msg: 'EventUnregisteredAll' });
    expect(smart.names('7001')).toEqual([]);
    expect(plain.answerTo(refused)).toMatchObject({ ErrorCode: 51, ErrorMessage: expect.stringContaining('ClientRole "Smart"') });
  });
});

describe('TC-12, TC-13: what happens on one node', () => {
  it('is heard by clients of every other: service, agent and call, each event once and numbered', async () => {
    await stand('', 'N1', 'N2', 'N3');
    const far = tc.desk('N3');
    far.register('7001');
    await tc.advance(100);
    tc.phone('N2', '7001');
    await tc.advance(300);
    await agentAt('N2', '7001', 'a1');
    tc.call('N1', '7001', 1, 'EventRinging', 'EventEstablished', 'EventReleased');
    await tc.advance(200);
    expect(far.names('7001')).toEqual([
      'EventRegistered', 'EventDNBackInService', 'EventAgentLogin', 'EventAgentNotReady', 'EventAgentReady', 'EventRinging', 'EventEstablished', 'EventReleased',
    ]);
    expect(far.events.map((event) => event['DNSequence']).filter((seq) => seq !== undefined)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(far.last('EventReleased')).toMatchObject({ AgentID: 'a1', Server: 'N2' });
    expect(far.events.some((event) => event['ReferenceID'] !== undefined && event.msg !== 'EventRegistered')).toBe(false);
  });
});

describe('a request that failed after it was accepted', () => {
  it('is told to its client alone, with no number of the DN', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    const [desk, other, smart] = [tc.desk('N2'), tc.desk('N2'), tc.desk('N1', 'ICON', 'Smart')];
    for (const each of [desk, other]) each.register('7001');
    smart.ask('RequestRegisterAll');
    await tc.advance(100);
    const event = { msg: 'EventError', ThisDN: '7001', ErrorCode: 234, ErrorMessage: 'the phone did not take it' };
    const refuse = (seq: number, node: string, { id }: { readonly id: string }): void => {
      const origin = { instance: `${node}/t-controller`, session: id, referenceID: 77, applicationName: 'desk' };
      const items = [{ event, business: false, origin }];
      tc.bus('N1').publish(subjects.dnCommand('7001'), { kind: 'frame', node: 'N1', stream: 'N1/7001', seq, items });
    };
    refuse(1, 'N2', desk.session);
    refuse(2, 'N1', smart.session);
    tc.call('N1', '7001', 3, 'EventRinging');
    await tc.advance(200);
    for (const each of [desk, smart]) expect(each.answerTo(77)).toMatchObject(event);
    expect(desk.answerTo(77)).not.toHaveProperty('DNSequence');
    expect(other.names('7001')).toEqual(['EventRegistered', 'EventRinging']);
    expect([desk, other].map((each) => each.last('EventRinging')?.['DNSequence'])).toEqual([2, 2]);
  });
});

describe('TC-29: links', () => {
  it('are measured to each other T-Controller, by the option', async () => {
    await stand(', tc-latency-poll-interval: 2', 'N1', 'N2', 'N3');
    await tc.advance(2_500);
    const { links } = tc.core('N1').admin['links list']!({}) as { links: object[] };
    expect(links).toMatchObject([{ peer: 'N2/t-controller', dataCentre: 'dc1', RTT: 2 }, { peer: 'N3/t-controller', dataCentre: 'dc2', RTT: 2 }]);
  });
});

describe('queries about the switch', () => {
  it('are answered for the own switch only', async () => {
    await stand();
    const desk = tc.desk('N1');
    expect(desk.answerTo(desk.ask('RequestQuerySwitch', { SwitchInfoType: 'DateTime' }))).toMatchObject({ msg: 'EventSwitchInfo' });
    expect(desk.answerTo(desk.ask('RequestQuerySwitch', { SwitchInfoType: 'ClassifierStat' }))).toMatchObject({ ErrorCode: 51 });
    expect(desk.answerTo(desk.ask('RequestQueryLocation', { LocationInfoType: 'AllLocations' }))).toMatchObject({
      msg: 'EventLocationInfo', Location: 'Test', Extensions: { 'location-1': 'Test', site: 'dc1' },
    });
    expect(desk.answerTo(desk.ask('RequestQueryLocation', { LocationInfoType: 'LocationData', Location: 'Other' }))).toMatchObject({ ErrorCode: 59 });
    expect(desk.answerTo(desk.ask('RequestQueryLocation', { LocationInfoType: 'MonitorLocation' }))).toMatchObject({ ErrorCode: 51 });
  });
});
