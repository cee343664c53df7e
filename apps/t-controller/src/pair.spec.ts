/** The other half of a pair goes on: numbers, states, timers, desktops, owner applications (docs/specs/dn.md). */
import type { DnCommand, DnEvent, DnReply, OwnerNotice } from '#telephony';
import { CONN, type Desk, extension, TcWorld } from './fixtures/tc-world.fixture.js';

let tc: TcWorld;
afterEach(() => tc.close());

/** N1 is a pair, N2 is not. */
async function stand(options = ''): Promise<void> {
  tc = new TcWorld(options).paired('N1');
  await tc.start('N1', 'N2');
}

async function agentAt(dn: string, node: 'N1' | 'N2' = 'N1', applicationName = 'desk'): Promise<Desk> {
  const desk = tc.desk(node, applicationName);
  desk.register(dn);
  desk.ask('RequestAgentLogin', { ThisDN: dn, AgentID: `a${dn}` });
  desk.ask('RequestAgentReady', { ThisDN: dn });
  await tc.advance(300);
  expect(desk.names(dn)).toContain('EventAgentReady');
  return desk;
}

async function watcherOf(...dns: readonly string[]): Promise<Desk> {
  const desk = tc.desk('N2', 'monitor');
  for (const dn of dns) desk.register(dn);
  await tc.advance(100);
  return desk;
}

const offer = (connID = CONN): object => ({ kind: 'offer', connID, node: 'N2', leaseMs: 1_000 });
const numbers = (desk: Desk, dn: string): unknown[] => desk.events.filter((event) => event['ThisDN'] === dn && event['DNSequence'] !== undefined
  && event.msg !== 'EventRegistered').map((event) => event['DNSequence']);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('owned DNs', () => {
  it('go on with their numbers in a higher epoch; monitors hear of no change of halves', async () => {
    await stand();
    const watcher = await watcherOf('7001');
    tc.phone('N1', '7001');
    await tc.advance(300);
    const epoch = watcher.last('EventDNBackInService')!['OwnerEpoch'] as number;
    await tc.changeHalves('N1');
    expect(tc.owners('7001')).toEqual(['N1']);
    const desk = await agentAt('7001');
    expect(watcher.names('7001')).toEqual(['EventRegistered', 'EventDNBackInService', 'EventAgentLogin', 'EventAgentNotReady', 'EventAgentReady']);
    expect(numbers(watcher, '7001')).toEqual(upTo(4));
    expect(watcher.last('EventAgentReady')!['OwnerEpoch']).toBeGreaterThan(epoch);
    await tc.changeHalves('N1');
    await tc.changeHalves('N1');
    const again = tc.desk('N1');
    again.register('7001');
    again.ask('RequestAgentNotReady', { ThisDN: '7001' });
    await tc.advance(300);
    expect(numbers(watcher, '7001')).toEqual(upTo(5));
    expect(desk.names('7001')).not.toContain('EventAgentLogout');
  });

  it('leave service when their registration ended meanwhile, and stay out when it ended before', async () => {
    await stand();
    const watcher = await watcherOf('7001', '7002');
    tc.phone('N1', '7001', 3_000);
    tc.phone('N1', '7002');
    await tc.advance(300);
    tc.phoneGone('N1', '7002');
    await tc.advance(300);
    await tc.changeHalves('N1', 2_900);
    expect(tc.owners('7001')).toEqual([]);
    expect(watcher.names('7001')).toEqual(['EventRegistered', 'EventDNBackInService', 'EventDNOutOfService']);
    expect(watcher.names('7002')).toEqual(['EventRegistered', 'EventDNBackInService', 'EventDNOutOfService']);
    tc.phone('N1', '7002');
    await tc.advance(300);
    expect(numbers(watcher, '7002')).toEqual(upTo(3));
  });

  it('belong to whoever claimed them meanwhile', async () => {
    tc = new TcWorld().paired('N1');
    await tc.start('N1', 'N2', 'N3');
    tc.phone('N1', '7001');
    await tc.advance(300);
    tc.world.crash('N1');
    tc.phone('N3', '7001');
    await tc.advance(2_000);
    await tc.world.restart('N1');
    await tc.advance(1_000);
    expect(tc.owners('7001')).toEqual(['N3']);
  });

  it('are free for others when the last word of the lost half was not heard', async () => {
    await stand();
    const watcher = await watcherOf('7001');
    tc.phone('N1', '7001');
    await tc.advance(300);
    tc.world.partition(['N2'], ['N1']);
    tc.phoneGone('N1', '7001');
    await tc.advance(100);
    tc.world.crash('N1');
    tc.world.heal();
    await tc.advance(1_000);
    await tc.world.restart('N1');
    await tc.advance(500);
    tc.phone('N2', '7001');
    await tc.advance(6_000);
    expect(tc.owners('7001')).toEqual(['N2']);
    expect(watcher.names('7001').at(-1)).toBe('EventDNBackInService');
  });

  it('are claimed again when the hand-over was still awaited, and get it then', async () => {
    tc = new TcWorld(', agent-state-auto-restore: true').paired('N1');
    await tc.start('N1', 'N3');
    tc.phone('N3', '7001');
    await tc.advance(300);
    const desk = tc.desk('N3');
    desk.register('7001');
    desk.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
    await tc.advance(300);
    let claimed = false;
    tc.world.bus.witness = { published: (from, _, message) => { claimed ||= from.name === 'N1' && (message as OwnerNotice).kind === 'claim'; } };
    tc.phone('N1', '7001');
    await tc.world.until(() => claimed);
    await tc.changeHalves('N1');
    await tc.advance(1_000);
    expect(tc.owners('7001')).toEqual(['N1']);
    expect(numbers(desk, '7001')).toEqual([2, 3, 4]);
    expect(desk.names('7001')).not.toContain('EventAgentLogout');
    expect(desk.last('EventAgentNotReady')).toMatchObject({ Server: 'N1' });
  });
});

describe('flush order', () => {
  it('whatever leaves the node about a DN, the other half has it already', async () => {
    await stand(', wrap-up-time: 10');
    type Held = { readonly epoch: number; readonly snapshot?: { readonly seq: number; readonly memory: { readonly offers: readonly unknown[] } } };
    const entry = (key: string): unknown => tc.pair('N1').entries('t-controller').get(key);
    const held = (dn: string): Held | undefined => entry(`dn/${dn}`) as Held | undefined;
    const seen = new Map<string, number>();
    const check = (what: string, holds: boolean): void => {
      if (!holds) throw new Error(`${what} left before it was kept`);
      seen.set(what, (seen.get(what) ?? 0) + 1);
    };
    tc.world.bus.witness = {
      published: (from, _subject, message) => {
        if (from.name !== 'N1') return;
        const event = message as DnEvent;
        if (event.event !== undefined) {
          const seq = held(event.dn)?.snapshot?.seq ?? (entry(`left/${event.dn}`) as { seq: number } | undefined)?.seq;
          check('event', seq !== undefined && seq >= event.seq);
        }
        const notice = message as OwnerNotice;
        if (notice.kind === 'claim') check('claim', held(notice.dn)?.epoch === notice.epoch);
        if (notice.kind === 'release') check('release', held(notice.dn) === undefined);
      },
      answered: (from, _subject, request, reply) => {
        if (from.name === 'N1' && (reply as DnReply).kind === 'offered') check('offered', held('7001')?.snapshot?.memory.offers.length === 1);
        if (from.name === 'N1' && (request as DnCommand).kind === 'request') check('accepted', held('7001')?.snapshot !== undefined);
      },
    };
    tc.phone('N1', '7001');
    await tc.advance(300);
    await agentAt('7001');
    expect(await tc.ask('N2', '7001', offer())).toMatchObject({ kind: 'offered' });
    tc.call('N1', '7001', 1, 'EventRinging', 'EventEstablished', 'EventReleased');
    await tc.advance(11_000);
    tc.phoneGone('N1', '7001');
    await tc.advance(300);
    expect(Object.fromEntries(seen)).toMatchObject({ event: 10, offered: 1, accepted: 2, release: 1 });
    expect(seen.get('claim')).toBeGreaterThan(0);
  });
});

describe('desktops (docs/adr/0005-desktops-of-a-pair.md)', () => {
  it('that come back find their agent as he was; without them he is away, not out', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    await agentAt('7001');
    const watcher = await watcherOf('7001');
    await tc.changeHalves('N1');
    expect(await tc.ask('N2', '7001', offer())).toMatchObject({ kind: 'error', code: 185 });
    const back = tc.desk('N1');
    back.register('7001');
    await tc.advance(300);
    expect(back.last('EventRegistered')).toMatchObject({ AgentID: 'a7001' });
    expect(extension(back.last('EventRegistered'), 'AgentStatus')).toBe(2);
    expect(await tc.ask('N2', '7001', offer())).toMatchObject({ kind: 'offered' });
    await tc.advance(120_000);
    expect(watcher.names('7001')).toEqual(['EventRegistered']);
    back.cut(tc.nowMs());
    tc.core('N1').closed(back.session);
    await tc.advance(300);
    expect(watcher.names('7001')).toEqual(['EventRegistered', 'EventAgentLogout']);
  });

  it('that do not come back within the backlog time lose their agents, wherever the DNs are owned', async () => {
    await stand(', session-backlog-time: 20');
    tc.phone('N1', '7001');
    tc.phone('N2', '7002');
    await tc.advance(300);
    await agentAt('7001');
    await agentAt('7002');
    const watcher = await watcherOf('7001', '7002');
    await tc.changeHalves('N1');
    await tc.advance(18_000);
    expect(watcher.names()).not.toContain('EventAgentLogout');
    await tc.advance(3_000);
    expect(watcher.names('7001').at(-1)).toBe('EventAgentLogout');
    expect(watcher.names('7002').at(-1)).toBe('EventAgentLogout');
  });

  it('take over agents of DNs that another node owns, and go with them', async () => {
    await stand();
    tc.phone('N2', '7002');
    await tc.advance(300);
    await agentAt('7002');
    await tc.changeHalves('N1');
    expect(await tc.ask('N2', '7002', offer())).toMatchObject({ code: 185 });
    const back = tc.desk('N1');
    back.register('7002');
    await tc.advance(300);
    expect(await tc.ask('N2', '7002', offer())).toMatchObject({ kind: 'offered' });
    back.cut(tc.nowMs());
    await tc.advance(2_500);
    expect(await tc.ask('N2', '7002', offer('another'))).toMatchObject({ code: 185 });
  });

  it('with all DNs of the node (Smart) take their agents over at once', async () => {
    await stand();
    tc.phone('N1', '7001');
    await tc.advance(300);
    const smart = tc.desk('N1', 'GWS', 'Smart');
    smart.ask('RequestRegisterAll');
    await tc.advance(100);
    smart.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
    await tc.advance(100);
    smart.ask('RequestAgentReady', { ThisDN: '7001' });
    await tc.advance(100);
    await tc.changeHalves('N1');
    expect(await tc.ask('N2', '7001', offer())).toMatchObject({ code: 185 });
    tc.desk('N1', 'GWS', 'Smart').ask('RequestRegisterAll');
    await tc.advance(100);
    expect(await tc.ask('N2', '7001', offer())).toMatchObject({ kind: 'offered' });
  });

  it('of a node that begins anew instead are gone at once', async () => {
    await stand();
    tc.phone('N2', '7002');
    await tc.advance(300);
    const watcher = await watcherOf('7002');
    const desk = tc.desk('N1');
    desk.register('7002');
    desk.ask('RequestAgentLogin', { ThisDN: '7002', AgentID: 'a1' });
    await tc.advance(300);
    tc.world.crash('N1');
    await tc.advance(6_000);
    expect(watcher.names('7002').at(-1)).toBe('EventAgentLogout');
  });
});

describe('owner applications', () => {
  it('keep their lines when they come back in time, and lose them otherwise', async () => {
    await stand(', session-backlog-time: 20');
    const owner = tc.desk('N1', 'GWS');
    owner.register('7501');
    owner.register('7502');
    await tc.advance(300);
    const watcher = await watcherOf('7501', '7502');
    await tc.changeHalves('N1');
    expect([tc.owners('7501'), tc.owners('7502')]).toEqual([['N1'], ['N1']]);
    tc.desk('N1', 'GWS').register('7501');
    await tc.advance(21_000);
    expect([tc.owners('7501'), tc.owners('7502')]).toEqual([['N1'], []]);
    expect(watcher.names('7501')).toEqual(['EventRegistered']);
    expect(watcher.names('7502')).toEqual(['EventRegistered', 'EventDNOutOfService']);
  });
});
