/** A smart proxy that has just started, and a client of all DNs that is there at once (docs/specs/smart-proxy.md). */
import { MembershipService, MemoryBus, MemoryKeyValueStore, subjects } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import type { DnEvent, DnSnapshot, Heartbeat, SnapshotReply, SnapshotRequest } from '#telephony';
import type { TEvent } from '#tlib';
import { TlibSession } from '#tlib/server';
import { SmartProxyCore } from './smart-proxy-core.js';

const { config } = parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  N1: { type: sip-server, server-id: 1, geo-location: dc1, ports: { sip: 0, SmartProxy: 0 } }
  N2: { type: sip-server, server-id: 2, geo-location: dc1, ports: { sip: 0, TCport: 0 } }
dns:
  - { numbers: 8001-8600, type: Extension }
  - { numbers: 7001-7002, type: Extension }
`, 'standing.yaml');
const CONN = '0020000000000001';
const CALL = { connID: CONN, callUUID: 'u', callID: 1, callType: 'Inbound', node: 'N2', partyState: 0xc, business: true };
const SNAPSHOT: DnSnapshot = { dn: '7001', owner: 'N2', epoch: 5, seq: 4, inService: true, agent: undefined, calls: [CALL], dnd: false };

/** `answers`: whether the T-Controller of N2 is asked in vain. */
async function stand(answers: boolean) {
  const clock = new VirtualClock();
  const base = { clock, entropy: new SeededEntropy(1), log: silentLog, meter: new CountingMeter() };
  const bus = new MemoryBus(base);
  bus.subscribe(subjects.tcSnapshot('N2'), (message, { respond }) => {
    if (answers && (message as SnapshotRequest).kind === 'page') respond?.({ kind: 'page', snapshots: [SNAPSHOT], more: false } satisfies SnapshotReply);
  });
  const owner = new MembershipService<Heartbeat>({ ...base, bus }, () => ({
    instance: 'N2/t-controller', node: 'N2', tier: 't-controller', dataCentre: 'dc1', role: 'primary', bootEpoch: 1, draining: false, load: 1,
  }));
  owner.start();
  await clock.advance(500);
  const application = config.applications.find(({ name }) => name === 'N1')!;
  const core = new SmartProxyCore(config, application, { ...base, bus, keyValues: new MemoryKeyValueStore(clock) }, (event, sessions) => {
    for (const session of sessions) session.send(event);
  });
  core.start();
  const told: TEvent[] = [];
  const session = new TlibSession({ id: 's', token: 's', applicationName: 'monitor', clientRole: 'Standard' }, { ms: 1_000, bytes: 1 << 20 }, () => clock.nowMs());
  session.open({ write: (line) => void told.push(JSON.parse(line) as TEvent) }, { msg: 'EventLinkConnected' }, undefined);
  const ask = (msg: string, ReferenceID: number): void => core.request(session, { msg, ReferenceID, ThisDN: '*' });
  ask('RequestRegisterAddress', 1);
  const say = (msg: string, seq: number): void => {
    const event: TEvent = { msg, ThisDN: '7001', ConnID: CONN, DNSequence: seq, OwnerEpoch: 5 };
    bus.publish(subjects.dnEvent('7001'), { dn: '7001', owner: 'N2', epoch: 5, seq, event } satisfies DnEvent);
  };
  return { clock, core, session, ask, say, told, names: () => told.slice(1).map(({ msg }) => msg) };
}

it('a call that stands is in a picture, and goes on by its next event', async () => {
  const { clock, say, told, names } = await stand(true);
  await clock.advance(1_100);
  expect(names()).toEqual([]);
  await clock.advance(1_000);
  say('EventReleased', 5);
  await clock.advance(100);
  expect(names()).toEqual(['EventRegistered', 'EventAddressInfo', 'EventReleased']);
  expect(told[2]).toMatchObject({ ThisDN: '7001', DNSequence: 4, OwnerEpoch: 5, Extensions: { 'conn-1': CONN, 'ps-1': 12 } });
});

it('an event that comes before the picture of its DN is in the picture and not told', async () => {
  const { clock, say, told, names } = await stand(true);
  await clock.advance(1_200);
  expect(names()).toEqual(['EventRegistered']);
  say('EventHeld', 5);
  await clock.advance(100);
  say('EventRetrieved', 6);
  await clock.advance(100);
  expect(names()).toEqual(['EventRegistered', 'EventAddressInfo', 'EventRetrieved']);
  expect(told[2]).toMatchObject({ ThisDN: '7001', DNSequence: 5, Extensions: { 'conn-1': CONN, 'ps-1': 14 } });
});

it('who registers again goes on being told events', async () => {
  const { clock, ask, say, names } = await stand(true);
  await clock.advance(2_000);
  ask('RequestRegisterAddress', 2);
  say('EventHeld', 5);
  await clock.advance(100);
  expect(names()).toEqual(['EventRegistered', 'EventAddressInfo', 'EventRegistered', 'EventHeld', 'EventAddressInfo']);
});

it('a T-Controller that does not answer holds nobody up for more than 2 s', async () => {
  const { clock, names } = await stand(false);
  await clock.advance(2_000);
  expect(names()).toEqual(['EventRegistered']);
});

it('a client that takes its registration back, or is gone, is told nothing later', async () => {
  const { clock, ask, names } = await stand(true);
  ask('RequestUnregisterAddress', 2);
  await clock.advance(3_000);
  expect(names()).toEqual(['EventUnregistered']);
  const gone = await stand(true);
  gone.core.closed(gone.session);
  await gone.clock.advance(3_000);
  expect(gone.names()).toEqual([]);
});
