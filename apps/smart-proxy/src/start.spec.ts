import { MemoryBus, MemoryKeyValueStore, subjects } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import type { DnEvent, DnReply, DnSnapshot, ScReply, SnapshotReply, SnapshotRequest } from '#telephony';
import type { RunningTier } from '#tier';
import type { TEvent } from '#tlib';
import { TlibClient } from '#tlib/client';
import { startSmartProxy } from './start.js';

const CONFIG = `
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  N1: { type: sip-server, server-id: 1, ports: { sip: 0, SmartProxy: 0 } }
dns:
  - { numbers: 7001-7002, type: Extension }
`;

describe('the smart proxy', () => {
  const clock = new SystemClock();
  const base = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  const bus = new MemoryBus(base);
  const { config } = parseConfig(CONFIG, 'sp.yaml');
  let tier: RunningTier;
  let client: TlibClient;

  const snapshot = (dn: string, seq: number): DnSnapshot => ({ dn, owner: 'N2', epoch: 5, seq, inService: true, agent: undefined, calls: [], dnd: false });
  const event = (dn: string, seq: number, msg: string): DnEvent => ({ dn, owner: 'N2', epoch: 5, seq, event: { msg, ThisDN: dn, DNSequence: seq } });

  beforeAll(async () => {
    for (const dn of ['7001', '7002']) {
      bus.subscribe(subjects.dnCommand(dn), (_, { respond }) => respond?.({ kind: 'snapshot', snapshot: snapshot(dn, 3) } satisfies DnReply));
    }
    bus.subscribe(subjects.tcSnapshot('N2'), (message, { respond }) => {
      const question = message as SnapshotRequest;
      if (question.kind === 'replay') {
        const events = [event(question.dn, 4, 'EventDNDOn')].filter(({ seq }) => seq >= question.fromSeq);
        respond?.({ kind: 'replay', complete: true, events: [...events, event(question.dn, 5, 'EventDNDOff')] } satisfies SnapshotReply);
      }
    });
    tier = await startSmartProxy(config, config.applications[0]!, { ...base, bus, keyValues: new MemoryKeyValueStore(clock) });
    client = new TlibClient({ addresses: [{ host: '127.0.0.1', port: tier.listening[0]!.port }], applicationName: 'StatServer' });
    await client.connect();
  });
  afterAll(async () => {
    client.close();
    await tier.close();
    await bus.close();
  });

  it('repairs a gap before it tells what came after it', async () => {
    expect((await client.registerAddress('7001'))['Extensions']).toContainEqual(['status', 0]);
    const heard: TEvent[] = [];
    client.on('*', (each) => heard.push(each));
    const second = client.next('EventDNDOff');
    bus.publish(subjects.dnEvent('7001'), event('7001', 5, 'EventDNDOff'));
    await second;
    expect(heard.map((each) => each['DNSequence'])).toEqual([4, 5]);
  });

  it('gives all DNs to who registers "*", each event once', async () => {
    expect(await client.registerAddress('*')).toMatchObject({ msg: 'EventRegistered', ThisDN: '*' });
    await client.registerAddress('7002');
    const heard: TEvent[] = [];
    client.on('*', (each) => { if (each['DNSequence'] === 4) heard.push(each); });
    const told = client.next('EventDNDOn');
    bus.publish(subjects.dnEvent('7002'), event('7002', 4, 'EventDNDOn'));
    await told;
    await client.unregisterAddress('7002');
    expect(heard).toHaveLength(1);
  });

  it('asks the session controller that made a ConnID about its call', async () => {
    bus.subscribe(subjects.scCommand('N1'), (_, { respond }) => respond?.({ kind: 'reply', event: { msg: 'EventPartyInfo', InfoStatus: 2 } } satisfies ScReply));
    expect(await client.request('RequestQueryCall', { ConnID: '0010000000000001' })).toMatchObject({ msg: 'EventPartyInfo', InfoStatus: 2 });
    await expect(client.request('RequestQueryCall', { ConnID: '9990000000000001' })).rejects.toMatchObject({ code: 56 });
    expect(await client.request('RequestQueryLocation', {})).toMatchObject({ Location: 'Test' });
  });

  it('refuses agent requests', async () => {
    await expect(client.agentLogin('7001', 'a1')).rejects.toMatchObject({ code: 51 });
  });
});
