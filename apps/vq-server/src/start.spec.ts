import { MemoryBus, MemoryKeyValueStore } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import type { RunningTier } from '#tier';
import { TlibClient } from '#tlib/client';
import { startVqServer } from './start.js';

const CONFIG = `
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  VQ: { type: vq-server, ports: { default: 0 }, options: { request-collection-time: 20 msec, reservation-time: 60 msec } }
dns:
  - { numbers: 7001-7003, type: Extension }
  - { number: VQ_Support, type: VirtualQueue }
  - { number: 5000, type: RoutingPoint }
`;

describe('the virtual-queue server', () => {
  const clock = new SystemClock();
  const meter = new CountingMeter();
  const base = { clock, entropy: new SystemEntropy(), log: silentLog, meter };
  const ports = { ...base, bus: new MemoryBus(base), keyValues: new MemoryKeyValueStore(clock) };
  const { config } = parseConfig(CONFIG, 'vq.yaml');
  let server: RunningTier;
  const clients: TlibClient[] = [];

  beforeAll(async () => { server = await startVqServer(config, config.applications[0]!, ports); });
  afterEach(() => { for (const client of clients.splice(0)) client.close(); });
  afterAll(async () => {
    await server.close();
    await ports.bus.close();
  });

  async function client(name: string): Promise<TlibClient> {
    const made = new TlibClient({ addresses: [{ host: '127.0.0.1', port: server.listening[0]!.port }], applicationName: name });
    clients.push(made);
    await made.connect();
    return made;
  }

  it('gives an agent to the higher priority; the other takes the second agent', async () => {
    const [urgent, patient] = [await client('urgent'), await client('patient')];
    const outcomes = await Promise.allSettled([patient.reserveAgent({ ThisDN: '7001' }, 1, 1_000), urgent.reserveAgent({ ThisDN: '7001' }, 9, 1_000)]);
    expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { code: 42 } });
    expect(outcomes[1]).toMatchObject({ status: 'fulfilled', value: { msg: 'EventAgentReserved', ThisDN: '7001', Timeout: 1_000 } });
    expect(await patient.reserveAgent({ ThisDN: '7002' }, 1, 1_000)).toMatchObject({ msg: 'EventAgentReserved' });
    await urgent.reserveAgent({ ThisDN: '7001' }, 9, 0);
    expect(await patient.reserveAgent({ ThisDN: '7001' }, 1, -1)).toMatchObject({ Timeout: 60 });
    expect(meter.count('reservation_grants_total')).toBe(3);
  });

  it('tells those registered on the agent, without the ReferenceID of the one who asked', async () => {
    const [router, desk] = [await client('router'), await client('desk')];
    await desk.registerAddress('7003');
    const heard = desk.next('EventAgentReserved');
    expect(await router.reserveAgent({ ThisDN: '7003' }, 1, -1)).toMatchObject({ ReferenceID: expect.any(Number), Timeout: 60 });
    expect(await heard).not.toHaveProperty('ReferenceID');
  });

  it('shows waiting calls to those registered on the queue, and to those that come later', async () => {
    const [router, stats] = [await client('router'), await client('stats')];
    await stats.registerAddress('VQ_Support');
    const queued = stats.next('EventQueued');
    const call = { ConnID: '0151025a84c2a028', CallType: 'Inbound', ANI: '8880001' };
    expect(await router.sendEvent('VQ_Support', 'EventQueued', call)).toMatchObject({ msg: 'EventACK', UserEvent: 'EventQueued' });
    expect(await queued).toMatchObject({ ThisDN: 'VQ_Support', ThisQueue: 'VQ_Support', ...call });
    const late = await (await client('late')).registerAddress('VQ_Support');
    expect(late).toMatchObject({ AddressType: 'Queue', InfoStatus: 1, Extensions: [['conn-1', call.ConnID], ['ct-1', 'Inbound']] });
    await router.sendEvent('VQ_Support', 'EventDiverted', { ConnID: call.ConnID, ThirdPartyDN: '7001', ThirdPartyDNRole: 'Destination' });
    expect(await router.request('RequestQueryAddress', { ThisDN: 'VQ_Support', AddressInfoType: 'QueueStatus' })).toMatchObject({ InfoStatus: 0 });
  });

  it('refuses what it cannot do, with the reason', async () => {
    const router = await client('router');
    const refusal = (attempt: Promise<unknown>) => attempt.then(() => 'accepted', (error: Error & { code: number }) => `${error.code} ${error.message}`);
    expect(await refusal(router.registerAddress('5000'))).toContain('59 5000 is neither a virtual queue');
    expect(await refusal(router.unregisterAddress('7001'))).toMatch(/^41 /);
    expect(await refusal(router.sendEvent('VQ_Support', 'EventRinging'))).toContain('53 UserEvent must be one of');
    expect(await refusal(router.sendEvent('VQ_Support', 'EventQueued'))).toContain('needs the ConnID');
    expect(await refusal(router.reserveAgent({}, 1, 1_000))).toContain('53 RequestReserveAgent needs ThisDN, AgentID or Place');
    expect(await refusal(router.reserveAgent({ ThisDN: '7001' }, 1, 9_999_999))).toContain('in milliseconds');
    expect(await refusal(router.agentLogin('7001', 'a'))).toContain('51 the VirtualQueue port does not accept RequestAgentLogin');
    expect(await router.request('RequestQueryServer')).toMatchObject({ msg: 'EventServerInfo', ServerRole: 'VirtualQueue', Extensions: expect.arrayContaining([['role', 'primary']]) });
  });
});
