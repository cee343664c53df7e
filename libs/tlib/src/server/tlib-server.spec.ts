import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { VirtualClock } from '#simulation';
import { TlibClient } from '../client/tlib-client.js';
import type { TEvent } from '../message.js';
import type { TlibSession } from './session.js';
import { TlibServer, type TlibServerEvents, type TlibServerOptions, type TlibServerPorts } from './tlib-server.js';

const OPTIONS: TlibServerOptions = {
  identity: { role: 'TController', applicationName: 'SIPS_dc1_1', switchName: 'Test', geoLocation: 'dc1', node: 'SIPS_dc1_1', version: '1' },
  clientRoles: ['Standard', 'Smart'], password: '', knownApplications: [], backlog: { ms: 60_000, bytes: 1_000_000 }, maxClients: 10,
};

const servers: TlibServer[] = [];
const clients: TlibClient[] = [];

async function serve(options: Partial<TlibServerOptions> = {}, events: Partial<TlibServerEvents> = {}, fence?: TlibServerPorts['fence']) {
  const meter = new CountingMeter();
  const ports = { clock: new SystemClock(), entropy: new SystemEntropy(), log: silentLog, meter, fence };
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

it('every event carries Time, refusals included, and keeps its own when it has one', async () => {
  let session: TlibSession | undefined;
  const { port } = await serve({}, { onOpened: (opened) => { session = opened; } });
  const [early] = await raw(port, '{"msg":"RequestQueryAddress"}\n'.repeat(4));
  const desk = client(port);
  const heard: TEvent[] = [];
  desk.on('*', (event) => { if (event['EventSequenceNumber'] !== undefined) heard.push(event); });
  await desk.connect();
  await desk.registerAddress('7001');
  await desk.request('RequestMakeCall', { ThisDN: '7001' }).catch(() => undefined);
  const own = desk.next('EventRinging');
  session!.send({ msg: 'EventRinging', Time: { sec: 5, usec: 6 } });
  expect(await own).toMatchObject({ Time: { sec: 5, usec: 6 } });
  for (const event of [early!, ...heard]) expect(event['Time']).toEqual({ sec: expect.any(Number), usec: expect.any(Number) });
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

describe('lines that cannot be read', () => {
  const OPEN = '{"msg":"RequestRegisterClient","ApplicationName":"test","ProtocolVersion":1}\n';

  /** Sends bytes after the opening; what comes until the server closes. */
  function bytes(port: number, ...chunks: Buffer[]): Promise<TEvent[]> {
    return new Promise((resolve) => {
      let received = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.concat([Buffer.from(OPEN), ...chunks])));
      socket.on('data', (chunk) => { received += chunk.toString(); });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(received.trimEnd().split('\n').filter(Boolean).map((line) => JSON.parse(line) as TEvent)));
    });
  }

  it.each([
    ['over 1 MiB with an end', [Buffer.alloc(1_048_577, 0x20), Buffer.from('\n')], 'a line may have 1 MiB'],
    ['over 1 MiB without an end', [Buffer.alloc(1_200_000, 0x78)], 'a line may have 1 MiB'],
    ['not UTF-8', [Buffer.from('{"msg":"RequestQueryServer","x":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}\n')], 'a line must be UTF-8'],
    ['not JSON', [Buffer.from('hello\n{"msg":"RequestQueryServer","ReferenceID":9}\n')], 'each line must be one JSON object'],
    ['not an object', [Buffer.from('[1]\n')], 'each line must be one JSON object'],
  ])('%s: error 58, and the connection is closed without reading on', async (_, chunks, text) => {
    const { port } = await serve();
    const events = await bytes(port, ...chunks);
    expect(events.map((event) => [event.msg, event['ErrorCode'], event['ErrorMessage']])).toEqual([
      ['EventLinkConnected', undefined, undefined], ['EventError', 58, text],
    ]);
  });

  it('of just 1 MiB, with \\r, and empty ones are read', async () => {
    const { port } = await serve({ clientRoles: ['Standard'] });
    const start = '{"msg":"RequestRegisterAddress","ReferenceID":2,"ThisDN":"7001","pad":"';
    const line = `${start}${'x'.repeat(1_048_576 - start.length - 3)}"}\r`;
    expect(Buffer.byteLength(line)).toBe(1_048_576);
    const events = await bytes(port, Buffer.from(`\n\r\n${line}\n{"msg":"RequestQueryServer","ReferenceID":3}\nx\n`));
    expect(events.map((event) => event.msg)).toEqual(['EventLinkConnected', 'EventRegistered', 'EventServerInfo', 'EventError']);
  });
});

describe('ADDP (TC-28)', () => {
  /** A server on a virtual clock, and a bare client of it. */
  async function quiet(attributes: object) {
    const clock = new VirtualClock();
    const lost: string[] = [];
    const server = new TlibServer({ clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() }, OPTIONS, {
      onRequest: () => undefined,
      onLost: (session) => lost.push(session.applicationName),
    });
    servers.push(server);
    const port = await server.listen('127.0.0.1', 0);
    const lines: string[] = [];
    let wake: () => void = () => undefined;
    let closed = false;
    const socket = connect(port, '127.0.0.1', () => socket.write(
      `${JSON.stringify({ msg: 'RequestRegisterClient', ApplicationName: 'quiet', ProtocolVersion: 1, ...attributes })}\n`,
    ));
    createInterface({ input: socket }).on('line', (line) => {
      lines.push(line);
      wake();
    });
    socket.on('close', () => {
      closed = true;
      wake();
    });
    const until = async (fits: () => boolean): Promise<void> => {
      while (!fits()) await new Promise<void>((resolve) => { wake = resolve; });
    };
    await until(() => lines.length === 1);
    return { clock, socket, lines, lost, until, closed: () => closed };
  }

  it('answers a ping at any time', async () => {
    const { socket, lines, until } = await quiet({});
    socket.write('{"msg":"AddpPing","n":7}\n');
    await until(() => lines.length === 2);
    expect(lines[1]).toBe('{"msg":"AddpPong","n":7}');
    socket.destroy();
  });

  it('pings after half of AddpRemoteTimeout, and takes any line for a sign of life', async () => {
    const { clock, socket, lines, until, closed } = await quiet({ AddpTimeout: 7, AddpRemoteTimeout: 10 });
    clock.skip(5_000);
    await until(() => lines.length === 2);
    expect(JSON.parse(lines[1]!)).toEqual({ msg: 'AddpPing', n: 1 });
    for (let n = 2; n < 5; n += 1) {
      socket.write(`{"msg":"AddpPong","n":1}\n{"msg":"AddpPing","n":${n}}\n`);
      await until(() => lines.includes(`{"msg":"AddpPong","n":${n}}`));
      clock.skip(9_000);
    }
    expect(closed()).toBe(false);
    socket.destroy();
  });

  it('closes the connection of a client that was silent for its time; its session waits for a resume', async () => {
    const { clock, until, closed, lost } = await quiet({ AddpTimeout: 7 });
    clock.skip(8_001);
    await until(closed);
    expect(lost).toEqual(['quiet']);
  });

  it('leaves a silent client alone without it', async () => {
    const { clock, socket, lines, until, closed } = await quiet({});
    clock.skip(3_600_000);
    socket.write('{"msg":"AddpPing","n":1}\n');
    await until(() => lines.length === 2);
    expect(closed()).toBe(false);
    socket.destroy();
  });
});

it('a password is compared in full, and an unknown token opens a new session and says what is lost', async () => {
  const { port } = await serve({ password: 'secret' });
  await expect(client(port, { password: 'secre' }).connect()).rejects.toMatchObject({ code: 119 });
  const events = await raw(port, `${JSON.stringify({
    msg: 'RequestRegisterClient', ApplicationName: 'test', ProtocolVersion: 1, Password: 'secret', SessionToken: 'nobody knows', LastSequence: 41,
  })}\nx\n`);
  expect(events.slice(0, 2)).toMatchObject([{ msg: 'EventLinkConnected', Resumed: false }, { msg: 'EventBacklogLost', FromSequence: 42 }]);
});

it('one client that resumes with the session of another application is not let into it', async () => {
  const { port } = await serve();
  const desk = client(port);
  const { SessionToken } = await desk.connect();
  const events = await raw(port, `${JSON.stringify({
    msg: 'RequestRegisterClient', ApplicationName: 'thief', ProtocolVersion: 1, SessionToken, LastSequence: 1,
  })}\nx\n`);
  expect(events[0]).toMatchObject({ msg: 'EventLinkConnected', Resumed: false });
  expect(await desk.registerAddress('7001')).toMatchObject({ msg: 'EventRegistered' });
});

it('a client that keeps its side open after it was sent away does not keep the connection', async () => {
  const clock = new VirtualClock();
  const server = new TlibServer({ clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() }, OPTIONS, { onRequest: () => undefined });
  servers.push(server);
  const port = await server.listen('127.0.0.1', 0);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write('no JSON\n'));
  socket.resume();
  await new Promise((resolve) => { socket.once('end', resolve); });
  expect(server.lingering).toBe(1);
  clock.skip(4_000);
  expect(server.lingering).toBe(0);
  const closed = new Promise((resolve) => { socket.once('close', resolve); });
  socket.on('error', () => undefined);
  while (!socket.destroyed) {
    socket.write('anybody there?\n');
    await new Promise(setImmediate);
  }
  await closed;
});

describe('behind a fence', () => {
  /** Closed in doubt until `end`. */
  const doubtful = () => {
    const gate = { open: true, doubtful: true };
    const waiting: ((passed: boolean) => void)[] = [];
    let onHeld: () => void = () => {};
    return {
      gate,
      fence: {
        isOpen: () => gate.open,
        hold: (_way: 'in' | 'out', work: (passed: boolean) => void) => {
          if (gate.doubtful) waiting.push(work);
          onHeld();
          return gate.doubtful;
        },
      },
      held: () => new Promise<void>((resolve) => { onHeld = resolve; }),
      end: (passed: boolean) => {
        gate.open = passed;
        for (const work of waiting.splice(0)) work(passed);
      },
    };
  };

  it('a client is neither read nor written in doubt, keeps its connection and loses nothing', async () => {
    let session: TlibSession | undefined;
    const lost: string[] = [];
    const { gate, fence, held, end } = doubtful();
    const { port } = await serve({}, { onOpened: (opened) => { session = opened; }, onLost: (gone) => lost.push(gone.id) }, fence);
    const desk = client(port);
    const heard: string[] = [];
    desk.on('*', (event) => { if (event['EventSequenceNumber'] !== undefined) heard.push(event.msg); });
    await desk.connect();
    gate.open = false;
    const written = held();
    session!.send({ msg: 'EventRinging' });
    await written;
    const read = held();
    const registered = desk.registerAddress('7001');
    await read;
    session!.send({ msg: 'EventEstablished' });
    expect(heard).toEqual(['EventLinkConnected']);
    end(true);
    expect(await registered).toMatchObject({ msg: 'EventRegistered', EventSequenceNumber: 4 });
    expect([heard, lost]).toEqual([['EventLinkConnected', 'EventRinging', 'EventEstablished', 'EventRegistered'], []]);
  });

  it.each([
    ['is cut off when no proof came', true], ['is cut off at once when none can come', false],
  ])('a client %s', async (_name, isDoubtful) => {
    let session: TlibSession | undefined;
    let lost: () => void = () => {};
    const wasLost = new Promise<void>((resolve) => { lost = resolve; });
    const { gate, fence, held, end } = doubtful();
    const { port } = await serve({}, { onOpened: (opened) => { session = opened; }, onLost: () => lost() }, fence);
    const desk = client(port);
    await desk.connect();
    Object.assign(gate, { open: false, doubtful: isDoubtful });
    const asked = held();
    session!.send({ msg: 'EventRinging' });
    await asked;
    if (isDoubtful) end(false);
    await wasLost;
  });

  it('one that is sent away in doubt hears its last lines first', async () => {
    let open: (session: TlibSession) => void = () => {};
    const opened = new Promise<TlibSession>((resolve) => { open = resolve; });
    const { gate, fence, held, end } = doubtful();
    const { server, port } = await serve({}, { onOpened: (session) => open(session) }, fence);
    const events = raw(port, '{"msg":"RequestRegisterClient","ApplicationName":"test","ProtocolVersion":1}\n');
    const session = await opened;
    gate.open = false;
    const asked = held();
    session.send({ msg: 'EventRinging' });
    server.dismiss(session);
    await asked;
    end(true);
    expect((await events).map(({ msg }) => msg)).toEqual(['EventLinkConnected', 'EventRinging']);
  });
});
