import { MemoryBus, MemoryKeyValueStore, subjects } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import type { CallEventItem, DnReply, ScCommand, TcCommand } from '#telephony';
import type { RunningTier } from '#tier';
import type { TEvent } from '#tlib';
import { TlibClient } from '#tlib/client';
import { startTController } from './start.js';

const CONFIG = `
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example, options: { dn-owner-applications: GWS } }
applications:
  N1: { type: sip-server, server-id: 1, ports: { sip: 0, TCport: 0 }, options: { wrap-up-time: 10 } }
dns:
  - { numbers: 7001-7004, type: Extension }
  - { number: 7101, type: Extension, options: { contact: "sip:7101@127.0.0.1" } }
  - { number: 5000, type: RoutingPoint }
`;
const CONN = '0010000000000001';

describe('the T-Controller', () => {
  const clock = new SystemClock();
  const base = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  const bus = new MemoryBus(base);
  const { config } = parseConfig(CONFIG, 'tc.yaml');
  let tier: RunningTier;
  const clients: TlibClient[] = [];
  const asked: ScCommand[] = [];

  beforeAll(async () => {
    bus.subscribe(subjects.scCommand('N1'), (message, { respond }) => {
      asked.push(message as ScCommand);
      respond?.({ kind: 'accepted' });
    });
    tier = await startTController(config, config.applications[0]!, { ...base, bus, keyValues: new MemoryKeyValueStore(clock) });
  });
  afterEach(() => { for (const each of clients.splice(0)) each.close(); });
  afterAll(async () => {
    await tier.close();
    await bus.close();
  });

  async function client(name = 'desk'): Promise<TlibClient> {
    const made = new TlibClient({ addresses: [{ host: '127.0.0.1', port: tier.listening[0]!.port }], applicationName: name });
    clients.push(made);
    await made.connect();
    return made;
  }
  const phone = (dn: string): void => bus.publish(subjects.tcCommand('N1'), { kind: 'registered', dn, untilMs: clock.nowMs() + 60_000 } satisfies TcCommand);
  const ask = (dn: string, command: object): Promise<DnReply> => new Promise((resolve, reject) => {
    bus.request(subjects.dnCommand(dn), command, 1_000, (reply) => (reply.kind === 'reply' ? resolve(reply.message as DnReply) : reject(new Error(reply.kind))));
  });
  const frame = (dn: string, seq: number, ...events: TEvent[]): void => {
    const items: CallEventItem[] = events.map((event) => ({ event: { ThisDN: dn, ConnID: CONN, CallType: 'Inbound', ...event }, business: true }));
    bus.publish(subjects.dnCommand(dn), { kind: 'frame', node: 'N1', stream: `N1/${dn}`, seq, items });
  };

  it('brings a DN into service with its phone, and tells who registered before', async () => {
    const desk = await client();
    const before = await desk.registerAddress('7001');
    expect(before).toMatchObject({ msg: 'EventRegistered', InfoStatus: 0 });
    expect(before['Extensions']).toContainEqual(['status', 2]);
    const back = desk.next('EventDNBackInService');
    phone('7001');
    expect(await back).toMatchObject({ ThisDN: '7001', Server: 'N1', Time: expect.anything() });
    expect((await desk.registerAddress('7001'))['Extensions']).toContainEqual(['status', 0]);
  });

  it('logs in, takes an offered call, and announces after-call work before the release', async () => {
    phone('7002');
    const [desk, watcher] = [await client(), await client('watcher')];
    await desk.registerAddress('7002');
    await watcher.registerAddress('7002');
    const heard: TEvent[] = [];
    watcher.on('*', (event) => { if (event['DNSequence'] !== undefined) heard.push(event); });
    const last = watcher.next('EventReleased');
    const notReady = desk.next('EventAgentNotReady');
    expect(await desk.agentLogin('7002', 'a1')).toMatchObject({ msg: 'EventAgentLogin', AgentID: 'a1' });
    await notReady;
    const offer = { kind: 'offer', connID: CONN, node: 'N1', leaseMs: 5_000 };
    expect(await ask('7002', offer)).toMatchObject({ kind: 'error', code: 185 });
    expect(await desk.agentReady('7002')).toMatchObject({ msg: 'EventAgentReady', Reasons: [['site', expect.any(String)]] });
    expect(await ask('7002', offer)).toEqual({ kind: 'offered', agentID: 'a1' });
    expect(await ask('7002', { ...offer, connID: 'other' })).toMatchObject({ code: 231 });
    const ringing = desk.next('EventRinging');
    frame('7002', 1, { msg: 'EventRinging' });
    await ringing;
    expect((await (await client('late')).registerAddress('7002'))['Extensions']).toContainEqual(['conn-1', CONN]);
    frame('7002', 2, { msg: 'EventEstablished' }, { msg: 'EventReleased' });
    await last;
    expect(heard.map((event) => event.msg)).toEqual([
      'EventAgentLogin', 'EventAgentNotReady', 'EventAgentReady', 'EventRinging', 'EventEstablished', 'EventAgentNotReady', 'EventReleased',
    ]);
    expect(heard.every((event) => event['ReferenceID'] === undefined)).toBe(true);
    expect(heard[4]!['Extensions']).toEqual([['WrapUpTime', 10]]);
    expect(await desk.agentLogout('7002')).toMatchObject({ msg: 'EventAgentLogout' });
  });

  it('passes call control to the session controller and its refusals to the client', async () => {
    phone('7003');
    const desk = await client();
    await expect(desk.makeCall('7003', '7001')).rejects.toMatchObject({ code: 41 });
    await desk.registerAddress('7003');
    const dialing = desk.makeCall('7003', '7001');
    while (!asked.some((command) => command.kind === 'request')) await new Promise(setImmediate);
    const { origin } = asked.find((command) => command.kind === 'request') as Extract<ScCommand, { kind: 'request' }>;
    bus.publish(subjects.dnCommand('7003'), {
      kind: 'frame', node: 'N1', stream: 'N1/x', seq: 1, items: [{ event: { msg: 'EventDialing', ThisDN: '7003', ConnID: CONN }, business: false, origin }],
    });
    expect(await dialing).toMatchObject({ msg: 'EventDialing', ConnID: CONN });
    await expect(desk.releaseCall('7003', 'ffff000000000000')).rejects.toMatchObject({ code: 56 });
    await expect(desk.registerAddress('9999')).rejects.toMatchObject({ code: 59 });
  });

  it('says what brings a DN without an owner into service', async () => {
    const desk = await client();
    for (const [dn, cure] of [['7004', 'register its phone'], ['7101', 'dn-owner-applications']] as const) {
      await desk.registerAddress(dn);
      await expect(desk.agentLogin(dn, 'a9')).rejects.toMatchObject({ code: 58, message: expect.stringContaining(cure) });
    }
  });

  it('an owner application brings an outside line into service, another one does not', async () => {
    const other = await client('other');
    expect((await other.registerAddress('7101'))['Extensions']).toContainEqual(['status', 2]);
    const back = other.next('EventDNBackInService');
    const owner = await client('GWS');
    await owner.registerAddress('7101');
    await back;
    const gone = other.next('EventDNOutOfService');
    await owner.unregisterAddress('7101');
    expect(await gone).toMatchObject({ ThisDN: '7101' });
  });

  it('tells operators what it owns', async () => {
    expect(tier.instance).toBe('N1/t-controller');
    expect(await tier.admin['dn list']!({})).toMatchObject({ dns: expect.arrayContaining([expect.objectContaining({ dn: '7001', inService: true })]) });
    expect(() => tier.admin['dn show']!({ dn: '9999' })).toThrow('nobody owns 9999');
  });
});
