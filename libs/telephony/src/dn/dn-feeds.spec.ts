import { type BusDelivery, MemoryBus, subjects } from '#cluster';
import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import type { TEvent } from '#tlib';
import type { DnEvent, DnSnapshot, OwnerNotice, SnapshotReply, SnapshotRequest } from '../messages/index.js';
import { DnFeeds } from './dn-feeds.js';
import { vacant } from './dn-picture.js';

/** Feeds, and owners that are asked. */
function stand(everything = false) {
  const clock = new VirtualClock();
  const bus = new MemoryBus({ clock, log: silentLog, meter: new CountingMeter() });
  const told: TEvent[] = [];
  const pictures: string[] = [];
  const meter = new CountingMeter();
  const feeds = new DnFeeds({ bus, clock, meter }, {
    onEvent: (_dn, event) => void told.push(event), onPicture: ({ epoch, seq }) => void pictures.push(`${seq}@${epoch}`),
  }, everything);
  feeds.start();
  return { clock, bus, told, pictures, meter, feeds, names: () => told.map(({ msg }) => msg) };
}

const at = (owner: string, epoch: number, seq: number, more: Partial<DnSnapshot> = {}): DnSnapshot =>
  ({ ...vacant('7001'), owner, epoch, seq, inService: true, ...more });
const event = (owner: string, epoch: number, seq: number, msg: string): DnEvent =>
  ({ dn: '7001', owner, epoch, seq, event: { msg, ThisDN: '7001', DNSequence: seq, OwnerEpoch: epoch } });
const claim = (node: string, epoch: number): OwnerNotice => ({ kind: 'claim', dn: '7001', node, dataCentre: 'dc1', ownership: 'sip', epoch });
const own = (bus: MemoryBus, snapshot: () => DnSnapshot) => {
  let asked = 0;
  const subscription = bus.subscribe(subjects.dnCommand('7001'), (_: object, { respond }: BusDelivery) => {
    asked += 1;
    respond?.({ kind: 'snapshot', snapshot: snapshot() });
  });
  return { asked: () => asked, stop: () => subscription.unsubscribe() };
};

/** N1 told of the DN and is gone for good; N2 was heard to claim it, and nothing else. */
async function claimedFromDead() {
  const it = stand();
  const owner = own(it.bus, () => at('N1', 5, 1));
  it.feeds.watch('7001', () => {});
  await it.clock.advance(100);
  owner.stop();
  it.feeds.owner(claim('N2', 6));
  it.feeds.ownerLost('N1');
  return it;
}

it('a DN that nobody owns is out of service, and is not asked for again and again', async () => {
  const { clock, bus, feeds } = stand();
  let asked = 0;
  const { request } = bus;
  bus.request = (subject, ...rest) => { asked += 1; return request.call(bus, subject, ...rest); };
  const known: DnSnapshot[] = [];
  feeds.watch('7001', (snapshot) => known.push(snapshot));
  await clock.advance(59_000);
  expect(known).toMatchObject([{ inService: false, epoch: 0 }]);
  expect(asked).toBe(1);
  own(bus, () => at('N1', 5, 1));
  await clock.advance(2_000);
  expect(asked).toBe(2);
  expect(feeds.picture('7001')).toMatchObject({ inService: true });
});

it('a watch that ends while its picture is told asks no more', async () => {
  const { clock, bus, feeds } = stand();
  let asked = 0;
  const { request } = bus;
  bus.request = (subject, ...rest) => { asked += 1; return request.call(bus, subject, ...rest); };
  feeds.watch('7001', () => feeds.unwatch('7001'));
  await clock.advance(600_000);
  expect(asked).toBe(1);
});

it('a first picture of an owner that was succeeded meanwhile is asked for again', async () => {
  const { clock, bus, feeds } = stand();
  let current = at('N1', 5, 9);
  own(bus, () => current);
  const known: DnSnapshot[] = [];
  feeds.watch('7001', (snapshot) => known.push(snapshot));
  feeds.owner(claim('N4', 6));
  await clock.advance(100);
  expect(known).toEqual([]);
  current = at('N4', 6, 9);
  await clock.advance(600);
  feeds.watch('7001', (snapshot) => known.push(snapshot));
  expect(known).toMatchObject([{ owner: 'N4', epoch: 6 }, { owner: 'N4', epoch: 6 }]);
});

it('a first picture that was refused is asked for again also when who waited was told meanwhile that the DN is out of service', async () => {
  const { clock, bus, feeds } = stand();
  const late = bus.subscribe(subjects.dnCommand('7001'), () => {});
  const known: DnSnapshot[] = [];
  feeds.watch('7001', (snapshot) => known.push(snapshot));
  await clock.advance(2_100);
  expect(known).toMatchObject([{ inService: false }]);
  late.unsubscribe();
  let current = at('N1', 5, 9);
  const owner = own(bus, () => {
    feeds.owner(claim('N4', 6));
    return current;
  });
  await clock.advance(2_000);
  expect(owner.asked()).toBe(1);
  current = at('N4', 6, 9);
  await clock.advance(600);
  expect(feeds.picture('7001')).toMatchObject({ owner: 'N4', epoch: 6, inService: true });
  await clock.advance(60_000);
  expect(owner.asked()).toBe(2);
});

it('the events of a fresh owner come with their numbers, without a question', async () => {
  const { clock, bus, feeds, told } = stand();
  feeds.watch('7001', () => {});
  await clock.advance(100);
  const owner = own(bus, () => at('N1', 5, 9));
  feeds.owner(claim('N1', 5));
  bus.publish(subjects.dnEvent('7001'), { ...event('N1', 5, 8, 'EventDNBackInService'), fresh: true });
  await clock.advance(100);
  expect(told).toMatchObject([{ msg: 'EventDNBackInService', DNSequence: 8 }]);
  expect(owner.asked()).toBe(0);
});

it('a fresh owner whose numbers happen to go on ends what the former one had', async () => {
  const { clock, bus, feeds, told } = stand();
  const call = { connID: 'c', callUUID: 'u', callID: 1, callType: 'Inbound', node: 'N1', partyState: 0xc, business: true };
  const owner = own(bus, () => at('N1', 5, 7, { calls: [call] }));
  feeds.watch('7001', () => {});
  await clock.advance(100);
  owner.stop();
  told.length = 0;
  bus.publish(subjects.dnEvent('7001'), { ...event('N2', 6, 8, 'EventDNBackInService'), fresh: true });
  await clock.advance(100);
  expect(told.map(({ msg, DNSequence }) => [msg, DNSequence])).toEqual([
    ['EventDNOutOfService', undefined], ['EventReleased', undefined], ['EventDNBackInService', 8],
  ]);
});

it('of a lost claim the first event tells, and the picture is asked for at once', async () => {
  const { clock, bus, feeds, names } = stand();
  feeds.watch('7001', () => {});
  await clock.advance(100);
  own(bus, () => at('N1', 5, 2));
  bus.publish(subjects.dnEvent('7001'), event('N1', 5, 2, 'EventDNDOn'));
  await clock.advance(100);
  expect(names()).toEqual(['EventDNBackInService']);
});

it('a client that waits for the picture keeps the watch when another leaves', async () => {
  const { clock, bus, feeds } = stand();
  own(bus, () => at('N1', 5, 1));
  const known: number[] = [];
  feeds.watch('7001', () => { known.push(1); feeds.unwatch('7001'); });
  feeds.watch('7001', () => known.push(2));
  feeds.unwatch('7001');
  await clock.advance(100);
  expect(known).toEqual([1, 2]);
  expect(feeds.size).toBe(1);
  feeds.unwatch('7001');
  expect(feeds.size).toBe(0);
});

it('the loss of a former owner says nothing about a DN that moved', async () => {
  const { clock, bus, feeds, names } = stand();
  own(bus, () => at('N1', 5, 1));
  feeds.watch('7001', () => {});
  await clock.advance(100);
  feeds.owner(claim('N2', 6));
  feeds.ownerLost('N1');
  expect(names()).toEqual(['EventDNBackInService']);
  feeds.ownerLost('N2');
  expect(names()).toEqual(['EventDNBackInService', 'EventDNOutOfService']);
});

it('a lost owner that is back tells its picture by its pages', async () => {
  const { clock, bus, feeds, names } = stand();
  own(bus, () => at('N1', 5, 1));
  feeds.watch('7001', () => {});
  await clock.advance(100);
  feeds.ownerLost('N1');
  feeds.adopt(at('N1', 5, 1));
  expect(names()).toEqual(['EventDNBackInService', 'EventDNOutOfService', 'EventDNBackInService']);
});

it('an owner that left without being heard is found by verify', async () => {
  const { clock, bus, feeds, names } = stand();
  const owner = own(bus, () => at('N1', 5, 1));
  feeds.watch('7001', () => {});
  await clock.advance(100);
  bus.subscribe(subjects.tcSnapshot('N1'), (_, { respond }) => respond?.({ kind: 'verify', behind: [], notOwned: ['7001'] } satisfies SnapshotReply));
  owner.stop();
  await clock.advance(5_000);
  expect(names()).toEqual(['EventDNBackInService', 'EventDNOutOfService']);
});

it('an owner whose very last event was lost, the agent logged out after the DN, is found by verify', async () => {
  const { clock, bus, feeds, names } = stand();
  const agent = { agentID: 'a', agentSessionID: 's', agentStatus: 2, workMode: 'Unknown', reasons: [], loginAtMs: 0, sinceMs: 0 };
  const owner = own(bus, () => at('N1', 5, 1, { agent }));
  feeds.watch('7001', () => {});
  await clock.advance(100);
  bus.publish(subjects.dnEvent('7001'), event('N1', 5, 2, 'EventDNOutOfService'));
  bus.subscribe(subjects.tcSnapshot('N1'), (_, { respond }) => respond?.({ kind: 'verify', behind: [], notOwned: ['7001'] } satisfies SnapshotReply));
  owner.stop();
  await clock.advance(6_000);
  expect(names().at(-1)).toBe('EventAgentLogout');
});

it('an owner whose first event was lost after the one before had left is found by verify', async () => {
  const { clock, bus, feeds, names, pictures } = stand();
  const owner = own(bus, () => at('N1', 5, 1));
  feeds.watch('7001', () => {});
  await clock.advance(100);
  owner.stop();
  bus.publish(subjects.dnEvent('7001'), event('N1', 5, 2, 'EventDNOutOfService'));
  bus.subscribe(subjects.tcSnapshot('N1'), (_, { respond }) => respond?.({ kind: 'verify', behind: [], notOwned: ['7001'] } satisfies SnapshotReply));
  const heir = own(bus, () => at('N2', 6, 3));
  await clock.advance(6_000);
  expect(heir.asked()).toBe(0);
  feeds.owner(claim('N2', 6));
  await clock.advance(5_000);
  expect(names()).toEqual(['EventDNBackInService', 'EventDNOutOfService', 'EventDNBackInService']);
  expect(pictures.at(-1)).toBe('3@6');
  await clock.advance(20_000);
  expect(heir.asked()).toBe(1);
});

it('a lost event of an owner that took the DN over is found by verify also when the one before does not answer any more', async () => {
  const { clock, bus, feeds, pictures } = await claimedFromDead();
  own(bus, () => at('N2', 6, 2, { dnd: true }));
  bus.subscribe(subjects.tcSnapshot('N2'), (question, { respond }) => {
    expect(question).toEqual({ kind: 'verify', dns: [{ dn: '7001', epoch: 5, seq: 1 }] });
    respond?.({ kind: 'verify', behind: [{ dn: '7001', epoch: 6, seq: 2 }], notOwned: [] } satisfies SnapshotReply);
  });
  await clock.advance(5_000);
  expect(feeds.picture('7001')).toMatchObject({ owner: 'N2', epoch: 6, dnd: true });
  expect(pictures.at(-1)).toBe('2@6');
});

it('an owner that claimed the DN and left it unheard is found by verify also when the one before does not answer any more', async () => {
  const { clock, bus, names } = await claimedFromDead();
  bus.subscribe(subjects.tcSnapshot('N2'), (_, { respond }) => respond?.({ kind: 'verify', behind: [], notOwned: ['7001'] } satisfies SnapshotReply));
  await clock.advance(5_000);
  expect(names()).toEqual(['EventDNBackInService', 'EventDNOutOfService']);
});

it('verify asks for a thousand DNs at a time', async () => {
  const { clock, bus, feeds } = stand(true);
  const asked: number[] = [];
  bus.subscribe(subjects.tcSnapshot('N1'), (question, { respond }) => {
    asked.push((question as Extract<SnapshotRequest, { kind: 'verify' }>).dns.length);
    respond?.({ kind: 'verify', behind: [], notOwned: [] } satisfies SnapshotReply);
  });
  for (let i = 0; i < 2_500; i += 1) feeds.adopt({ ...at('N1', 5, 1), dn: String(i) });
  await clock.advance(5_000);
  expect(asked).toEqual([1_000, 1_000, 500]);
});

it('TC-33: events of an owner that was succeeded are refused and counted', async () => {
  const { clock, bus, feeds, told, meter } = stand();
  own(bus, () => at('N1', 5, 1));
  feeds.watch('7001', () => {});
  await clock.advance(100);
  feeds.owner(claim('N2', 6));
  const before = told.length;
  bus.publish(subjects.dnEvent('7001'), event('N1', 5, 2, 'EventDNDOn'));
  await clock.advance(100);
  expect(told).toHaveLength(before);
  expect(meter.count('dn_events_fenced_total')).toBe(1);
});

it('what a snapshot differs in is told: service, do not disturb, the lamp, calls, the agent', async () => {
  const { feeds, names } = stand(true);
  const agent = { agentID: 'a1', agentSessionID: 's', agentStatus: 3, workMode: 'Unknown', reasons: [], loginAtMs: 0, sinceMs: 0 };
  const call = { connID: 'c', callUUID: 'u', callID: 1, callType: 'Inbound', node: 'N1', partyState: 0xc, business: true };
  feeds.adopt(at('N1', 5, 1));
  feeds.adopt(at('N1', 6, 9, { dnd: true, messageWaiting: true, agent, calls: [call] }));
  expect(names()).toEqual([
    'EventDNBackInService', 'EventRinging', 'EventEstablished', 'EventDNDOn', 'EventMessageWaitingOn', 'EventAgentLogin', 'EventAgentNotReady',
  ]);
});

const replaying = (bus: MemoryBus, owner: string, answer: (fromSeq: number) => Omit<Extract<SnapshotReply, { kind: 'replay' }>, 'kind'>) =>
  bus.subscribe(subjects.tcSnapshot(owner), (message, { respond }) => {
    const question = message as SnapshotRequest;
    if (question.kind === 'replay') respond?.({ kind: 'replay', ...answer(question.fromSeq) } satisfies SnapshotReply);
  });

it('events made while the bus was away are replayed when the owner is back, though it was told as lost', async () => {
  const { clock, bus, feeds, told, pictures } = stand(true);
  const call = { connID: 'c', callUUID: 'u', callID: 1, callType: 'Inbound', node: 'N1', partyState: 0xc, business: true };
  const released = { ...event('N1', 5, 3, 'EventReleased') };
  feeds.adopt(at('N1', 5, 2, { calls: [call] }));
  feeds.ownerLost('N1');
  told.length = 0;
  replaying(bus, 'N1', (fromSeq) => {
    expect(fromSeq).toBe(3);
    return { complete: true, events: [{ ...released, event: { ...released.event, ConnID: 'c' } }, event('N1', 5, 4, 'EventDNDOn')] };
  });
  feeds.adopt(at('N1', 5, 4, { dnd: true }));
  await clock.advance(10);
  expect(told.map(({ msg, DNSequence }) => [msg, DNSequence])).toEqual([
    ['EventDNBackInService', undefined], ['EventRinging', undefined], ['EventEstablished', undefined], ['EventReleased', 3], ['EventDNDOn', 4],
  ]);
  expect(pictures).toEqual(['2@5']);
  expect(feeds.picture('7001')).toMatchObject({ inService: true, calls: [], dnd: true });
});

it('where a snapshot leaps over numbers, a picture says to which, also when nothing else is to tell', async () => {
  const { clock, bus, feeds, told, pictures } = stand(true);
  feeds.adopt(at('N1', 5, 2));
  told.length = 0;
  replaying(bus, 'N1', () => ({ complete: false, events: [] }));
  own(bus, () => at('N1', 5, 9));
  feeds.adopt(at('N1', 5, 9));
  await clock.advance(10);
  feeds.adopt(at('N2', 6, 36));
  feeds.adopt(at('N3', 7, 36));
  expect(told).toEqual([]);
  expect(pictures).toEqual(['2@5', '9@5', '36@6']);
});

it('an answer to a replay that is not waited for any more says nothing of what is missing now', async () => {
  const { clock, bus, feeds, told, pictures } = stand(true);
  const answers: ((reply: SnapshotReply) => void)[] = [];
  bus.subscribe(subjects.tcSnapshot('N1'), (message, { respond }) => {
    if ((message as SnapshotRequest).kind === 'replay' && respond !== undefined) answers.push(respond);
  });
  own(bus, () => at('N1', 5, 6));
  feeds.adopt(at('N1', 5, 2));
  told.length = 0;
  for (const seq of [4, 3, 6]) feeds.heard(event('N1', 5, seq, 'EventDNDOn'));
  await clock.advance(10);
  expect(answers).toHaveLength(2);
  answers[0]?.({ kind: 'replay', complete: false, events: [] });
  await clock.advance(10);
  answers[1]?.({ kind: 'replay', complete: true, events: [event('N1', 5, 5, 'EventDNDOff'), event('N1', 5, 6, 'EventDNDOn')] });
  await clock.advance(10);
  expect(told.map(({ DNSequence }) => DNSequence)).toEqual([3, 4, 5, 6]);
  expect(pictures).toEqual(['2@5']);
});
