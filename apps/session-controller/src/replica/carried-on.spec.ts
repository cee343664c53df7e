/** What clients, owners, proxies and phones see of a node that goes on in its other half, beside the calls themselves. */
import { subjects } from '#cluster';
import { digestResponse, type HeaderLine, parseAuthorization, type SipResponse } from '#sip';
import type { AffinityNotice, DnCommand, RequestOrigin, ScReply } from '#telephony';
import { Bench, Client } from '../fixtures/core.fixture.js';
import { Device, sdp } from '../fixtures/far-end.fixture.js';
import { SWITCH } from '../fixtures/switch.fixture.js';

const SBC = { host: '192.0.2.9', port: 5090 };

async function queued() {
  const bench = Bench.paired();
  await bench.start();
  const router = bench.client('r1', '5000');
  const caller = new Device(bench.far, '8880001', SBC);
  const invite = caller.invite('5000', { sdp: sdp('caller') });
  await bench.settle();
  const connID = String(router.events.find((event) => event.msg === 'EventRouteRequest')?.ConnID);
  return { bench, router, caller, invite, connID };
}

async function talking() {
  const it = await queued();
  it.bench.ask(it.router, { msg: 'RequestRouteCall', ReferenceID: 3, ThisDN: '5000', ConnID: it.connID, OtherDN: '7001' });
  await it.bench.settle();
  const agent = new Device(it.bench.far, '7001');
  const toAgent = it.bench.far.takeRequest('INVITE');
  agent.answer(toAgent, 180);
  await it.bench.clock.advance(2_000);
  agent.answer(toAgent, 200, { sdp: sdp('agent') });
  agent.joins(toAgent);
  await it.bench.settle();
  it.caller.joins(it.bench.far.takeResponse(200, 'INVITE'));
  it.caller.ack(it.invite);
  await it.bench.settle();
  return { ...it, agent };
}

async function started(bench: Bench): Promise<Bench> {
  bench.core.start();
  await bench.settle();
  return bench;
}

describe('calls at a Routing Point', () => {
  it('are told to their routers again as soon as those are back, and can be routed', async () => {
    const { bench, connID } = await queued();
    const next = await started(await bench.otherHalf());
    next.ownerHeard('5000');
    const monitor = new Client('m1');
    next.core.clientConnected(monitor);
    next.ask(monitor, { msg: 'RequestRegisterAddress', ThisDN: '5000', RegisterMode: 'ModeMonitor' });
    expect(monitor.take()).toEqual(['EventRegistered']);
    const router = next.client('r1', '5000');
    await next.settle();
    expect(router.events.map(({ msg, ConnID }) => [msg, ConnID])).toEqual([['EventRegistered', undefined], ['EventRouteRequest', connID]]);
    expect(next.client('r2', '5000').take()).toEqual(['EventRegistered']);
    expect(next.ownerHeard('5000')).toEqual(['EventRouteRequest']);
    next.far.clear();
    next.ask(router, { msg: 'RequestRouteCall', ReferenceID: 1, ThisDN: '5000', ConnID: connID, OtherDN: '7002' });
    await next.settle();
    expect(next.far.takeRequest('INVITE').uri).toBe('sip:7002@sip.cordboard.test');
  });

  it('keep their places, whatever order the copy had', async () => {
    const { bench, router } = await queued();
    for (const number of ['8880002', '8880003']) new Device(bench.far, number, SBC).invite('5000', { sdp: sdp('caller') });
    await bench.settle();
    const asked = (client: Client): unknown[] => client.events.filter(({ msg }) => msg === 'EventRouteRequest').map(({ ANI }) => ANI);
    expect(asked(router)).toEqual(['8880001', '8880002', '8880003']);
    const next = await started(await bench.otherHalf(0, (entries) => {
      const turned = [...entries].reverse();
      entries.clear();
      for (const [key, value] of turned) entries.set(key, value);
    }));
    next.ownerHeard('5000');
    const again = next.client('r1', '5000');
    await next.settle();
    expect(asked(again)).toEqual(['8880001', '8880002', '8880003']);
  });

  it('wait for router-timeout from then, whatever was left of it', async () => {
    const { bench } = await queued();
    await bench.clock.advance(9_000);
    const next = await started(await bench.otherHalf());
    await next.clock.advance(9_000);
    next.client('r1', '5000');
    await next.clock.advance(9_900);
    expect(next.core.calls).toBe(1);
    await next.clock.advance(200);
    expect(next.core.calls).toBe(0);
  });

  it('that come before the routers are back wait for them, too', async () => {
    const { bench } = await queued();
    const next = await started(await bench.otherHalf());
    new Device(next.far, '8880002', SBC).invite('5000', { sdp: sdp('other') });
    await next.settle();
    const router = next.client('r1', '5000');
    expect(router.take()).toEqual(['EventRegistered', 'EventRouteRequest', 'EventRouteRequest']);
  });

  it('go by default when no router comes back within 10 s, and at once where none was', async () => {
    const { bench } = await queued();
    bench.client('r0', '5001');
    bench.core.clientGone('r0');
    const next = await started(await bench.otherHalf());
    new Device(next.far, '8880003', SBC).invite('5001', { sdp: sdp('x') });
    await next.settle();
    expect(next.far.takeResponse(480).callId).toBe('call-of-8880003');
    await next.clock.advance(10_100);
    expect(next.core.calls).toBe(0);
    expect(next.replica?.keys('point/')).toEqual([]);
  });
});

describe('owners of DNs', () => {
  it('get the whole picture of each DN that they may know of, also of one whose call has just ended', async () => {
    const { bench, agent } = await talking();
    const ended = new Device(bench.far, '8880009', SBC);
    const other = ended.invite('5001', { sdp: sdp('x') });
    ended.cancel(other);
    agent.request('BYE');
    const next = await bench.otherHalf();
    bench.commands.length = 0;
    await started(next);
    const pictures = bench.commands.filter((command): command is Extract<DnCommand, { kind: 'resync' }> => command.kind === 'resync');
    expect(new Map(pictures.map(({ calls }, at) => [bench.replica?.keys('dn/')[at], calls.length]))).toEqual(new Map([['dn/5001', 0], ['dn/7001', 0]]));
  });

  it('hear of a live call in a stream of a new name', async () => {
    const { bench, connID } = await talking();
    const next = await bench.otherHalf();
    bench.commands.length = 0;
    await started(next);
    expect(bench.commands).toMatchObject([{ kind: 'resync', node: 'N1', seq: 2, calls: [{ connID, partyState: 0xc }] }]);
  });
});

it('proxies hear again where calls of a DN are', async () => {
  const { bench } = await talking();
  const heard: AffinityNotice[] = [];
  bench.bus.subscribe(subjects.affinity('dc1'), (message) => void heard.push(message as AffinityNotice));
  await started(await bench.otherHalf());
  expect(heard).toContainEqual({ dn: '7001', node: 'N1', active: true });
});

it('clients of IPport hear live calls from their creation, with the times at which things happened', async () => {
  const { bench, connID } = await talking();
  const before = new Client('a', 'ICON');
  bench.core.reporting.clientJoined(before);
  const next = await started(await bench.otherHalf(60_000));
  const after = new Client('b', 'ICON');
  next.core.reporting.clientJoined(after);
  const known = (client: Client): unknown[] => client.events.filter(({ msg, DN }) => msg !== 'EventCallPartyDeleted' && DN !== '5000')
    .filter(({ PartyUUID }) => !String(PartyUUID).endsWith('-2'));
  expect(after.events.map(({ msg }) => msg)).toEqual([
    'EventCallCreated', 'EventCallPartyAdded', 'EventCallPartyAdded', 'EventCallPartyState', 'EventCallPartyState',
  ]);
  const sorted = (events: unknown[]): string[] => events.map((event) => JSON.stringify(event)).sort();
  expect(sorted(known(after))).toEqual(sorted(known(before)));
  expect(after.events[0]?.ConnID).toBe(connID);
});

it('names of calls are not used again, however soon the other half starts', async () => {
  const { bench, connID } = await queued();
  const next = await started(await bench.otherHalf(0));
  new Device(next.far, '8880002', SBC).invite('5000', { sdp: sdp('other') });
  const calls = (next.core.admin['calls list']?.({}) as { calls: { connID: string }[] }).calls.map((call) => call.connID);
  expect(calls[0]).toBe(connID);
  expect(new Set(calls.map((name) => name.slice(0, 8))).size).toBe(2);
  expect(calls[1]?.slice(8)).toBe('00000002');
});

it('SIP is not heard before the calls are there', async () => {
  const { bench, agent } = await talking();
  const next = await bench.otherHalf();
  const bye = agent.request('BYE');
  await next.settle();
  expect(next.far.ladder()).toEqual([]);
  await started(next);
  next.far.clear();
  next.far.deliver(bye);
  expect(next.far.ladder()).toEqual(['200 BYE', 'BYE']);
});

it('a challenge of the one half is answered at the other', async () => {
  const bench = Bench.paired();
  await bench.start();
  const phone = new Device(bench.far, '7001');
  phone.register([]);
  const challenge = bench.far.takeResponse(401);
  const next = await started(await bench.otherHalf());
  next.far.clear();
  phone.register([credentials(challenge, '7001', 'secret-7001')]);
  expect(next.far.ladder()).toEqual(['200 REGISTER']);
});

function credentials(response: SipResponse, user: string, password: string): HeaderLine {
  const challenge = (response.header('WWW-Authenticate') ?? '').replace('qop="auth", ', '').replace(', qop="auth"', '');
  const value = `${challenge}, username="${user}", uri="sip:sip.cordboard.test", response="", qop=auth, nc=00000001, cnonce="c"`;
  const parsed = parseAuthorization(value);
  if (parsed === undefined) throw new Error(`no usable challenge: ${challenge}`);
  return ['Authorization', value.replace('response=""', `response="${digestResponse(parsed, 'REGISTER', password)}"`)];
}

describe('a request of a client', () => {
  const origin: RequestOrigin = { instance: 'N2/t-controller', session: 's1', referenceID: 9, applicationName: 'WDE' };

  async function making(waitMs: number) {
    const bench = Bench.paired();
    await bench.start();
    const replies: ScReply[] = [];
    bench.bus.request(subjects.scCommand('N1'), {
      kind: 'request', request: { msg: 'RequestMakeCall', ThisDN: '7001', OtherDN: '7002' }, origin,
    }, 60_000, (reply) => void (reply.kind === 'reply' && replies.push(reply.message as ScReply)));
    await bench.settle();
    const invite = bench.far.takeRequest('INVITE');
    new Device(bench.far, '7001').answer(invite, 180);
    await bench.clock.advance(waitMs);
    const next = await started(await bench.otherHalf());
    new Device(next.far, '7001').answer(invite, 486);
    await next.settle();
    return { replies, told: [...next.owned.get('7001') ?? []] };
  }

  it('that was accepted hears of its failure by way of the DN', async () => {
    const { replies, told } = await making(3_500);
    expect(replies).toEqual([{ kind: 'accepted' }]);
    expect(told).toMatchObject([{ event: { msg: 'EventError', ErrorCode: 79 }, origin }]);
  });

  it('that had no answer hears of it from who passed it on, and from nobody else', async () => {
    const { replies, told } = await making(500);
    expect(replies).toEqual([]);
    expect(told).toEqual([]);
  });

  it('that comes about after all is told without its ReferenceID', async () => {
    const { bench, connID } = await talking();
    bench.far.clear();
    bench.bus.request(subjects.scCommand('N1'), {
      kind: 'request', request: { msg: 'RequestHoldCall', ThisDN: '7001', ConnID: connID }, origin,
    }, 60_000, () => {});
    await bench.settle();
    const first = bench.far.takeRequest('INVITE');
    const next = await bench.otherHalf();
    await started(next);
    next.ownerHeard('7001');
    expect(next.far.takeRequest('INVITE').bytes).toBe(first.bytes);
    new Device(next.far, '8880001', SBC).answer(first, 200, { sdp: sdp('caller') });
    await next.settle();
    new Device(next.far, '7001').answer(next.far.takeRequest('INVITE'), 200, { sdp: sdp('agent') });
    await next.settle();
    expect(next.owned.get('7001')).toMatchObject([{ event: { msg: 'EventHeld' }, origin: { session: 's1' } }]);
    expect(next.owned.get('7001')?.[0]?.origin?.referenceID).toBeUndefined();
  });
});

describe('an entry that cannot be read', () => {
  it.each([
    ['in a version that is not known', (text: string) => text.replace('"version":1', '"version":9')],
    ['with a leg that is not known', (text: string) => text.replace('"kind":"outbound","version":1', '"kind":"outbound","version":9')],
  ])('%s costs its call and no other', async (_name, spoil) => {
    const { bench, connID } = await talking();
    new Device(bench.far, '8880002', SBC).invite('5000', { sdp: sdp('other') });
    await bench.settle();
    const next = await started(await bench.otherHalf(1_500, (entries) => entries.set(`call/${connID}`, spoil(entries.get(`call/${connID}`) as string))));
    expect([next.core.calls, next.meter.count('sc_calls_restored_total'), next.meter.count('sc_calls_not_restored_total')]).toEqual([1, 1, 1]);
    expect(next.replica?.keys('call/').length).toBe(1);
    await next.clock.advance(60_000);
    expect(next.meter.value('sc_legs')).toBe(0);
  });
});

it('a node without a pair has no turns: everything leaves at once', async () => {
  const bench = new Bench(SWITCH);
  await bench.start();
  const calls: string[] = [];
  const send = bench.far.send.bind(bench.far);
  bench.far.send = (bytes, to, failed) => {
    calls.push(new Error().stack?.includes('Turns') === true ? 'held' : 'at once');
    send(bytes, to, failed);
  };
  new Device(bench.far, '8880001', SBC).invite('9999', { sdp: sdp('x') });
  expect(calls).toEqual(['at once']);
});
