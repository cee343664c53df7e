import { subjects } from '#cluster';
import type { SipResponse } from '#sip';
import type { AffinityNotice } from '#telephony';
import { type Endpoint, routeTarget, type Sent } from './fixtures/endpoint.fixture.js';
import { ACCESS_POINT, P1, P2, ProxyWorld, type RunningProxy } from './fixtures/proxy-world.fixture.js';

const REGISTRAR = `sip:${ACCESS_POINT}`;
const SHARED_AOR = `7001@${ACCESS_POINT}`;
const TCP1 = { ...P1, transport: 'tcp' } as const;
const TCP2 = { ...P2, transport: 'tcp' } as const;

let stand: ProxyWorld;
let p1: RunningProxy;

beforeEach(async () => {
  stand = new ProxyWorld();
});
afterEach(() => stand.world.close());

const last = ({ responses }: Sent): SipResponse | undefined => responses.at(-1);
const statuses = ({ responses }: Sent): number[] => responses.map(({ status }) => status).filter((status) => status !== 100);
const phone = (name = '7001', host = '192.0.2.7', port = 5060): Promise<Endpoint> => stand.endpoint(name, { host, port });

function register(from: Endpoint, to = P1, more: readonly (readonly [string, string])[] = [], aor = `${from.name}@${ACCESS_POINT}`): Sent {
  return from.send('REGISTER', REGISTRAR, to, [['To', `<sip:${aor}>`], ...more]);
}

describe('a registration', () => {
  let s1: Endpoint;

  beforeEach(async () => {
    p1 = await stand.proxy('p1');
    s1 = await stand.server('s1');
  });

  it('is stored when the session controller agrees, with the default lifetime (PRX-04, PRX-06)', async () => {
    s1.handler = () => false;
    const sent = register(await phone());
    await stand.settle();
    const asked = s1.next('REGISTER');
    expect(asked.request.header('X-Cordboard-Other-Bindings')).toBe('0');
    expect(asked.request.header('Expires')).toBe('140');
    expect(asked.request.vias[1]).toMatchObject({ received: '192.0.2.7', rport: 5060 });
    expect(p1.location.list('7001')).toEqual([]);
    s1.answer(asked, 200, [['Contact', '<sip:7001@192.0.2.7:5060>;expires=140']]);
    await stand.settle();
    expect(statuses(sent)).toEqual([200]);
    expect(last(sent)?.header('Contact')).toBe('<sip:7001@192.0.2.7:5060>;expires=140');
    expect(p1.location.list('7001')).toMatchObject([{ contact: 'sip:7001@192.0.2.7:5060', node: 'p1', flow: 'udp:192.0.2.7:5060' }]);
  });

  it('is refused as the session controller refuses it, and stores nothing', async () => {
    s1.handler = () => false;
    const sent = register(await phone());
    await stand.settle();
    s1.answer(s1.next('REGISTER'), 401, [['WWW-Authenticate', 'Digest realm="sip.example.com", nonce="n"']]);
    await stand.settle();
    expect(last(sent)?.status).toBe(401);
    expect(last(sent)?.header('WWW-Authenticate')).toContain('nonce="n"');
    expect(p1.location.size).toBe(0);
  });

  it('lasts no longer than the server grants, and ends by itself', async () => {
    s1.handler = (received) => {
      if (received.request.method === 'REGISTER') s1.answer(received, 200, [['Contact', '<sip:7001@192.0.2.7:5060>;expires=20']]);
      else s1.answer(received, 200);
      return true;
    };
    const sent = register(await phone(), P1, [['Expires', '600']]);
    await stand.settle();
    expect(last(sent)?.header('Contact')).toContain('expires=20');
    await stand.world.advance(21_000);
    expect(p1.location.list('7001')).toEqual([]);
  });

  it('is taken back by Expires 0 and by Contact *, and the server knows what is left', async () => {
    const a = await phone();
    const b = await phone('7001b', '192.0.2.8');
    register(a);
    await stand.settle();
    const second = register(b, P1, [['Expires', '60']], SHARED_AOR);
    await stand.settle();
    expect(last(second)?.values('Contact')).toHaveLength(2);
    s1.handler = () => false;
    register(b, P1, [['Expires', '0']], SHARED_AOR);
    await stand.settle();
    const removal = s1.next('REGISTER');
    expect(removal.request.header('X-Cordboard-Other-Bindings')).toBe('140');
    s1.answer(removal, 200);
    await stand.settle();
    expect(p1.location.list('7001').map(({ contact }) => contact)).toEqual(['sip:7001@192.0.2.7:5060']);
    register(a, P1, [['Contact', '*'], ['Expires', '0']]);
    await stand.settle();
    s1.answer(s1.next('REGISTER'), 200);
    await stand.settle();
    expect(p1.location.list('7001')).toEqual([]);
  });

  it('lists all bindings when it only asks', async () => {
    const a = await phone();
    register(a);
    await stand.settle();
    const asked = register(a, P1, [['Contact', '']]);
    await stand.settle();
    expect(last(asked)?.values('Contact')).toEqual([expect.stringContaining('sip:7001@192.0.2.7:5060')]);
    expect(p1.location.list('7001')).toHaveLength(1);
  });

  it('keeps the Path and shows it to the phone (PRX-17)', async () => {
    const sent = register(await phone(), P1, [['Path', '<sip:sbc.example.net;lr>'], ['Supported', 'path']]);
    await stand.settle();
    expect(last(sent)?.header('Path')).toBe('<sip:sbc.example.net;lr>');
    expect(p1.location.list('7001')[0]?.path).toEqual(['<sip:sbc.example.net;lr>']);
  });

  it('cannot be forged with headers of the inside, nor with an AOR of elsewhere', async () => {
    s1.handler = () => false;
    register(await phone(), P1, [['x-cordboard-other-bindings', '9999'], ['X-Cordboard-Flow', 'registered;dn=7001']]);
    await stand.settle();
    const asked = s1.next('REGISTER').request;
    expect(asked.headers('X-Cordboard-Other-Bindings')).toEqual(['0']);
    expect(asked.header('X-Cordboard-Flow')).toBeUndefined();
    const foreign = register(await phone('7002', '192.0.2.9'), P1, [], '7002@example.org');
    await stand.settle();
    expect(last(foreign)?.status).toBe(404);
  });

  it('goes to the same server each time, and to the next one when that is silent', async () => {
    const s2 = await stand.server('s2');
    const a = await phone();
    register(a);
    await stand.settle();
    const [server1, server2] = p1.core.pool.servers;
    const first = server1?.picked === 1 ? s1 : s2;
    register(a);
    await stand.settle();
    expect([server1?.picked, server2?.picked].sort()).toEqual([0, 2]);
    stand.world.crash(first.name);
    const sent = register(a);
    await stand.world.advance(3_000);
    expect(statuses(sent)).toEqual([200]);
  });

  it('gets 503 with Retry-After when no server lives', async () => {
    stand.world.crash('s1');
    await stand.world.advance(12_000);
    const sent = register(await phone());
    await stand.settle();
    expect(last(sent)?.status).toBe(503);
    expect(last(sent)?.header('Retry-After')).toBe('5');
  });

  it('is known to every proxy, also to one that starts later (PRX-03)', async () => {
    const far = await stand.proxy('p3');
    register(await phone());
    await stand.settle();
    expect(far.location.list('7001')).toHaveLength(1);
    const late = await stand.proxy('p2');
    expect(late.location.list('7001')).toHaveLength(1);
  });
});

describe('a call from outside', () => {
  let s1: Endpoint;
  let s2: Endpoint;

  beforeEach(async () => {
    p1 = await stand.proxy('p1');
    s1 = await stand.server('s1');
    s2 = await stand.server('s2');
  });

  const invite = (from: Endpoint, more: readonly (readonly [string, string])[] = [], uri = `sip:5000@${ACCESS_POINT}`): Sent =>
    from.send('INVITE', uri, P1, more);
  /** The server that got it, with what it got. */
  const taken = (): Endpoint => (s1.inbox.some(({ request }) => request.method === 'INVITE') ? s1 : s2);

  it('goes through with its ACK and ends from either side, by Record-Route alone', async () => {
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    const sent = invite(carrier);
    await stand.settle();
    const server = taken();
    const asked = server.next('INVITE');
    expect(asked.request.uri).toBe(`sip:5000@${ACCESS_POINT}`);
    server.answer(asked, 180);
    const dialog = server.answer(asked, 200);
    await stand.settle();
    expect(statuses(sent)).toEqual([180, 200]);
    const own = carrier.dialogOf(sent);
    expect(own.remoteTarget).toMatch(/^sip:n[12]@sip\.example\.com$/);
    carrier.ack(own, sent, P1);
    await stand.settle();
    expect(server.acks).toHaveLength(1);
    // The server hangs up: the sealed Route leads to the carrier.
    const bye = server.inDialog(dialog, 'BYE', P1);
    await stand.settle();
    carrier.answer(carrier.next('BYE'), 200);
    await stand.settle();
    expect(statuses(bye)).toEqual([200]);
  });

  it('hears each further 2xx to its INVITE, and no other final response (RFC 3261 §16.7 step 5)', async () => {
    const sent = invite(await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 }));
    await stand.settle();
    const server = taken();
    const asked = server.next('INVITE');
    for (const status of [200, 200, 486]) {
      server.answer(asked, status);
      await stand.settle();
    }
    expect(statuses(sent)).toEqual([200, 200]);
  });

  it('is ended by the caller through a proxy that never saw the INVITE (PRX-09)', async () => {
    await stand.proxy('p2');
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    const sent = invite(carrier);
    await stand.settle();
    const server = taken();
    const dialog = server.answer(server.next('INVITE'), 200);
    await stand.settle();
    const bye = carrier.inDialog(carrier.dialogOf(sent), 'BYE', P2);
    await stand.settle();
    server.answer(server.next('BYE'), 200);
    await stand.settle();
    expect(statuses(bye)).toEqual([200]);
    const info = server.inDialog(dialog, 'INFO', P2);
    await stand.settle();
    carrier.answer(carrier.next('INFO'), 200);
    await stand.settle();
    expect(statuses(info)).toEqual([200]);
  });

  it('is ended by a caller that knows neither Contact nor Route', async () => {
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    const sent = invite(carrier);
    await stand.settle();
    const server = taken();
    const id = server === s1 ? 1 : 2;
    server.next('INVITE');
    const to = `<sip:5000@${ACCESS_POINT}>;tag=n${id}.4711`;
    carrier.send('BYE', sent.request.uri, P1, [['To', to], ['Call-ID', sent.request.callId], ['CSeq', '2 BYE']]);
    await stand.settle();
    expect(server.next('BYE').request.uri).toBe(`sip:5000@${ACCESS_POINT}`);
  });

  it('shows the caller the access point and no server (PRX-13)', async () => {
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    const sent = invite(carrier);
    await stand.settle();
    const server = taken();
    server.answer(server.next('INVITE'), 200, [['X-Cordboard-Note', 'inside'], ['X-Genesys-Route', 'sip:10.0.1.11']]);
    await stand.settle();
    expect(last(sent)?.bytes).not.toMatch(/10\.0\.|X-Cordboard|X-Genesys-Route/i);
    expect(last(sent)?.recordRoutes[0]?.uri).toMatchObject({ host: ACCESS_POINT, port: undefined });
  });

  it('meets the caller by the name it used', async () => {
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    const sent = invite(carrier, [], 'sip:5000@10.0.1.1:5060');
    await stand.settle();
    const server = taken();
    server.answer(server.next('INVITE'), 200);
    await stand.settle();
    expect(last(sent)?.recordRoutes[0]?.uri.hostPort).toBe('10.0.1.1');
  });

  it('is spread evenly over the servers of the data centre (PRX-01, PRX-07)', async () => {
    const s3 = await stand.server('s3');
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    for (let i = 0; i < 10; i += 1) invite(carrier);
    await stand.settle();
    expect([s1, s2, s3].map(({ inbox }) => inbox.length)).toEqual([5, 5, 0]);
  });

  it('joins the other calls of its DN', async () => {
    const notice: AffinityNotice = { dn: '7001', node: 's2', active: true };
    stand.world.bus.attach(stand.world.node('s2')).publish(subjects.affinity('dc1'), notice);
    await stand.settle();
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    for (let i = 0; i < 4; i += 1) invite(carrier, [], `sip:7001@${ACCESS_POINT}`);
    const own = await phone();
    for (let i = 0; i < 4; i += 1) invite(own);
    await stand.settle();
    expect([s1.inbox.length, s2.inbox.length]).toEqual([0, 8]);
  });

  it('goes to the next server when one is busy, or silent', async () => {
    s1.handler = (received) => {
      s1.answer(received, received.request.method === 'OPTIONS' ? 200 : 503);
      return true;
    };
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    for (let i = 0; i < 2; i += 1) invite(carrier);
    await stand.settle();
    expect(s2.inbox).toHaveLength(2);
    stand.world.pause('s1');
    for (let i = 0; i < 2; i += 1) invite(carrier);
    await stand.world.advance(2_200);
    expect(s2.inbox).toHaveLength(4);
  });

  it('gets 503 with the Retry-After of a server at once when each of them is busy, and none is doubted for that', async () => {
    const s3 = await stand.server('s3');
    const tried: string[] = [];
    const each = { s1, s2, s3 };
    for (const [name, server] of Object.entries(each)) {
      server.handler = (received) => {
        if (received.request.method === 'OPTIONS') return (server.answer(received, 200), true);
        tried.push(name);
        server.answer(received, 503, [['Retry-After', '7']]);
        return true;
      };
    }
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    const sent = invite(carrier);
    await stand.settle();
    expect(tried.sort()).toEqual(['s1', 's2', 's3']);
    expect(statuses(sent)).toEqual([503]);
    expect(last(sent)?.header('Retry-After')).toBe('7');
    for (const name of Object.keys(each)) expect(p1.core.pool.byName(name)).toMatchObject({ takesNew: true, check: { doubted: false } });
    await stand.world.advance(6_000);
    for (const name of Object.keys(each)) expect(p1.core.pool.byName(name)).toMatchObject({ takesNew: true, check: { state: 'in-service' } });
  });

  it('crosses to the other data centre when no server of this one lives (PRX-08)', async () => {
    const s3 = await stand.server('s3');
    for (const name of ['s1', 's2']) stand.world.crash(name);
    await stand.world.advance(12_000);
    invite(await phone());
    await stand.settle();
    expect(s3.inbox).toHaveLength(1);
  });

  it('reaches no server later than 10 s after it fell silent (PRX-10)', async () => {
    stand.world.pause('s1');
    await stand.world.advance(10_100);
    const before = p1.core.pool.byName('s1')?.picked;
    const own = await phone();
    for (let i = 0; i < 4; i += 1) invite(own);
    await stand.settle();
    expect(p1.core.pool.byName('s1')?.picked).toBe(before);
    stand.world.resume('s1');
    await stand.world.advance(6_000);
    expect(p1.core.pool.byName('s1')?.check.state).toBe('in-service');
  });

  it('gets 503 with Retry-After when no server lives', async () => {
    for (const name of ['s1', 's2']) stand.world.crash(name);
    await stand.world.advance(12_000);
    const sent = invite(await phone());
    await stand.settle();
    expect(last(sent)).toMatchObject({ status: 503 });
    expect(last(sent)?.header('Retry-After')).toBe('5');
  });

  it('is cancelled by its caller', async () => {
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    const sent = invite(carrier);
    await stand.settle();
    const server = taken();
    const asked = server.next('INVITE');
    server.answer(asked, 180);
    await stand.settle();
    let cancelled = false;
    server.layer.onCancel = (_cancel, transaction) => {
      cancelled = transaction === asked.transaction;
      server.answer(asked, 487);
    };
    sent.client.cancel();
    await stand.settle();
    expect(cancelled).toBe(true);
    expect(statuses(sent)).toEqual([180, 487]);
  });

  it('is known as the call of a registered phone only over the flow of the registration', async () => {
    const own = await phone();
    register(own);
    await stand.settle();
    invite(own);
    const stranger = await stand.endpoint('stranger', { host: '203.0.113.5', port: 5060 });
    stranger.send('INVITE', `sip:5000@${ACCESS_POINT}`, P1, [['X-Cordboard-Flow', 'registered;dn=7001']], '7001');
    await stand.settle();
    const flows = [...s1.inbox, ...s2.inbox].map(({ request }) => request.header('X-Cordboard-Flow'));
    expect(flows.sort()).toEqual(['registered;dn=7001', undefined]);
  });

  it.each([
    ['no user part', 484, `sip:${ACCESS_POINT}`, []],
    ['no hops left', 483, `sip:5000@${ACCESS_POINT}`, [['Max-Forwards', '0']]],
    ['an extension that nobody knows', 420, `sip:5000@${ACCESS_POINT}`, [['Proxy-Require', 'magic']]],
    ['another scheme', 416, 'tel:+81312345678', []],
    ['a dialog that nobody has', 481, `sip:5000@${ACCESS_POINT}`, [['To', `<sip:5000@${ACCESS_POINT}>;tag=x`]]],
    ['a dialog of a server that does not exist', 481, `sip:n9@${ACCESS_POINT}`, [['To', `<sip:5000@${ACCESS_POINT}>;tag=x`]]],
  ] as const)('with %s gets %i', async (_what, status, uri, headers) => {
    const sent = invite(await phone(), headers, uri);
    await stand.settle();
    expect(statuses(sent)).toEqual([status]);
    if (status === 420) expect(last(sent)?.header('Unsupported')).toBe('magic');
  });

  it('of a known scanner hears nothing at all (PRX-31)', async () => {
    const scanner = await phone('100', '203.0.113.66');
    const sent = invite(scanner, [['User-Agent', 'Friendly-Scanner']]);
    await stand.world.advance(40_000);
    expect(sent).toMatchObject({ responses: [], failure: 'timeout' });
  });

  it('cannot use the sealed route of somebody else to reach him', async () => {
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    invite(carrier);
    await stand.settle();
    const route = taken().next('INVITE').request.headers('Record-Route')[0] as string;
    const stranger = await stand.endpoint('stranger', { host: '203.0.113.5', port: 5060 });
    stranger.send('INVITE', 'sip:victim@198.51.100.9:5090', P1, [['Route', route]]);
    await stand.settle();
    expect(carrier.inbox).toEqual([]);
    expect([...s1.inbox, ...s2.inbox]).toHaveLength(1);
  });

  it('does not pass while the proxy drains, but what is in dialogs does (PRX-24)', async () => {
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    const sent = invite(carrier);
    await stand.settle();
    const server = taken();
    const asked = server.next('INVITE');
    let idle = false;
    p1.core.drain(() => { idle = true; });
    const late = invite(carrier);
    const probe = carrier.send('OPTIONS', `sip:${ACCESS_POINT}`, P1);
    await stand.settle();
    expect(last(late)).toMatchObject({ status: 503 });
    expect(last(probe)).toMatchObject({ status: 503 });
    expect(idle).toBe(false);
    server.answer(asked, 200);
    await stand.settle();
    expect(idle).toBe(true);
    const bye = carrier.inDialog(carrier.dialogOf(sent), 'BYE', P1);
    await stand.settle();
    server.answer(server.next('BYE'), 200);
    await stand.settle();
    expect(statuses(bye)).toEqual([200]);
  });

  it('OPTIONS are answered by the proxy', async () => {
    const sent = (await phone()).send('OPTIONS', `sip:ping@${ACCESS_POINT}`, P1, [['Max-Forwards', '0']]);
    await stand.settle();
    expect(last(sent)).toMatchObject({ status: 200 });
    expect(last(sent)?.header('Allow')).toContain('INVITE');
  });
});

describe('a call from a session controller', () => {
  let s1: Endpoint;

  beforeEach(async () => {
    p1 = await stand.proxy('p1');
    s1 = await stand.server('s1');
  });

  const call = (uri: string, to = P1): Sent => s1.send('INVITE', uri, to, [['X-Cordboard-Call', 'secret']], '5000');

  it('rings the phone, which sees no server, and stays reachable both ways', async () => {
    const own = await phone();
    register(own);
    await stand.settle();
    const sent = call(`sip:7001@${ACCESS_POINT}`);
    await stand.settle();
    const asked = own.next('INVITE');
    expect(asked.request.uri).toBe('sip:7001@192.0.2.7:5060');
    // The address of the proxy itself is the phone's own observation.
    expect(asked.request.bytes.replace(';received=10.0.1.1', '')).not.toMatch(/10\.0\.|X-Cordboard/i);
    const dialog = own.answer(asked, 200);
    await stand.settle();
    expect(statuses(sent)).toEqual([200]);
    s1.ack(s1.dialogOf(sent), sent, P1);
    await stand.settle();
    expect(own.acks).toHaveLength(1);
    expect(routeTarget(dialog).host).toBe(ACCESS_POINT);
    const bye = own.inDialog(dialog, 'BYE', P1);
    await stand.settle();
    s1.answer(s1.next('BYE'), 200);
    await stand.settle();
    expect(statuses(bye)).toEqual([200]);
  });

  it('gets 480 for a DN without a phone and 404 for no DN', async () => {
    const absent = call(`sip:7002@${ACCESS_POINT}`);
    const unknown = call(`sip:9999@${ACCESS_POINT}`);
    await stand.settle();
    expect([statuses(absent), statuses(unknown)]).toEqual([[480], [404]]);
  });

  it('rings all phones of a DN; the first to answer wins, the others are cancelled', async () => {
    const a = await phone();
    const b = await phone('b', '192.0.2.8');
    register(a);
    register(b, P1, [], SHARED_AOR);
    await stand.settle();
    const sent = call(`sip:7001@${ACCESS_POINT}`);
    await stand.settle();
    const [atA, atB] = [a.next('INVITE'), b.next('INVITE')];
    a.answer(atA, 180);
    b.answer(atB, 180);
    await stand.settle();
    b.layer.onCancel = () => void b.answer(atB, 487);
    a.answer(atA, 200);
    await stand.settle();
    expect(statuses(sent)).toEqual([180, 180, 200]);
    expect(atB.transaction.state).not.toBe('Proceeding');
  });

  it('gets one best answer when all phones refuse', async () => {
    const a = await phone();
    const b = await phone('b', '192.0.2.8');
    register(a);
    register(b, P1, [], SHARED_AOR);
    await stand.settle();
    const sent = call(`sip:7001@${ACCESS_POINT}`);
    await stand.settle();
    a.answer(a.next('INVITE'), 503);
    b.answer(b.next('INVITE'), 486);
    await stand.settle();
    expect(statuses(sent)).toEqual([486]);
  });

  it('reaches a phone over the connection that it registered by', async () => {
    const own = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060, transport: 'tcp', contact: '<sip:7001@10.9.9.9:5060;transport=tcp>' });
    register(own, TCP1);
    await stand.settle();
    const sent = call(`sip:7001@${ACCESS_POINT}`);
    await stand.settle();
    const asked = own.next('INVITE');
    expect(asked.flow.transport).toBe('tcp');
    expect(asked.request.headers('Record-Route')[0]).toContain(';transport=tcp;lr');
    own.answer(asked, 200);
    await stand.settle();
    const bye = s1.inDialog(s1.dialogOf(sent), 'BYE', P1);
    await stand.settle();
    expect(own.next('BYE').flow.transport).toBe('tcp');
    expect(statuses(bye)).toEqual([]);
  });

  it('reaches a phone behind a NAT only by the proxy that holds its connection, and stays in its dialog (PRX-03)', async () => {
    await stand.proxy('p2');
    const own = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060, transport: 'tcp', contact: '<sip:7001@10.9.9.9:5060;transport=tcp>' });
    register(own, TCP2);
    await stand.settle();
    const sent = call(`sip:7001@${ACCESS_POINT}`, P1);
    await stand.settle();
    const asked = own.next('INVITE');
    expect(asked.request.headers('Route')).toEqual([]);
    expect(asked.request.headers('Record-Route')).toHaveLength(1);
    const dialog = own.answer(asked, 200);
    await stand.settle();
    s1.ack(s1.dialogOf(sent), sent, P1);
    const info = s1.inDialog(s1.dialogOf(sent), 'INFO', P1);
    await stand.settle();
    expect(own.acks).toHaveLength(1);
    own.answer(own.next('INFO'), 200);
    const bye = own.inDialog(dialog, 'BYE', TCP2);
    await stand.settle();
    s1.answer(s1.next('BYE'), 200);
    await stand.settle();
    expect([statuses(info), statuses(bye)]).toEqual([[200], [200]]);
  });

  it('forgets a phone behind a NAT when its connection is lost, and rings the next one', async () => {
    const a = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060, transport: 'tcp', contact: '<sip:7001@10.9.9.9:5060;transport=tcp>' });
    const b = await phone('b', '192.0.2.8');
    const told = await stand.commandsTo('7001');
    register(a, TCP1);
    register(b, P1, [], SHARED_AOR);
    await stand.settle();
    expect(p1.location.list('7001')).toHaveLength(2);
    expect(told).toEqual([]);
    stand.world.crash('7001');
    await stand.settle();
    expect(p1.location.list('7001').map(({ contact }) => contact)).toEqual(['sip:b@192.0.2.8:5060']);
    expect(told).toEqual([{ kind: 'refresh', untilMs: p1.location.list('7001')[0]!.expiresAtMs }]);
    call(`sip:7001@${ACCESS_POINT}`);
    await stand.settle();
    expect(b.inbox).toHaveLength(1);
  });

  it('drops a binding whose phone refuses the connection, and says 480', async () => {
    const own = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060, transport: 'tcp' });
    const told = await stand.commandsTo('7001');
    register(own, TCP1);
    await stand.settle();
    stand.world.crash('7001');
    await stand.settle();
    expect(p1.location.list('7001')).toHaveLength(1);
    expect(told).toEqual([]);
    const sent = call(`sip:7001@${ACCESS_POINT}`);
    await stand.settle();
    expect(statuses(sent)).toEqual([480]);
    expect(p1.location.list('7001')).toEqual([]);
    expect(told).toEqual([{ kind: 'refresh', untilMs: expect.any(Number) }]);
  });

  it('tells the owner of the DN when an operator takes a binding out', async () => {
    register(await phone('7001', '192.0.2.7'), P1);
    await stand.settle();
    const told = await stand.commandsTo('7001');
    expect(p1.core.registrar.remove('7001')).toBe(1);
    await stand.settle();
    expect(told).toEqual([{ kind: 'refresh', untilMs: expect.any(Number) }]);
  });

  it('goes by the Path that the phone registered with', async () => {
    stand.names.addresses.set('sbc.example.net', ['198.51.100.20']);
    const sbc = await stand.endpoint('sbc', { host: '198.51.100.20', port: 5060 });
    const own = await phone('7001', '192.0.2.7');
    register(own, P1, [['Path', '<sip:sbc.example.net;lr>'], ['Supported', 'path']]);
    await stand.settle();
    call(`sip:7001@${ACCESS_POINT}`);
    await stand.settle();
    const { request } = sbc.next('INVITE');
    expect(request.headers('Route')).toEqual(['<sip:sbc.example.net;lr>']);
    expect(request.uri).toBe('sip:7001@192.0.2.7:5060');
  });

  it('reaches a trunk by name, the next address when the first is silent (DNS-05)', async () => {
    stand.names.addresses.set('carrier.example.net', ['198.51.100.8', '198.51.100.9']);
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5060 });
    const sent = call('sip:0312345678@carrier.example.net:5060');
    await stand.world.advance(4_500);
    carrier.answer(carrier.next('INVITE'), 486);
    await stand.settle();
    expect(statuses(sent)).toEqual([486]);
  });

  it('gets 503 for a trunk whose name leads nowhere', async () => {
    const sent = call('sip:0312345678@nowhere.example.net:5060');
    await stand.settle();
    expect(statuses(sent)).toEqual([503]);
  });

  it('may probe a trunk with OPTIONS, without staying in between', async () => {
    const carrier = await stand.endpoint('carrier', { host: '198.51.100.9', port: 5090 });
    const sent = s1.send('OPTIONS', 'sip:198.51.100.9:5090', P1);
    await stand.settle();
    const asked = carrier.next('OPTIONS');
    expect(asked.request.headers('Record-Route')).toEqual([]);
    carrier.answer(asked, 200);
    await stand.settle();
    expect(statuses(sent)).toEqual([200]);
  });

  it('passes while the proxy drains: it belongs to a call', async () => {
    const own = await phone();
    register(own);
    await stand.settle();
    p1.core.drain(() => {});
    call(`sip:7001@${ACCESS_POINT}`);
    await stand.settle();
    expect(own.inbox).toHaveLength(1);
  });

  it('may not REGISTER', async () => {
    const sent = s1.send('REGISTER', REGISTRAR, P1);
    await stand.settle();
    expect(statuses(sent)).toEqual([403]);
  });
});
