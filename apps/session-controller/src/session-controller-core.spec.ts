import { subjects } from '#cluster';
import { digestResponse, type HeaderLine, parseAuthorization, type SipRequest, type SipResponse } from '#sip';
import type { Heartbeat, RequestOrigin, ScReply, TcCommand } from '#telephony';
import { kv } from '#tlib';
import { Bench, Client } from './fixtures/core.fixture.js';
import { Device, sdp } from './fixtures/far-end.fixture.js';
import { SWITCH } from './fixtures/switch.fixture.js';

const SBC = { host: '192.0.2.9', port: 5090 };

async function started(yaml?: string): Promise<Bench> {
  const bench = new Bench(yaml);
  await bench.start();
  return bench;
}

/** Authorization that answers the challenge in a 401. */
function credentials(response: SipResponse, user: string, password: string, method: string): HeaderLine {
  const challenge = response.header('WWW-Authenticate') ?? '';
  const value = `${challenge}, username="${user}", uri="sip:sip.cordboard.test", response="", qop=auth, nc=00000001, cnonce="c"`
    .replace('qop="auth", ', '').replace(', qop="auth"', '');
  const parsed = parseAuthorization(value);
  if (parsed === undefined) throw new Error(`no usable challenge: ${challenge}`);
  return ['Authorization', value.replace('response=""', `response="${digestResponse(parsed, method, password)}"`)];
}

describe('REGISTER', () => {
  async function register(bench: Bench, phone: Device, password: string, more: HeaderLine[] = []): Promise<SipResponse> {
    phone.register(more);
    const challenge = bench.far.takeResponse(401);
    phone.register([...more, credentials(challenge, phone.user, password, 'REGISTER')]);
    await bench.settle();
    return bench.far.sent.splice(0)[0] as SipResponse;
  }

  async function heardByTc(bench: Bench): Promise<TcCommand[]> {
    const heard: TcCommand[] = [];
    bench.bus.subscribe(subjects.tcCommand('N1'), (message) => void heard.push(message as TcCommand));
    await bench.settle();
    return heard;
  }

  it('is challenged, granted with the default lifetime, and told to the TC (PRX-04, PRX-06, PRX-20)', async () => {
    const bench = await started();
    const heard = await heardByTc(bench);
    const response = await register(bench, new Device(bench.far, '7001'), 'secret-7001');
    expect(response.status).toBe(200);
    expect(response.header('Contact')).toBe('<sip:7001@192.0.2.9:5062>;expires=140');
    expect(heard).toEqual([{ kind: 'registered', dn: '7001', untilMs: bench.clock.nowMs() - 1 + 140_000 }]);
  });

  it('is refused with 401 again when the password is wrong, and the TC hears nothing', async () => {
    const bench = await started();
    const heard = await heardByTc(bench);
    expect((await register(bench, new Device(bench.far, '7001'), 'wrong')).status).toBe(401);
    expect(heard).toEqual([]);
    expect(bench.meter.count('sc_authentication_failures_total')).toBe(1);
  });

  it('does not take the same digest twice', async () => {
    const bench = await started();
    const phone = new Device(bench.far, '7001');
    phone.register([]);
    const proof = credentials(bench.far.takeResponse(401), '7001', 'secret-7001', 'REGISTER');
    phone.register([proof]);
    bench.far.takeResponse(200);
    phone.register([proof]);
    expect(bench.far.takeResponse(401).header('WWW-Authenticate')).toContain('stale=true');
  });

  it('wants an extension that we do not have: 420 (RFC 3261 §10.3 step 2)', async () => {
    const bench = await started();
    new Device(bench.far, '7001').register([['Require', 'path, gruu']]);
    expect(bench.far.takeResponse(420).header('Unsupported')).toBe('gruu');
  });

  it('knows Extensions only', async () => {
    const bench = await started();
    new Device(bench.far, '5000').register([]);
    new Device(bench.far, '9999').register([]);
    expect(bench.far.ladder()).toEqual(['404 REGISTER', '404 REGISTER']);
  });

  it('refuses what is too brief with Min-Expires', async () => {
    const bench = await started();
    const response = await register(bench, new Device(bench.far, '7001'), 'secret-7001', [['Expires', '5']]);
    expect([response.status, response.header('Min-Expires')]).toEqual([423, '10']);
  });

  it('tells the TC that the DN is gone only when no other binding lasts', async () => {
    const bench = await started();
    const heard = await heardByTc(bench);
    const phone = new Device(bench.far, '7900');
    phone.register([['Expires', '0'], ['X-Cordboard-Other-Bindings', '55']]);
    phone.register([['Expires', '0'], ['X-Cordboard-Other-Bindings', '0']]);
    await bench.settle();
    expect(bench.far.ladder()).toEqual(['200 REGISTER', '200 REGISTER']);
    expect(heard.map((command) => command.kind)).toEqual(['registered', 'unregistered']);
  });
});

describe('an INVITE that opens a call', () => {
  it('is refused when nobody knows its sender (PRX-25), and when it did not come through a proxy', async () => {
    const bench = await started();
    new Device(bench.far, '8880001', { host: '198.51.100.1', port: 5060 }).invite('5000', { sdp: sdp('x') });
    bench.far.takeResponse(503);
    const stranger = new Device(bench.far, '8880002', SBC).invite('5000', { sdp: sdp('x') });
    bench.far.clear();
    bench.far.onMessage(stranger.edit().replaceFirst('Via', 'SIP/2.0/UDP 203.0.113.1;branch=z9hG4bKx').build(), {
      transport: 'udp', localHost: '127.0.0.1', localPort: 5070, host: '203.0.113.1', port: 5060, key: 'udp:203.0.113.1:5060',
    });
    bench.far.takeResponse(403);
  });

  it('from a phone is challenged, unless it came over the flow of its registration', async () => {
    const bench = await started();
    new Device(bench.far, '7001').invite('9999', { sdp: sdp('x') });
    bench.far.takeResponse(401);
    new Device(bench.far, '7002').invite('9999', { sdp: sdp('x'), headers: [['X-Cordboard-Flow', 'registered;dn=7002']] });
    bench.far.takeResponse(404);
  });

  it('to nowhere gets what default-route-point says (PRX-26), and never leaves by a trunk', async () => {
    const bench = await started();
    const carrier = new Device(bench.far, '8880001', SBC);
    carrier.invite('0123', { sdp: sdp('x') });
    bench.far.takeResponse(404);
    await bench.settle();
    expect(bench.far.ladder()).toEqual([]);
  });

  it('needs what we do not have: 420', async () => {
    const bench = await started();
    new Device(bench.far, '8880001', SBC).invite('5000', { sdp: sdp('x'), headers: [['Require', 'outbound']] });
    expect(bench.far.takeResponse(420).header('Unsupported')).toBe('outbound');
  });
});

/** A carrier's call waits at 5000, and a routing client is there. */
async function queued(yaml?: string) {
  const bench = await started(yaml);
  const router = bench.client('r1', '5000');
  router.take();
  const caller = new Device(bench.far, '8880001', SBC);
  const invite = caller.invite('5000', { sdp: sdp('caller') });
  await bench.settle();
  const connID = String(router.events.find((event) => event.msg === 'EventRouteRequest')?.ConnID);
  return { bench, router, caller, invite, connID };
}

/** It is routed to 7001, whose phone has got its INVITE. */
async function routed() {
  const it = await queued();
  it.router.take();
  it.bench.far.clear();
  it.bench.ask(it.router, { msg: 'RequestRouteCall', ReferenceID: 3, ThisDN: '5000', ConnID: it.connID, OtherDN: '7001', RouteType: 'Default' });
  await it.bench.settle();
  const agent = new Device(it.bench.far, '7001');
  return { ...it, agent, toAgent: it.bench.far.takeRequest('INVITE') };
}

describe('a call through a Routing Point', () => {
  it('is offered to routing clients, with ringback for the caller (SC-05)', async () => {
    const { bench, router, connID } = await queued();
    expect(connID).toMatch(/^001[0-9a-f]{13}$/);
    expect(router.events.map((event) => event.msg)).toEqual(['EventQueued', 'EventRouteRequest']);
    expect(router.events[1]).toMatchObject({ ThisDN: '5000', ANI: '8880001', DNIS: '5000', CallType: 'Inbound', ConnID: connID });
    bench.far.takeResponse(180);
    expect(bench.ownerHeard('5000')).toEqual(['EventQueued', 'EventRouteRequest']);
  });

  it('is in the snapshot of a client that registers late', async () => {
    const { bench, connID } = await queued();
    const late = bench.client('r2', '5000');
    expect(late.events[0]).toMatchObject({ msg: 'EventRegistered', ThisDN: '5000', AddressType: 'RoutingPoint' });
    expect(JSON.stringify(late.events[0]?.Extensions)).toContain(connID);
  });

  it('rings the agent, connects, and tells each his part', async () => {
    const { bench, router, caller, invite, agent, toAgent } = await routed();
    expect(toAgent.uri).toBe('sip:7001@sip.cordboard.test');
    expect(toAgent.body).toBe(sdp('caller'));
    agent.answer(toAgent, 180);
    await bench.settle();
    expect(bench.ownerHeard('7001')).toEqual(['EventRinging']);
    agent.answer(toAgent, 200, { sdp: sdp('agent') });
    await bench.settle();
    bench.far.takeRequest('ACK');
    const ok = bench.far.takeResponse(200, 'INVITE');
    expect(ok.body).toBe(sdp('agent'));
    caller.joins(ok);
    caller.ack(invite);
    await bench.settle();
    expect(bench.ownerHeard('7001')).toEqual(['EventEstablished']);
    const answer = router.events.find((event) => event.msg === 'EventRouteUsed');
    expect(answer).toMatchObject({ ReferenceID: 3, ThirdPartyDN: '7001' });
    expect(router.take()).toEqual(['EventRouteUsed', 'EventDiverted']);
    bench.far.clear();
    caller.request('BYE');
    const bye = bench.far.takeRequest('BYE');
    agent.answer(bye, 200);
    await bench.settle();
    expect(bench.ownerHeard('7001')).toEqual(['EventReleased']);
    expect(bench.core.calls).toBe(0);
    expect(bench.meter.count('sc_calls_broken_total')).toBe(0);
  });

  it.each([true, false])('a phone whose BYE overtakes its answer: the INVITE is cancelled, the call goes back (180 heard: %s)', async (rang) => {
    const { bench, router, agent, toAgent } = await routed();
    if (rang) agent.answer(toAgent, 180);
    else agent.answer(toAgent, 100);
    agent.joins(toAgent);
    agent.request('BYE');
    await bench.settle();
    expect(bench.far.takeRequest('CANCEL').callId).toBe(toAgent.callId);
    bench.far.takeResponse(200, 'BYE');
    expect(router.events.at(-1)).toMatchObject({ msg: 'EventError', ReferenceID: 3 });
    agent.answer(toAgent, 200, { sdp: sdp('agent') });
    await bench.settle();
    expect(bench.far.takeRequest('ACK').to.tag).toBe(agent.tag);
    expect(bench.core.calls).toBe(1);
    expect(bench.meter.value('sc_legs')).toBe(1);
  });

  it('a proxy that comes back may have answered a BYE meanwhile: every dialog is asked for, and what is over there ends here', async () => {
    const { bench, caller, invite, agent, toAgent } = await routed();
    agent.answer(toAgent, 200, { sdp: sdp('agent') });
    await bench.settle();
    caller.joins(bench.far.takeResponse(200, 'INVITE'));
    caller.ack(invite);
    await bench.settle();
    bench.far.clear();
    const back: Heartbeat = {
      instance: 'P2', node: 'P2', tier: 'sip-proxy', dataCentre: 'dc1', role: 'primary', bootEpoch: 1, draining: false, load: 0,
    };
    bench.bus.publish(subjects.alive('P2'), back);
    await bench.settle();
    const first = bench.far.takeRequest('OPTIONS');
    await bench.clock.advance(100);
    const probes = [first, bench.far.takeRequest('OPTIONS')];
    const toCaller = probes.find((probe) => probe.to.tag === caller.tag);
    const toOther = probes.find((probe) => probe.to.tag === agent.tag);
    expect([toCaller?.method, toOther?.method]).toEqual(['OPTIONS', 'OPTIONS']);
    agent.answer(toOther as SipRequest, 200);
    await bench.settle();
    expect(bench.core.calls).toBe(1);
    caller.answer(toCaller as SipRequest, 481);
    await bench.settle();
    expect(bench.far.takeRequest('BYE').to.tag).toBe(agent.tag);
    expect(bench.core.calls).toBe(0);
  });

  it('stays with the router when the agent is busy, and goes to the next one', async () => {
    const { bench, router, agent, toAgent, connID } = await routed();
    agent.answer(toAgent, 486);
    await bench.settle();
    expect(router.events.find((event) => event.msg === 'EventError')).toMatchObject({ ReferenceID: 3, ErrorCode: 231 });
    bench.far.clear();
    bench.ask(router, { msg: 'RequestRouteCall', ReferenceID: 4, ThisDN: '5000', ConnID: connID, OtherDN: '7002', RouteType: 'Default' });
    await bench.settle();
    expect(bench.far.takeRequest('INVITE').uri).toBe('sip:7002@sip.cordboard.test');
  });

  it('tells a trunk the user data that its filter names, and a phone without one nothing (SC-24)', async () => {
    const { bench, router, connID } = await queued(SWITCH.replace('prefix: "+,0"', 'prefix: "+,0", userdata-map-filter: "Segment, C*"'));
    const UserData = kv({ Segment: 'gold\r\nVia: evil', Case: 4711, Secret: 'x' });
    bench.ask(router, { msg: 'RequestAttachUserData', ReferenceID: 2, ThisDN: '5000', ConnID: connID, UserData });
    const sent: Record<string, string[]> = {};
    for (const [ReferenceID, OtherDN] of [[3, '7001'], [4, '+4930123456']] as const) {
      bench.far.clear();
      bench.ask(router, { msg: 'RequestRouteCall', ReferenceID, ThisDN: '5000', ConnID: connID, OtherDN });
      await bench.settle();
      const invite = bench.far.takeRequest('INVITE');
      sent[OtherDN] = invite.bytes.split('\r\n').filter((line) => line.startsWith('X-Genesys-') && !line.startsWith('X-Genesys-CallUUID'));
      new Device(bench.far, OtherDN).answer(invite, 486);
      await bench.settle();
    }
    expect(sent).toEqual({ 7001: [], '+4930123456': ['X-Genesys-Segment: gold%0D%0AVia:%20evil', 'X-Genesys-Case: 4711'] });
  });

  it('does not ring an agent whose owner refuses', async () => {
    const { bench, router, connID } = await queued();
    bench.far.clear();
    bench.verdict = { kind: 'error', code: 185, message: 'agent is not ready' };
    bench.ask(router, { msg: 'RequestRouteCall', ReferenceID: 5, ThisDN: '5000', ConnID: connID, OtherDN: '7001', RouteType: 'Default' });
    await bench.settle();
    expect(bench.far.ladder()).toEqual([]);
    expect(router.events.find((event) => event.msg === 'EventError')).toMatchObject({ ReferenceID: 5, ErrorCode: 185 });
  });

  it('does not ring an agent whose phone left after the owner had accepted', async () => {
    const { bench, router, agent, toAgent, connID } = await routed();
    agent.answer(toAgent, 100);
    await bench.settle();
    bench.far.clear();
    bench.bus.publish(subjects.scCommand('N1'), { kind: 'revoke', connID, dn: '7001' });
    bench.bus.publish(subjects.scCommand('N1'), { kind: 'revoke', connID: '0', dn: '7001' });
    await bench.settle();
    expect(bench.far.ladder()).toEqual(['CANCEL']);
    expect(router.events.find((event) => event.msg === 'EventError')).toMatchObject({ ReferenceID: 3, ErrorCode: 58 });
    expect(bench.ownerHeard('7001')).toEqual([]);
  });

  it('ends as abandoned when the caller gives up, and the ringing phone is cancelled', async () => {
    const { bench, router, caller, invite, agent, toAgent } = await routed();
    agent.answer(toAgent, 180);
    await bench.settle();
    bench.far.clear();
    caller.cancel(invite);
    await bench.settle();
    expect(bench.far.ladder()).toEqual(expect.arrayContaining(['200 CANCEL', '487 INVITE', 'CANCEL']));
    agent.answer(toAgent, 487);
    await bench.settle();
    expect(router.take()).toContain('EventAbandoned');
    expect(bench.ownerHeard('7001')).toEqual(['EventRinging', 'EventAbandoned']);
    await bench.clock.advance(60_000);
    expect(bench.core.calls).toBe(0);
  });

  it('follows default routing at router-timeout when the router is silent, at once when its session is over (SC-15)', async () => {
    const silent = await queued();
    await silent.bench.clock.advance(10_100);
    expect(silent.bench.core.calls).toBe(0);
    const gone = await queued();
    gone.bench.core.clientGone('r1');
    await gone.bench.clock.advance(100);
    expect(gone.bench.core.calls).toBe(0);
  });
});

describe('the default port', () => {
  it('knows Routing Points only, and says where else to go', async () => {
    const bench = await started();
    const router = bench.client('r1');
    bench.ask(router, { msg: 'RequestRegisterAddress', ReferenceID: 1, ThisDN: '9999' });
    bench.ask(router, { msg: 'RequestRegisterAddress', ReferenceID: 2, ThisDN: '7001' });
    bench.ask(router, { msg: 'RequestReserveAgent', ReferenceID: 3, ThisDN: '7001' });
    bench.ask(router, { msg: 'RequestRouteCall', ReferenceID: 4, ThisDN: '5000', ConnID: '0' });
    bench.ask(router, { msg: 'RequestRegisterAddress', ReferenceID: 5, ThisDN: '5000', RegisterMode: 'ModeMonitor' });
    bench.ask(router, { msg: 'RequestRouteCall', ReferenceID: 6, ThisDN: '5000', ConnID: '0' });
    expect(router.events.map((event) => [event.ReferenceID, event.ErrorCode]))
      .toEqual([[1, 59], [2, 51], [3, 51], [4, 41], [5, undefined], [6, 41]]);
  });

  it('carries messages between clients (SC-27)', async () => {
    const bench = await started();
    const one = bench.client('r1', '5000');
    const two = bench.client('r2', '5000');
    one.take();
    two.take();
    bench.ask(one, { msg: 'RequestSendEvent', ReferenceID: 7, ThisDN: '5000', UserEvent: 'EventUserEvent', OtherDN: '7001' });
    expect(two.events).toEqual([{ msg: 'EventUserEvent', ThisDN: '5000', OtherDN: '7001', Time: expect.anything() }]);
    expect(one.take()).toEqual(['EventUserEvent', 'EventACK']);
  });

  it('respects a private registration', async () => {
    const bench = await started();
    const one = bench.client('r1');
    const two = bench.client('r2');
    bench.ask(one, { msg: 'RequestRegisterAddress', ThisDN: '5000', RegisterMode: 'ModePrivate' });
    bench.ask(two, { msg: 'RequestRegisterAddress', ReferenceID: 1, ThisDN: '5000' });
    expect(two.events[0]).toMatchObject({ msg: 'EventError', ErrorCode: 42, ReferenceID: 1 });
  });
});

describe('requests from other tiers', () => {
  const origin: RequestOrigin = { instance: 'N2/t-controller', session: 's1', referenceID: 9, applicationName: 'WDE' };

  async function ask(bench: Bench, request: { msg: string; [name: string]: string }): Promise<ScReply[]> {
    const replies: ScReply[] = [];
    bench.bus.request(subjects.scCommand('N1'), { kind: 'request', request, origin }, 5_000, (reply) => {
      if (reply.kind === 'reply') replies.push(reply.message as ScReply);
    });
    await bench.settle();
    return replies;
  }

  it('open a call by request: the originator is called without an offer (SC-07)', async () => {
    const bench = await started();
    const replies = await ask(bench, { msg: 'RequestMakeCall', ThisDN: '7001', OtherDN: '7002' });
    const invite = bench.far.takeRequest('INVITE');
    expect([invite.uri, invite.body]).toEqual(['sip:7001@sip.cordboard.test', '']);
    new Device(bench.far, '7001').answer(invite, 200, { sdp: sdp('7001') });
    await bench.settle();
    expect(replies).toEqual([{ kind: 'accepted' }]);
    expect(bench.far.takeRequest('INVITE').uri).toBe('sip:7002@sip.cordboard.test');
    expect(bench.ownerHeard('7001')).toContain('EventDialing');
  });

  it('are accepted after 3 s when a phone takes its time', async () => {
    const bench = await started();
    const replies = await ask(bench, { msg: 'RequestMakeCall', ThisDN: '7001', OtherDN: '7002' });
    new Device(bench.far, '7001').answer(bench.far.takeRequest('INVITE'), 180);
    await bench.clock.advance(3_100);
    expect(replies).toEqual([{ kind: 'accepted' }]);
  });

  it('get an error for a call that this node does not have', async () => {
    const bench = await started();
    expect(await ask(bench, { msg: 'RequestReleaseCall', ThisDN: '7001', ConnID: '0010000000000001' }))
      .toMatchObject([{ kind: 'error', code: 56 }]);
  });
});

describe('the node', () => {
  it('keeps calls and refuses new ones while it drains, and ends the rest at the deadline (PRX-24)', async () => {
    const { bench, caller, invite, agent, toAgent } = await routed();
    agent.answer(toAgent, 200, { sdp: sdp('agent') });
    await bench.settle();
    caller.joins(bench.far.takeResponse(200, 'INVITE'));
    caller.ack(invite);
    await bench.settle();
    bench.far.clear();
    let drained = false;
    void bench.core.drain(3_000).then(() => { drained = true; });
    expect(bench.core.ready()).toBe(false);
    new Device(bench.far, '8880003', SBC).invite('5000', { sdp: sdp('x') });
    expect(bench.far.takeResponse(503).header('Retry-After')).toBe('5');
    await bench.clock.advance(2_000);
    expect([drained, bench.core.calls]).toEqual([false, 1]);
    await bench.clock.advance(1_100);
    expect([drained, bench.core.calls]).toEqual([true, 0]);
    expect(bench.far.ladder().filter((line) => line === 'BYE').length).toBeGreaterThanOrEqual(2);
  });

  it('asks trunks by way of the proxy and leaves out the silent ones (SC-35)', async () => {
    const bench = new Bench();
    await bench.start();
    await bench.clock.advance(10);
    const trunks = () => (bench.core.admin['trunks list']?.({}) as { trunks: { inService: boolean; reason: string }[] }).trunks;
    expect(trunks()[0]).toMatchObject({ inService: true });
    await bench.clock.advance(2_100);
    expect(trunks()[0]).toMatchObject({ trunk: 'Trunk_SBC', inService: false, reason: 'OPTIONS not answered within 2 s' });
  });

  it('answers operators', async () => {
    const { bench, connID } = await queued();
    expect(bench.core.admin['calls list']?.({})).toMatchObject({ calls: [{ connID, ani: '8880001', dnis: '5000', node: 'N1' }] });
    expect(bench.core.admin['calls show']?.({ connID })).toMatchObject({ legs: [{ leg: 'opening', state: 'Proceeding' }] });
    expect(() => bench.core.admin['calls show']?.({ connID: 'x' })).toThrow('calls list');
  });

  it('reports each call to one client of IPport, and one that began before there was one (IP-02)', async () => {
    const { bench, caller, invite, connID } = await queued();
    const seen = ['a', 'b'].map((id) => new Client(id, 'ICON'));
    for (const client of seen) bench.core.reporting.clientJoined(client);
    for (const number of ['8880004', '8880005']) new Device(bench.far, number, SBC).invite('5000', { sdp: sdp('x') });
    caller.cancel(invite);
    await bench.clock.advance(11_000);
    const calls = seen.map((client) => new Set(client.events.map((event) => event.ConnID)));
    expect(calls.map((call) => call.size)).toEqual([2, 1]);
    expect(calls[0]).toContain(connID);
    expect(new Set(calls.flatMap((call) => [...call])).size).toBe(3);
    expect(seen.map((client) => [client.events[0]?.msg, client.events.at(-1)?.msg]))
      .toEqual([['EventCallCreated', 'EventCallDeleted'], ['EventCallCreated', 'EventCallDeleted']]);
  });
});
