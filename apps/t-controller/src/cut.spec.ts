/** Two data centres that do not hear each other (docs/specs/ownership.md, "A cut between data centres"; TC-10, TC-11, TC-30, HA-07). */
import { MembershipService, PRIMARY, subjects } from '#cluster';
import type { CallView, DnCommand, Heartbeat, ScCommand, ScReply } from '#telephony';
import { CONN, type Desk, extension, TcWorld } from './fixtures/tc-world.fixture.js';

let tc: TcWorld;
afterEach(() => tc.close());

const CALL: CallView = { connID: CONN, callUUID: 'u', callID: 1, callType: 'Inbound', node: 'S3', partyState: 0xc, business: true };

/** A session controller of dc2 that beats and tells its calls, on a machine of its own. */
class FarSc {
  calls: readonly CallView[] = [];
  readonly asked: ScCommand[] = [];
  #seq = 1;
  #streams = 0;

  async start(): Promise<void> {
    await tc.world.start('S3', (ports) => {
      const membership = new MembershipService<Heartbeat>(ports, () => ({
        instance: 'S3/sc', node: 'S3', tier: 'session-controller', dataCentre: 'dc2', role: PRIMARY, bootEpoch: 1, draining: false, load: 0,
      }));
      membership.start();
      ports.bus.subscribe(subjects.scCommand('S3'), (message, { respond }) => {
        const command = message as ScCommand;
        this.asked.push(command);
        if (command.kind === 'ack' && command.resync) this.picture(ports.bus);
        if (command.kind === 'request') respond?.({ kind: 'error', code: 56, message: 'no such call' } satisfies ScReply);
      });
      this.send = (...msgs) => {
        const items = msgs.map((msg) => ({ event: { msg, ThisDN: '7001', ConnID: CONN, CallType: 'Inbound' }, business: true }));
        ports.bus.publish(subjects.dnCommand('7001'), { kind: 'frame', node: 'S3', stream: 'S3/0', seq: this.#seq, items } satisfies DnCommand);
        this.#seq += msgs.length;
      };
      return { close: () => membership.close() };
    });
    await tc.advance(1_200);
  }

  send: (...msgs: string[]) => void = () => {};

  picture(bus: { publish(subject: string, message: object): void }): void {
    this.#streams += 1;
    const stream = `S3/${this.#streams}`;
    bus.publish(subjects.dnCommand('7001'), { kind: 'resync', node: 'S3', stream, seq: 2, calls: this.calls } satisfies DnCommand);
  }
}

/** Agent 1 of the guide's third disaster: his DN is owned in dc1, his call is in dc2. */
async function agentOne(options = ''): Promise<{ sc: FarSc; desk: Desk }> {
  tc = new TcWorld(`, wrap-up-time: 5${options}`);
  await tc.start('N1', 'N3');
  const sc = new FarSc();
  await sc.start();
  tc.phone('N1', '7001');
  await tc.advance(300);
  const desk = tc.desk('N1');
  desk.register('7001');
  desk.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
  desk.ask('RequestAgentReady', { ThisDN: '7001' });
  await tc.advance(300);
  sc.calls = [CALL];
  sc.send('EventRinging', 'EventEstablished');
  await tc.advance(300);
  expect(desk.names()).toContain('EventEstablished');
  return { sc, desk };
}

const cut = async (ms: number): Promise<void> => {
  tc.world.partition(['N1', 'kv dc1'], [...tc.world.nodes.filter((name) => name === 'N3' || name === 'S3'), 'kv dc2']);
  await tc.advance(ms);
};

const heal = async (): Promise<void> => {
  tc.world.heal();
  await tc.advance(3_000);
};

describe('HA-07, agent 1: a call behind the cut', () => {
  it('goes on, with a notice and without control, until the cut is over', async () => {
    const { desk } = await agentOne();
    await cut(10_000);
    expect(desk.names()).not.toContain('EventReleased');
    expect(desk.last('EventPrivateInfo')).toMatchObject({ ConnID: CONN, PrivateMsgID: 1001 });
    expect(extension(desk.last('EventPrivateInfo'), 'call-control')).toBe('lost');
    const hold = desk.ask('RequestHoldCall', { ThisDN: '7001', ConnID: CONN });
    await tc.advance(100);
    expect(desk.answerTo(hold)).toMatchObject({ ErrorCode: 58, ErrorMessage: expect.stringContaining('does not answer') });
    await heal();
    expect(desk.names()).not.toContain('EventReleased');
    expect(desk.last('EventPrivateInfo')).toMatchObject({ PrivateMsgID: 1002 });
    expect(desk.names().filter((msg) => msg === 'EventEstablished')).toHaveLength(1);
  });

  it('that ended meanwhile is released when the cut is over, also if its session controller has forgotten it', async () => {
    const { sc, desk } = await agentOne();
    await cut(60_000);
    sc.calls = [];
    await heal();
    expect(desk.names().filter((msg) => msg === 'EventReleased')).toHaveLength(1);
    expect(desk.names().filter((msg) => msg === 'EventPrivateInfo')).toHaveLength(1);
    await tc.advance(5_000);
    expect(desk.names().at(-1)).toBe('EventAgentReady');
  });

  it('TC-30: is taken off by RequestReleaseCall, with its after-call work, and leaves no ghost', async () => {
    const { sc, desk } = await agentOne();
    await cut(10_000);
    sc.calls = [];
    const release = desk.ask('RequestReleaseCall', { ThisDN: '7001', ConnID: CONN });
    await tc.advance(100);
    expect(desk.answerTo(release)).toMatchObject({ msg: 'EventReleased', ConnID: CONN });
    expect(desk.names().slice(-2)).toEqual(['EventAgentNotReady', 'EventReleased']);
    await heal();
    await tc.advance(5_000);
    expect(desk.names().filter((msg) => msg === 'EventReleased')).toHaveLength(1);
    expect(desk.names().at(-1)).toBe('EventAgentReady');
    const again = desk.ask('RequestReleaseCall', { ThisDN: '7001', ConnID: CONN });
    await tc.advance(100);
    expect(desk.answerTo(again)).toMatchObject({ ErrorCode: 56 });
  });

  it('TC-30: is told again when it was not over after all', async () => {
    const { desk } = await agentOne();
    await cut(10_000);
    desk.ask('RequestReleaseCall', { ThisDN: '7001', ConnID: CONN });
    await heal();
    expect(desk.names().slice(-3)).toEqual(['EventRinging', 'EventEstablished', 'EventPrivateInfo']);
  });

  it('TC-30: which its session controller does not know is taken off, and what was under way of it is not told', async () => {
    const { sc, desk } = await agentOne();
    const release = desk.ask('RequestReleaseCall', { ThisDN: '7001', ConnID: CONN });
    await tc.advance(100);
    expect(desk.answerTo(release)).toMatchObject({ msg: 'EventReleased' });
    sc.send('EventReleased');
    await tc.advance(100);
    expect(desk.names().filter((msg) => msg === 'EventReleased')).toHaveLength(1);
  });

  it('keeps routed calls away from the agent, but no login', async () => {
    const { desk } = await agentOne();
    await cut(10_000);
    desk.ask('RequestAgentLogout', { ThisDN: '7001' });
    const login = desk.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
    desk.ask('RequestAgentReady', { ThisDN: '7001' });
    await tc.advance(300);
    expect(desk.answerTo(login)).toMatchObject({ msg: 'EventAgentLogin' });
    expect(await tc.ask('N1', '7001', { kind: 'offer', connID: 'x', node: 'N1', leaseMs: 1_000 })).toMatchObject({ kind: 'error', code: 231 });
  });

  it('whose session controller died while its data centre is heard is over', async () => {
    const { desk } = await agentOne();
    tc.world.crash('S3');
    await tc.advance(6_000);
    expect(desk.names()).toContain('EventReleased');
    expect(desk.names()).not.toContain('EventPrivateInfo');
  });
});

describe('HA-07, agent 2: a desktop on the other side of the cut', () => {
  it('is told that its DN is out of service; its agent is logged out on both sides and may log in where the DN is', async () => {
    tc = new TcWorld();
    await tc.start('N1', 'N3');
    tc.phone('N3', '7001');
    await tc.advance(300);
    const desk = tc.desk('N1');
    desk.register('7001');
    desk.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
    await tc.advance(300);
    const there = tc.desk('N3');
    there.register('7001');
    await tc.advance(100);
    await cut(6_000);
    expect(desk.names()).toEqual(expect.arrayContaining(['EventDNOutOfService', 'EventAgentLogout']));
    expect(there.names()).toContain('EventAgentLogout');
    expect(there.names()).not.toContain('EventDNOutOfService');
    const login = there.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
    const refused = desk.ask('RequestAgentLogin', { ThisDN: '7001', AgentID: 'a1' });
    await tc.advance(6_000);
    expect(there.answerTo(login)).toMatchObject({ msg: 'EventAgentLogin' });
    expect(desk.answerTo(refused)).toMatchObject({ msg: 'EventError' });
    await heal();
    expect(desk.names().filter((msg) => msg === 'EventDNBackInService')).toHaveLength(1);
    expect(there.names()).not.toContain('EventDNBackInService');
    expect(desk.names().filter((msg) => msg === 'EventAgentLogin')).toHaveLength(2);
  });
});

describe('TC-11, HA-10: a phone that registers on the other side of the cut', () => {
  it('is owned on each side, and after it by the later one alone, without an operator', async () => {
    tc = new TcWorld();
    await tc.start('N1', 'N3');
    tc.phone('N1', '7001');
    await tc.advance(300);
    const [here, there] = [tc.desk('N1'), tc.desk('N3')];
    for (const desk of [here, there]) desk.register('7001');
    await tc.advance(100);
    await cut(6_000);
    tc.phone('N3', '7001');
    await tc.advance(1_000);
    expect(tc.owners('7001')).toEqual(['N1', 'N3']);
    expect(there.last('EventDNBackInService')).toMatchObject({ Server: 'N3' });
    const heard = [here, there].map(({ events }) => events.length);
    await heal();
    expect(tc.owners('7001')).toEqual(['N3']);
    // The other side's numbers go on, so a picture says from which.
    expect([here, there].map(({ events }, i) => events.slice(heard[i]).map(({ msg }) => msg))).toEqual([['EventAddressInfo'], []]);
    expect(here.last('EventAddressInfo')).toMatchObject({ Server: 'N3', OwnerEpoch: there.last('EventDNBackInService')?.['OwnerEpoch'] });
    tc.phoneGone('N3', '7001');
    await tc.advance(300);
    for (const desk of [here, there]) expect(desk.last('EventDNOutOfService')).toMatchObject({ Server: 'N3' });
  });

  it.each([[10, 0], [0, 1]])('TC-10: of a cut of 5 s, tc-reconnect-timeout %i shows %i outages', async (timeout, outages) => {
    tc = new TcWorld(`, tc-reconnect-timeout: ${timeout}`);
    await tc.start('N1', 'N3');
    tc.phone('N3', '7001');
    const desk = tc.desk('N1');
    desk.register('7001');
    await tc.advance(500);
    await cut(5_000);
    await heal();
    expect(desk.names().filter((msg) => msg === 'EventDNOutOfService')).toHaveLength(outages);
    expect(desk.names().filter((msg) => msg === 'EventDNBackInService')).toHaveLength(1 + outages);
  });
});
