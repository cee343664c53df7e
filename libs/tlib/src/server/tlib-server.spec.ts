import { connect } from 'node:net';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { TlibClient } from '../client/tlib-client.js';
import type { TEvent } from '../message.js';
import type { TlibSession } from './session.js';
import { TlibServer, type TlibServerEvents, type TlibServerOptions } from './tlib-server.js';

const OPTIONS: TlibServerOptions = {
  identity: { role: 'TController', applicationName: 'SIPS_dc1_1', switchName: 'Test', geoLocation: 'dc1', node: 'SIPS_dc1_1', version: '1' },
  clientRoles: ['Standard', 'Smart'], password: '', knownApplications: [], backlog: { ms: 60_000, bytes: 1_000_000 }, maxClients: 10,
};

const servers: TlibServer[] = [];
const clients: TlibClient[] = [];

async function serve(options: Partial<TlibServerOptions> = {}, events: Partial<TlibServerEvents> = {}) {
  const meter = new CountingMeter();
  const ports = { clock: new SystemClock(), entropy: new SystemEntropy(), log: silentLog, meter };
  const server = new TlibServer(ports, { ...OPTIONS, ...options }, {
    onRequest: (session, request) => session.send({ msg: 'EventRegistered', ThisDN: request['ThisDN'] }, request['ReferenceID'] as number),
    ...events,
  });
  servers.push(server);
  return { server, meter, port: await server.listen('127.0.0.1', 0) };
}

function client(port: number, more: object = {}): TlibClient {
  const made = new TlibClient({ addresses: [{ host: '127.0.0.1', port }], applicationName: 'test', reconnectDelayMs: 5, ...more });
  clients.push(made);
  return made;
}

afterEach(async () => {
  for (const each of clients.splice(0)) each.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Lines that a bare connection gets for what it sends, until the server closes. */
function raw(port: number, text: string): Promise<TEvent[]> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => { received += chunk.toString(); });
    socket.on('close', () => resolve(received.trimEnd().split('\n').filter(Boolean).map((line) => JSON.parse(line) as TEvent)));
    socket.on('end', () => socket.end());
  });
}

describe('opening', () => {
  it('answers EventLinkConnected, then requests in order', async () => {
    const { port } = await serve();
    const desk = client(port);
    expect(await desk.connect()).toMatchObject({ msg: 'EventLinkConnected', ServerRole: 'TController', EventSequenceNumber: 1, ReferenceID: 1 });
    const answers = await Promise.all(['1', '2', '3'].map((dn) => desk.registerAddress(dn)));
    expect(answers.map((event) => [event['ThisDN'], event['EventSequenceNumber']])).toEqual([['1', 2], ['2', 3], ['3', 4]]);
  });

  it('a client that keeps trying is let in when the server comes, and refused at once by a wrong password', async () => {
    const { server, port } = await serve();
    await server.close();
    await expect(client(port).connect()).rejects.toThrow('ECONNREFUSED');
    const opened = client(port, { keepTrying: true }).connect();
    const late = new TlibServer(
      { clock: new SystemClock(), entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() }, { ...OPTIONS, password: 'p' }, { onRequest: () => {} },
    );
    servers.push(late);
    await late.listen('127.0.0.1', port);
    await expect(opened).rejects.toThrow('assword');
    expect(await client(port, { keepTrying: true, password: 'p' }).connect()).toMatchObject({ msg: 'EventLinkConnected' });
  });

  it('closes after three requests before it', async () => {
    const { port } = await serve();
    const line = '{"msg":"RequestQueryServer","ReferenceID":5}\n';
    const events = await raw(port, line.repeat(4));
    expect(events.map((event) => event['ErrorCode'])).toEqual([506, 506, 506]);
    expect(events[0]).toMatchObject({ msg: 'EventError', ReferenceID: 5 });
  });

  it.each([
    [{ password: 'x' }, 119], [{ knownApplications: ['other'] }, 59], [{ clientRoles: ['InteractionProxy'] as const }, 51], [{ maxClients: 0 }, 40],
  ])('%j keeps strangers out', async (options, code) => {
    const { port } = await serve(options);
    const events = await raw(port, '{"msg":"RequestRegisterClient","ApplicationName":"test","ProtocolVersion":1}\n');
    expect(events.map((event) => event['ErrorCode'])).toEqual([code]);
  });

  it('bytes that are no JSON get an error and the connection is closed', async () => {
    const { port } = await serve();
    expect((await raw(port, 'INVITE sip:a SIP/2.0\n{}\n')).map((event) => event['ErrorCode'])).toEqual([58]);
  });

  it('a request that the port does not accept is refused by name, and the connection stays', async () => {
    const { port, meter } = await serve();
    const desk = client(port);
    await desk.connect();
    await expect(desk.request('RequestReserveAgent', { ThisDN: '7001' })).rejects.toMatchObject({ code: 51 });
    await expect(desk.request('RequestAgentLogin', { ThisDN: '7001' })).rejects.toThrow('needs the attribute AgentID');
    expect(await desk.registerAddress('7001')).toMatchObject({ msg: 'EventRegistered' });
    expect(meter.count('tlib_requests_refused_total', { port: 'TController' })).toBe(2);
  });
});

it('says who it is: ServerRole names the port, Extensions the part in a pair and the load', async () => {
  const { port } = await serve({}, { info: () => ({ role: 'primary', calls: 3 }) });
  const desk = client(port);
  const { ServerRole, ApplicationName, Switch } = await desk.connect();
  const info = await desk.request('RequestQueryServer');
  expect(info).toMatchObject({ msg: 'EventServerInfo', ServerRole, ApplicationName, Switch, ServerStartTime: expect.anything() });
  expect(info['Extensions']).toEqual([['role', 'primary'], ['calls', 3]]);
});

describe('resuming', () => {
  it('gives exactly what was missed', async () => {
    const seen: number[] = [];
    let session: TlibSession | undefined;
    let lost: () => void = () => {};
    const wasLost = new Promise<void>((resolve) => { lost = resolve; });
    const { port } = await serve({}, { onOpened: (opened) => { session = opened; }, onLost: () => { session!.send({ msg: 'EventRinging' }); lost(); } });
    const desk = client(port);
    desk.on('*', (event) => { if (event.msg === 'EventRinging') seen.push(event['EventSequenceNumber'] as number); });
    await desk.connect();
    const first = desk.next('EventRinging');
    session!.send({ msg: 'EventRinging' });
    await first;
    const back = desk.next('EventServerConnected');
    desk.cut();
    await wasLost;
    expect((await back)['Resumed']).toBe(true);
    const last = desk.next('EventRinging', (event) => event['EventSequenceNumber'] === 4);
    session!.send({ msg: 'EventRinging' });
    await last;
    expect(seen).toEqual([2, 3, 4]);
  });

  it('tells the truth when the backlog does not reach so far', async () => {
    let session: TlibSession | undefined;
    const closed: string[] = [];
    const { port } = await serve({ backlog: { ms: 60_000, bytes: 500 } }, {
      onOpened: (opened) => { session = opened; },
      onLost: (gone) => { for (let i = 0; i < 50; i += 1) gone.send({ msg: 'EventRinging', ThisDN: 'x'.repeat(100) }); },
      onClosed: (gone) => closed.push(gone.id),
    });
    const desk = client(port);
    await desk.connect();
    const former = session!.id;
    const lost = desk.next('EventBacklogLost');
    desk.cut();
    expect(await lost).toMatchObject({ FromSequence: 2, EventSequenceNumber: 2 });
    expect(closed).toEqual([former]);
    expect(await desk.registerAddress('7001')).toMatchObject({ EventSequenceNumber: 3 });
  });
});

it('a filter keeps events out, and never an answer', async () => {
  let session: TlibSession | undefined;
  const { port } = await serve({}, { onOpened: (opened) => { session = opened; } });
  const desk = client(port);
  await desk.connect();
  await desk.request('RequestSetInputMask', { Filter: ['EventReleased'] });
  const names: string[] = [];
  desk.on('*', (event) => names.push(event.msg));
  session!.send({ msg: 'EventRinging' });
  session!.send({ msg: 'EventReleased' });
  await desk.registerAddress('7001');
  expect(names).toEqual(['EventReleased', 'EventRegistered']);
});

it('a client that does not read is cut, and the others see everything', async () => {
  const { server, port, meter } = await serve({ backlog: { ms: 60_000, bytes: 200_000 } });
  const deaf = connect(port, '127.0.0.1');
  const opened = new Promise<void>((resolve) => deaf.once('data', () => { deaf.pause(); resolve(); }));
  deaf.write('{"msg":"RequestRegisterClient","ApplicationName":"deaf","ProtocolVersion":1}\n');
  await opened;
  const desk = client(port);
  await desk.connect();
  let got = 0;
  desk.on('EventAttachedDataChanged', () => { got += 1; });
  let sent = 0;
  while (meter.count('tlib_slow_clients_total', { port: 'TController' }) === 0 && sent < 2_000) {
    sent += 1;
    server.fanOut({ msg: 'EventAttachedDataChanged', ThisDN: 'x'.repeat(20_000), n: sent }, [...server.sessions]);
    await desk.next('EventAttachedDataChanged', (event) => event['n'] === sent);
  }
  expect(meter.count('tlib_slow_clients_total', { port: 'TController' })).toBe(1);
  expect(got).toBe(sent);
  deaf.destroy();
});

it('the requests of a client that does not read wait until it does, and nobody waits with them', async () => {
  const REQUESTS = 300;
  let served = 0;
  const { port } = await serve({ backlog: { ms: 60_000, bytes: 500_000_000 } }, {
    onRequest: (session, request) => {
      const big = request['ThisDN'] === 'big';
      if (big) served += 1;
      session.send({ msg: 'EventAddressInfo', ThisDN: 'x'.repeat(big ? 100_000 : 1) }, request['ReferenceID'] as number);
    },
  });
  const deaf = connect(port, '127.0.0.1');
  const opened = new Promise<void>((resolve) => deaf.once('data', () => { deaf.pause(); resolve(); }));
  deaf.write('{"msg":"RequestRegisterClient","ApplicationName":"deaf","ProtocolVersion":1}\n');
  await opened;
  deaf.write('{"msg":"RequestQueryAddress","ThisDN":"big","AddressInfoType":"DNStatus"}\n'.repeat(REQUESTS));
  const desk = client(port);
  await desk.connect();
  for (let before = -1; before !== served;) {
    before = served;
    await desk.registerAddress('7001');
  }
  expect(served).toBeLessThan(REQUESTS);
  let lines = 0;
  const all = new Promise<void>((resolve) => deaf.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) lines += 1;
    if (lines === REQUESTS) resolve();
  }));
  deaf.resume();
  await all;
  deaf.destroy();
});

it('closes although a client does not read', async () => {
  const { server, port } = await serve({}, {
    onRequest: (session) => session.send({ msg: 'EventAddressInfo', ThisDN: 'x'.repeat(12_000_000) }),
  });
  const deaf = connect(port, '127.0.0.1').on('error', () => {});
  const opened = new Promise<void>((resolve) => deaf.once('data', () => { deaf.pause(); resolve(); }));
  deaf.write('{"msg":"RequestRegisterClient","ApplicationName":"deaf","ProtocolVersion":1}\n');
  await opened;
  deaf.write('{"msg":"RequestQueryAddress","ThisDN":"big","AddressInfoType":"DNStatus"}\n');
  while (![...server.sessions].some((session) => session.lastSequenceNumber > 1)) await new Promise(setImmediate);
  await server.close();
  deaf.destroy();
});
