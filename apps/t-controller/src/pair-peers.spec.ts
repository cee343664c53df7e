/** What a T-Controller makes of other nodes that changed halves, and of calls after its own change (docs/specs/pairs.md). */
import { subjects } from '#cluster';
import type { CallView, ScCommand } from '#telephony';
import { FakeSc } from './fixtures/sc.fixture.js';
import { CONN, type Desk, TcWorld } from './fixtures/tc-world.fixture.js';

let tc: TcWorld;
afterEach(() => tc.close());

const call = (dn: string, more: Partial<CallView> = {}): CallView =>
  ({ connID: CONN, callUUID: 'u', callID: 1, callType: 'Inbound', node: 'N9', partyState: 0xc, business: true, otherDN: dn, ...more });

/** What the session controller N9 tells of a DN, by a stream of that name. */
function tell(node: 'N1' | 'N2', dn: string, stream: string, seq: number, what: { items?: readonly string[]; calls?: readonly CallView[] }): void {
  const told = what.calls === undefined
    ? { kind: 'frame', items: (what.items ?? []).map((msg) => ({ event: { msg, ThisDN: dn, ConnID: CONN, CallType: 'Inbound' }, business: true })) }
    : { kind: 'resync', calls: what.calls };
  tc.bus(node).publish(subjects.dnCommand(dn), { node: 'N9', stream, seq, ...told });
}

/** Streams that N9 is asked to tell anew. */
function asksOfN9(): string[] {
  const asked: string[] = [];
  tc.bus('N2').subscribe(subjects.scCommand('N9'), (message) => {
    const command = message as ScCommand;
    if (command.kind === 'ack' && command.resync) asked.push(command.stream);
  });
  return asked;
}

/** A watcher of 7001, owned by N1, in a call on N9. */
async function inCall(options = ''): Promise<Desk> {
  tc = new TcWorld(options).paired('N1');
  await tc.start('N1', 'N2');
  tc.phone('N1', '7001');
  await tc.advance(300);
  const watcher = tc.desk('N2', 'monitor');
  watcher.register('7001');
  await tc.advance(100);
  return watcher;
}

async function talking(options = ''): Promise<Desk> {
  const watcher = await inCall(options);
  tell('N2', '7001', 'old', 1, { items: ['EventRinging', 'EventEstablished'] });
  await tc.advance(300);
  expect(watcher.names().slice(-2)).toEqual(['EventRinging', 'EventEstablished']);
  return watcher;
}

describe('a session controller that goes on at the other half', () => {
  it('keeps its calls; they are asked for when it does not tell them unasked, and go on by whatever stream it tells them', async () => {
    const end = await talkingOn();
    const asked = asksOfN9();
    end();
    await tc.member('N9', 'session-controller', { term: 2, continues: true });
    await tc.advance(900);
    expect(asked).toEqual([]);
    await tc.advance(200);
    expect(asked).toEqual(['old']);
    tell('N2', '7001', 'new', 1, { items: ['EventHeld'] });
    await tc.advance(100);
    expect(asked).toContain('new');
    tell('N2', '7001', 'new', 2, { calls: [call('7001', { partyState: 0xe })] });
    await tc.advance(20_000);
    expect(watcher.names().slice(-2)).toEqual(['EventEstablished', 'EventHeld']);
    tell('N2', '7001', 'new', 2, { items: ['EventReleased'] });
    await tc.advance(100);
    expect(watcher.names().at(-1)).toBe('EventReleased');
  });

  it('that tells its calls unasked is not asked', async () => {
    const end = await talkingOn();
    const asked = asksOfN9();
    end();
    await tc.member('N9', 'session-controller', { term: 2, continues: true });
    tell('N2', '7001', 'new', 2, { calls: [call('7001', { partyState: 0xe })] });
    await tc.advance(5_000);
    expect(asked).toEqual([]);
    expect(watcher.names().slice(-2)).toEqual(['EventEstablished', 'EventHeld']);
  });

  it('that tells nothing of a call has lost it', async () => {
    const end = await talkingOn();
    end();
    await tc.member('N9', 'session-controller', { term: 2, continues: true });
    await tc.advance(14_000);
    expect(watcher.names().at(-1)).toBe('EventEstablished');
    await tc.advance(2_000);
    expect(watcher.names().at(-1)).toBe('EventReleased');
  });

  it.each([['a standby', true, 'EventEstablished'], ['no standby', false, 'EventReleased']] as const)(
    'is waited for while it is silent and has %s', async (_what, standby, last) => {
      const end = await talkingOn();
      if (standby) await tc.member('N9', 'standby');
      end();
      await tc.advance(5_000);
      expect(watcher.names().at(-1)).toBe(last);
      await tc.advance(10_000);
      expect(watcher.names().at(-1)).toBe('EventReleased');
    });

  it('that begins anew has no calls', async () => {
    const end = await talkingOn();
    end();
    await tc.member('N9', 'session-controller', { term: 2, continues: false });
    await tc.advance(300);
    expect(watcher.names().at(-1)).toBe('EventReleased');
  });

  let watcher: Desk;
  async function talkingOn(): Promise<() => void> {
    watcher = await inCall();
    const end = await tc.member('N9', 'session-controller', { term: 1, continues: false });
    tell('N2', '7001', 'old', 1, { items: ['EventRinging', 'EventEstablished'] });
    await tc.advance(300);
    return end;
  }
});

describe('calls after an own change of halves', () => {
  it('go on when their session controller tells them, what was lost in between included', async () => {
    const watcher = await talking();
    await tc.member('N9', 'session-controller');
    const asked = asksOfN9();
    await tc.changeHalves('N1');
    tell('N2', '7001', 'old', 3, { items: ['EventRetrieved'] });
    await tc.advance(100);
    expect(asked.at(-1)).toBe('old');
    tell('N2', '7001', 'old', 5, { calls: [call('7001', { partyState: 0xe })] });
    await tc.advance(20_000);
    expect(watcher.names().slice(-2)).toEqual(['EventEstablished', 'EventHeld']);
    expect(watcher.events.map((event) => event['DNSequence']).filter((seq) => seq !== undefined)).toEqual([1, 2, 3, 4]);
  });

  it('whose session controller is behind a cut stay until it is heard again', async () => {
    const watcher = await inCall();
    const sc = await tc.world.start('N3 sc', (ports) => new FakeSc(ports, 'N3', 'dc2'));
    await tc.advance(500);
    sc.event('7001', CONN, 'EventRinging');
    sc.event('7001', CONN, 'EventEstablished');
    await tc.advance(300);
    tc.world.partition(['N1', 'N2', 'kv', 'kv dc1', 'kv dc2'], ['N3 sc']);
    await tc.advance(2_000);
    await tc.changeHalves('N1');
    await tc.advance(25_000);
    expect(watcher.names()).not.toContain('EventReleased');
    tc.world.heal();
    await tc.advance(8_000);
    sc.event('7001', CONN, 'EventHeld');
    await tc.advance(8_000);
    sc.event('7001', CONN, 'EventReleased');
    await tc.advance(8_000);
    expect(watcher.names('7001').filter((msg) => msg !== 'EventPrivateInfo').slice(-3)).toEqual(['EventEstablished', 'EventHeld', 'EventReleased']);
  });

  it('are over when nobody tells them any more', async () => {
    const watcher = await talking();
    await tc.changeHalves('N1');
    await tc.advance(12_000);
    expect(watcher.names().at(-1)).toBe('EventEstablished');
    await tc.advance(3_000);
    expect(watcher.names().at(-1)).toBe('EventReleased');
  });
});

describe('a T-Controller that goes on at the other half', () => {
  it('keeps its DNs in service, while a standby lives', async () => {
    const watcher = await inCall();
    await tc.member('N1', 'standby');
    await tc.changeHalves('N1', 6_000);
    expect(watcher.names('7001')).toEqual(['EventRegistered']);
    expect(tc.owners('7001')).toEqual(['N1']);
  });

  it('whose standby lives keeps its Routing Points', async () => {
    await inCall();
    await tc.member('N1', 'standby');
    const points = Array.from({ length: 20 }, (_, i) => String(5000 + i));
    const before = points.map((dn) => tc.owners(dn));
    expect(before.flat()).toContain('N1');
    await tc.changeHalves('N1', 6_000);
    expect(points.map((dn) => tc.owners(dn))).toEqual(before);
  });

  it('without a standby that lives is gone after 3.5 s', async () => {
    const watcher = await inCall();
    tc.world.crash('N1');
    await tc.advance(5_000);
    expect(watcher.names('7001')).toEqual(['EventRegistered', 'EventDNOutOfService']);
  });
});

describe('a process that took the place of one that was silent', () => {
  it('does not hold the clients of the one before, although tc-reconnect-timeout waited for it', async () => {
    tc = new TcWorld(', tc-reconnect-timeout: 20');
    await tc.start('N1', 'N2');
    tc.phone('N2', '7002');
    await tc.advance(300);
    const desk = tc.desk('N1');
    const watcher = tc.desk('N2', 'monitor');
    watcher.register('7002');
    desk.register('7002');
    await tc.advance(100);
    desk.ask('RequestAgentLogin', { ThisDN: '7002', AgentID: 'a1' });
    await tc.advance(300);
    tc.world.crash('N1');
    await tc.advance(5_000);
    expect(watcher.names().at(-1)).toBe('EventAgentNotReady');
    await tc.world.restart('N1');
    await tc.advance(1_000);
    expect(watcher.names().at(-1)).toBe('EventAgentLogout');
  });
});
